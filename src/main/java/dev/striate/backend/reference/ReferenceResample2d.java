package dev.striate.backend.reference;

import dev.striate.backend.Buffer;
import dev.striate.backend.Resample2dGeometry;
import dev.striate.backend.Resample2dKernels;
import dev.striate.backend.SparseMatrix;

/** Resizing of images, and padding with their own pixels. */
final class ReferenceResample2d implements Resample2dKernels {

    @Override
    public void apply(Resample2dGeometry g, Buffer x, Buffer y) {
        ReferenceBuffer from = ReferenceBuffer.of(x);
        ReferenceBuffer to = ReferenceBuffer.of(y);
        SparseMatrix vertical = g.vertical();
        SparseMatrix horizontal = g.horizontal();
        for (int out = 0; out < g.planes() * g.outHeight() * g.outWidth(); out++) {
            int plane = out / (g.outHeight() * g.outWidth());
            int oy = out / g.outWidth() % g.outHeight();
            int ox = out % g.outWidth();
            double sum = 0;
            for (int i = vertical.start(oy); i < vertical.start(oy + 1); i++) {
                for (int j = horizontal.start(ox); j < horizontal.start(ox + 1); j++) {
                    int at = (plane * g.inHeight() + vertical.column(i)) * g.inWidth() + horizontal.column(j);
                    sum += (double) vertical.value(i) * horizontal.value(j) * from.get(at);
                }
            }
            to.set(out, sum);
        }
    }
}
