package dev.striate.backend.opencl;

import dev.striate.backend.AdaptiveAvgPool2dGeometry;
import dev.striate.backend.AdaptiveAvgPool2dKernels;
import dev.striate.backend.Buffer;

/** Launches {@code adaptive_avg_pool2d.cl}. */
final class OpenClAdaptiveAvgPool2d implements AdaptiveAvgPool2dKernels {

    private final OpenClRuntime runtime;

    OpenClAdaptiveAvgPool2d(OpenClRuntime runtime) {
        this.runtime = runtime;
    }

    @Override
    public void forward(AdaptiveAvgPool2dGeometry g, Buffer x, Buffer y) {
        run("forward", g, g.planes() * g.outHeight() * g.outWidth(), x, y);
    }

    @Override
    public void gradient(AdaptiveAvgPool2dGeometry g, Buffer dy, Buffer dx) {
        run("gradient", g, g.planes() * g.inHeight() * g.inWidth(), dy, dx);
    }

    private void run(String kernel, AdaptiveAvgPool2dGeometry g, int n, Buffer from, Buffer to) {
        runtime.kernel("adaptive_avg_pool2d", kernel)
                .ints(n)
                .struct(g)
                .buffers(from, to)
                .runItems(n);
    }
}
