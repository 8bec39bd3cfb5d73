package dev.striate.backend.opencl;

import dev.striate.backend.Buffer;
import org.jocl.CL;
import org.jocl.cl_program;
import org.junit.jupiter.api.Test;

/**
 * Kernels that are wrong on purpose, for {@code ./verify --deep} to see that a checker finds what is wrong with them.
 * They would damage the memory of any other device.
 */
class FaultyKernels {

    private static final int GROUP = 32;

    @Test
    void writesPastTheEnd() {
        run("__kernel void pastTheEnd(__global float *y) { y[get_global_id(0) + 1] = 1.0f; }", "pastTheEnd");
    }

    @Test
    void lacksABarrier() {
        run(
                "__kernel void noBarrier(__global float *y) {"
                        + " __local float tile[" + GROUP + "];"
                        + " const int lane = get_local_id(0);"
                        + " tile[lane] = lane;"
                        + " y[get_global_id(0)] = tile[" + GROUP + " - 1 - lane];"
                        + " }",
                "noBarrier");
    }

    private static void run(String source, String name) {
        OpenClRuntime runtime = OpenClDevice.runtime(new OpenClProgramCache(null));
        OpenClBackend backend = new OpenClBackend(runtime);
        cl_program program = runtime.programs().build(name, source, "-cl-std=CL1.2");
        Buffer y = backend.allocate(GROUP);
        new OpenClLaunch(runtime, new OpenClPrograms.Kernel(CL.clCreateKernel(program, name, null), name))
                .buffers(y)
                .runTeams(1, GROUP);
        backend.synchronize();
    }
}
