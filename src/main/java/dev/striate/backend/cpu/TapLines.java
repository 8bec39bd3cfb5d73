package dev.striate.backend.cpu;

import dev.striate.backend.Conv2dGeometry;

/** Walks the pairs of output and input lines that the taps of a convolution connect, padding left out. */
final class TapLines {

    private TapLines() {}

    /** One tap over one line: outputs {@code firstX .. endX-1} of line oy read line iy from column ix on. */
    interface Line {
        void run(int tap, int oy, int iy, int firstX, int endX, int ix);
    }

    /** Visits every tap and every output line, cut to the outputs for which the tap lies within the image. */
    static void forEach(Conv2dGeometry g, Line body) {
        for (int ky = 0; ky < g.kernelHeight(); ky++) {
            for (int kx = 0; kx < g.kernelWidth(); kx++) {
                int shift = kx * g.dilationW() - g.padLeft();
                int firstX = shift >= 0 ? 0 : Sizes.ceilDiv(-shift, g.strideW());
                int endX = shift >= g.inWidth()
                        ? 0
                        : Math.min(g.outWidth(), Sizes.ceilDiv(g.inWidth() - shift, g.strideW()));
                if (firstX >= endX) {
                    continue;
                }
                for (int oy = 0; oy < g.outHeight(); oy++) {
                    int iy = oy * g.strideH() - g.padTop() + ky * g.dilationH();
                    if (iy >= 0 && iy < g.inHeight()) {
                        body.run(ky * g.kernelWidth() + kx, oy, iy, firstX, endX, firstX * g.strideW() + shift);
                    }
                }
            }
        }
    }
}
