package dev.striate.backend.opencl;

import dev.striate.backend.Buffer;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.MaxPool2dKernels;
import dev.striate.backend.Pool2dGeometry;

/** Launches {@code max_pool2d.cl}. */
final class OpenClMaxPool2d implements MaxPool2dKernels {

    private final OpenClRuntime runtime;

    OpenClMaxPool2d(OpenClRuntime runtime) {
        this.runtime = runtime;
    }

    /** A geometry as the kernels read it. */
    static int[] fields(Pool2dGeometry g) {
        return new int[] {
            g.planes(), g.inHeight(), g.inWidth(), g.outHeight(), g.outWidth(), g.kernelHeight(), g.kernelWidth(),
            g.strideH(), g.strideW(), g.padTop(), g.padBottom(), g.padLeft(), g.padRight(), g.dilationH(), g.dilationW()
        };
    }

    @Override
    public void forward(Pool2dGeometry g, Buffer x, Buffer y, IndexBuffer indices) {
        forward(g, "PLAIN", x, y, indices);
    }

    @Override
    public void forwardRelu(Pool2dGeometry g, Buffer x, Buffer y, IndexBuffer indices) {
        forward(g, "RELU", x, y, indices);
    }

    private void forward(Pool2dGeometry g, String finish, Buffer x, Buffer y, IndexBuffer indices) {
        int n = g.planes() * g.outHeight() * g.outWidth();
        runtime.kernel("max_pool2d", "forward", finish).ints(n).struct(fields(g)).buffers(x, y).indices(indices).runItems(n);
    }

    @Override
    public void gradient(Pool2dGeometry g, Buffer dy, IndexBuffer indices, Buffer dx) {
        int n = g.planes() * g.inHeight() * g.inWidth();
        runtime.kernel("max_pool2d", "gradient", "PLAIN")
                .ints(n)
                .struct(fields(g))
                .buffers(dy)
                .indices(indices)
                .buffers(dx)
                .runItems(n);
    }
}
