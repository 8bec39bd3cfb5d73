package dev.striate.backend.opencl;

import dev.striate.backend.Backend;
import dev.striate.backend.BackendProvider;
import dev.striate.backend.Tuning;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;

/** The OpenCL devices: GPUs first, then accelerators, then CPU devices. */
public final class OpenClProvider implements BackendProvider {

    private static final Logger LOGGER = System.getLogger(OpenClProvider.class.getName());

    private static final Probe WITHOUT_JOCL = new Probe(
            List.of(),
            "JOCL is not on the class path. To use OpenCL, add the dependency org.jocl:jocl:2.0.6",
            List.of());

    @Override
    public String kind() {
        return "gpu";
    }

    /** {@inheritDoc} Without JOCL there is no OpenCL: the dependency may be excluded. */
    @Override
    public Probe probe() {
        try {
            Class.forName("org.jocl.CL", false, OpenClProvider.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            return WITHOUT_JOCL;
        }
        return OpenClDevices.probe();
    }

    /** {@inheritDoc} The number of threads is the driver's affair: {@code threads} is not used. */
    @Override
    public Backend open(int ordinal, int threads) {
        OpenClBackend backend = OpenClBackend.open(ordinal);
        if (!backend.info().type().equals("GPU")) {
            LOGGER.log(
                    Level.WARNING,
                    "gpu:{0} is an OpenCL {1} device ({2}), not a GPU",
                    ordinal,
                    backend.info().type(),
                    backend.info().name());
        }
        return backend;
    }

    @Override
    public Tuning tuning(int ordinal) {
        OpenClDevices.Entry device = OpenClDevices.get(ordinal);
        KernelShape shape = device.shape();
        return new OpenClTuner(
                device,
                shape,
                OpenClTuningFile.ofUser(device, shape),
                OpenClTuningWork::of,
                OpenClRuntime::takeKernelSeconds);
    }
}
