package dev.striate.backend.opencl;

import dev.striate.backend.Buffer;
import dev.striate.backend.Resample2dGeometry;
import dev.striate.backend.Resample2dKernels;

/** Launches {@code resample2d.cl}. */
final class OpenClResample2d implements Resample2dKernels {

    private final OpenClRuntime runtime;

    OpenClResample2d(OpenClRuntime runtime) {
        this.runtime = runtime;
    }

    @Override
    public void apply(Resample2dGeometry g, Buffer x, Buffer y) {
        int n = g.planes() * g.outHeight() * g.outWidth();
        runtime.kernel("resample2d", "apply")
                .ints(n, g.inHeight(), g.inWidth(), g.outHeight(), g.outWidth())
                .matrix(g.vertical())
                .matrix(g.horizontal())
                .buffers(x, y)
                .runItems(n);
    }
}
