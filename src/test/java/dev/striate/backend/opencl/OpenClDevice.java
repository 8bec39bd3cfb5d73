package dev.striate.backend.opencl;

import static org.junit.jupiter.api.Assertions.fail;

import org.junit.jupiter.api.Assumptions;

/** The first OpenCL device for tests; without one they are skipped, or fail where one is required. */
final class OpenClDevice {

    private OpenClDevice() {}

    static OpenClDevices.Entry require() {
        String absence = OpenClDevices.probe().absence();
        if (absence != null && Boolean.getBoolean("striate.test.requireOpenCl")) {
            fail("striate.test.requireOpenCl is set, but there is " + absence);
        }
        Assumptions.assumeTrue(absence == null, absence);
        return OpenClDevices.get(0);
    }

    /** A runtime of its own, with the limits that a test needs. */
    static OpenClRuntime runtime(OpenClProgramCache cache, OpenClRuntime.Limits limits) {
        return new OpenClRuntime(require(), KernelShape.VECTOR, cache, limits);
    }

    static OpenClRuntime runtime(OpenClProgramCache cache) {
        return runtime(cache, OpenClRuntime.Limits.of(require()));
    }
}
