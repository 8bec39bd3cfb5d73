package dev.striate.backend.reference;

import dev.striate.backend.AdaptiveAvgPool2dGeometry;
import dev.striate.backend.AdaptiveAvgPool2dKernels;
import dev.striate.backend.Buffer;

/** Average pooling to a given output size. */
final class ReferenceAdaptiveAvgPool2d implements AdaptiveAvgPool2dKernels {

    @FunctionalInterface
    private interface Cell {
        /** The places of a pixel and of a window it is in, and the window's size. */
        void at(int x, int y, int windowSize);
    }

    private static void forEachCell(AdaptiveAvgPool2dGeometry g, Cell cell) {
        for (int out = 0; out < g.planes() * g.outHeight() * g.outWidth(); out++) {
            int plane = out / (g.outHeight() * g.outWidth());
            int oy = out / g.outWidth() % g.outHeight();
            int ox = out % g.outWidth();
            int top = start(oy, g.inHeight(), g.outHeight());
            int bottom = end(oy, g.inHeight(), g.outHeight());
            int left = start(ox, g.inWidth(), g.outWidth());
            int right = end(ox, g.inWidth(), g.outWidth());
            for (int iy = top; iy < bottom; iy++) {
                for (int ix = left; ix < right; ix++) {
                    cell.at((plane * g.inHeight() + iy) * g.inWidth() + ix, out, (bottom - top) * (right - left));
                }
            }
        }
    }

    private static int start(int out, int inSize, int outSize) {
        return (int) Math.floor((double) out * inSize / outSize);
    }

    private static int end(int out, int inSize, int outSize) {
        return (int) Math.ceil((out + 1.0) * inSize / outSize);
    }

    @Override
    public void forward(AdaptiveAvgPool2dGeometry g, Buffer x, Buffer y) {
        ReferenceBuffer from = ReferenceBuffer.of(x);
        ReferenceBuffer to = ReferenceBuffer.of(y);
        to.fill(0);
        forEachCell(g, (xi, yi, windowSize) -> to.add(yi, from.get(xi) / windowSize));
    }

    @Override
    public void gradient(AdaptiveAvgPool2dGeometry g, Buffer dy, Buffer dx) {
        ReferenceBuffer from = ReferenceBuffer.of(dy);
        ReferenceBuffer to = ReferenceBuffer.of(dx);
        to.fill(0);
        forEachCell(g, (xi, yi, windowSize) -> to.add(xi, from.get(yi) / windowSize));
    }
}
