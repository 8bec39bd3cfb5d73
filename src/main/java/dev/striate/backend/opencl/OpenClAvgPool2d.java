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
        run("forward", g, countIncludePad, g.planes() * g.outHeight() * g.outWidth(), x, y);
    }

    @Override
    public void gradient(Pool2dGeometry g, boolean countIncludePad, Buffer dy, Buffer dx) {
        run("gradient", g, countIncludePad, g.planes() * g.inHeight() * g.inWidth(), dy, dx);
    }

    private void run(String kernel, Pool2dGeometry g, boolean countIncludePad, int n, Buffer from, Buffer to) {
        runtime.kernel("avg_pool2d", kernel, countIncludePad ? "COUNT_PADDING" : "COUNT_IMAGE")
                .ints(n)
                .struct(OpenClMaxPool2d.fields(g))
                .buffers(from, to)
                .runItems(n);
    }
}
