package dev.striate.backend.opencl;

import dev.striate.backend.Backend;
import dev.striate.backend.BackendProvider;
import dev.striate.backend.Tuning;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** The OpenCL devices: GPUs first, then accelerators, then CPU devices. */
public final class OpenClProvider implements BackendProvider {

    private static final Logger LOGGER = System.getLogger(OpenClProvider.class.getName());

    @Override
    public String kind() {
        return "gpu";
    }

    @Override
    public Probe probe() {
        return OpenClDevices.probe();
    }

    /** {@inheritDoc} The number of threads is the driver's affair: {@code threads} is not used. */
    @Override
    public Backend open(int ordinal, int threads) {
        OpenClBackend backend = OpenClBackend.open(ordinal);
        if (!backend.info().type().equals("GPU")) {
            LOGGER.log(Level.WARNING, "gpu:{0} is not a GPU but the OpenCL {1} device {2}",
                    ordinal, backend.info().type(), backend.info().name());
        }
        return backend;
    }

    @Override
    public Tuning tuning(int ordinal) {
        OpenClDevices.Entry device = OpenClDevices.get(ordinal);
        KernelShape shape = device.shape();
        return new OpenClTuner(device, shape, OpenClTuningFile.ofUser(device, shape), OpenClTuningWork::of,
                OpenClRuntime::takeKernelSeconds);
    }
}
