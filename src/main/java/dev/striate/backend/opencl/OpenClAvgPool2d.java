package dev.striate.backend.opencl;

import dev.striate.backend.AvgPool2dKernels;
import dev.striate.backend.Buffer;
import dev.striate.backend.Pool2dGeometry;

/** Launches {@code avg_pool2d.cl}. */
final class OpenClAvgPool2d implements AvgPool2dKernels {

    private final OpenClRuntime runtime;

    OpenClAvgPool2d(OpenClRuntime runtime) {
        this.runtime = runtime;
    }

    @Override
    public void forward(Pool2dGeometry g, boolean countIncludePad, Buffer x, Buffer y) {
        OpenClPool2d.forward(runtime, "avg_pool2d", g, launch -> launch.buffers(x, y), counting(countIncludePad));
    }

    @Override
    public void gradient(Pool2dGeometry g, boolean countIncludePad, Buffer dy, Buffer dx) {
        OpenClPool2d.gradient(runtime, "avg_pool2d", g, launch -> launch.buffers(dy, dx), counting(countIncludePad));
    }

    private static String counting(boolean countIncludePad) {
        return countIncludePad ? "COUNT_PADDING" : "COUNT_IMAGE";
    }
}
