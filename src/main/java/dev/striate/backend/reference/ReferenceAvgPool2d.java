package dev.striate.backend.reference;

import static dev.striate.backend.reference.ReferenceMaxPool2d.endTap;
import static dev.striate.backend.reference.ReferenceMaxPool2d.firstTap;

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
            int top = out / g.outWidth() % g.outHeight() * g.strideH() - g.padTop();
            int left = out % g.outWidth() * g.strideW() - g.padLeft();
            int firstY = firstTap(top, g.dilationH());
            int firstX = firstTap(left, g.dilationW());
            int endY = endTap(top, g.kernelHeight(), g.dilationH(), g.inHeight());
            int endX = endTap(left, g.kernelWidth(), g.dilationW(), g.inWidth());
            int divisor = (endY - firstY) * (endX - firstX);
            if (countIncludePad) {
                divisor = endTap(top, g.kernelHeight(), g.dilationH(), g.inHeight() + g.padBottom())
                        * endTap(left, g.kernelWidth(), g.dilationW(), g.inWidth() + g.padRight());
            }
            for (int ky = firstY; ky < endY; ky++) {
                for (int kx = firstX; kx < endX; kx++) {
                    int iy = top + ky * g.dilationH();
                    int ix = left + kx * g.dilationW();
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
