package dev.striate.backend.reference;

import dev.striate.backend.AvgPool2dKernels;
import dev.striate.backend.Buffer;
import dev.striate.backend.Pool2dGeometry;

/** Average pooling. */
final class ReferenceAvgPool2d implements AvgPool2dKernels {

    @FunctionalInterface
    private interface Cell {
        /** The places of a pixel and of a window it is in, and the window's divisor. */
        void at(int x, int y, int divisor);
    }

    private static void forEachCell(Pool2dGeometry g, boolean countIncludePad, Cell cell) {
        for (int out = 0; out < g.planes() * g.outHeight() * g.outWidth(); out++) {
            int plane = out / (g.outHeight() * g.outWidth());
            int firstY = out / g.outWidth() % g.outHeight() * g.strideH() - g.padTop();
            int firstX = out % g.outWidth() * g.strideW() - g.padLeft();
            int top = Math.max(firstY, 0);
            int bottom = Math.min(firstY + g.kernelHeight(), g.inHeight());
            int left = Math.max(firstX, 0);
            int right = Math.min(firstX + g.kernelWidth(), g.inWidth());
            int divisor = (bottom - top) * (right - left);
            if (countIncludePad) {
                int paddedBottom = Math.min(firstY + g.kernelHeight(), g.inHeight() + g.padBottom());
                int paddedRight = Math.min(firstX + g.kernelWidth(), g.inWidth() + g.padRight());
                divisor = (paddedBottom - firstY) * (paddedRight - firstX);
            }
            for (int iy = top; iy < bottom; iy++) {
                for (int ix = left; ix < right; ix++) {
                    cell.at((plane * g.inHeight() + iy) * g.inWidth() + ix, out, divisor);
                }
            }
        }
    }

    @Override
    public void forward(Pool2dGeometry g, boolean countIncludePad, Buffer x, Buffer y) {
        ReferenceBuffer from = ReferenceBuffer.of(x);
        ReferenceBuffer to = ReferenceBuffer.of(y);
        to.fill(0);
        forEachCell(g, countIncludePad, (xi, yi, divisor) -> to.add(yi, from.get(xi) / divisor));
    }

    @Override
    public void gradient(Pool2dGeometry g, boolean countIncludePad, Buffer dy, Buffer dx) {
        ReferenceBuffer from = ReferenceBuffer.of(dy);
        ReferenceBuffer to = ReferenceBuffer.of(dx);
        to.fill(0);
        forEachCell(g, countIncludePad, (xi, yi, divisor) -> to.add(xi, from.get(yi) / divisor));
    }
}
