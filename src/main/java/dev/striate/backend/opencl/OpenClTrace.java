package dev.striate.backend.opencl;

/** Is told what a backend asks of its driver: how many launches a step takes, and where the host waits. */
interface OpenClTrace {

    OpenClTrace NONE = new OpenClTrace() {
        @Override
        public void launched(String kernel) {}

        @Override
        public void waited(String what) {}
    };

    /** A kernel was queued. */
    void launched(String kernel);

    /** The host has to wait for the device. */
    void waited(String what);
}
