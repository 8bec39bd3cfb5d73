package dev.striate.backend.reference;

import dev.striate.backend.Buffer;
import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.Im2ColKernels;

/** The image as a matrix of windows, and back. */
final class ReferenceIm2Col implements Im2ColKernels {

    @FunctionalInterface
    private interface Pair {
        /** The places of a pixel and of one of its copies. */
        void at(int x, int column);
    }

    private static void forEachPair(Conv2dGeometry g, Pair pair) {
        for (int plane = 0; plane < g.batch() * g.inChannels(); plane++) {
            int inPlane = plane * g.inHeight();
            int kernelPlane = plane * g.kernelHeight();
            ReferenceConv2d.forEachTap(g, (iy, ix, ky, kx, oy, ox) -> {
                int row = (kernelPlane + ky) * g.kernelWidth() + kx;
                pair.at((inPlane + iy) * g.inWidth() + ix, (row * g.outHeight() + oy) * g.outWidth() + ox);
            });
        }
    }

    @Override
    public void im2col(Conv2dGeometry g, Buffer x, Buffer columns) {
        ReferenceBuffer from = ReferenceBuffer.of(x);
        ReferenceBuffer to = ReferenceBuffer.of(columns);
        to.fill(0);
        forEachPair(g, (xi, ci) -> to.set(ci, from.get(xi)));
    }

    @Override
    public void col2im(Conv2dGeometry g, Buffer columns, Buffer x) {
        ReferenceBuffer from = ReferenceBuffer.of(columns);
        ReferenceBuffer to = ReferenceBuffer.of(x);
        to.fill(0);
        forEachPair(g, (xi, ci) -> to.add(xi, from.get(ci)));
    }
}
