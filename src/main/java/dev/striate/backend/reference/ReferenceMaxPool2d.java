package dev.striate.backend.reference;

import dev.striate.backend.Buffer;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.MaxPool2dKernels;
import dev.striate.backend.Pool2dGeometry;
import dev.striate.backend.UnaryKernels;

/** Maximum pooling. */
final class ReferenceMaxPool2d implements MaxPool2dKernels {

    private final UnaryKernels unary;

    ReferenceMaxPool2d(UnaryKernels unary) {
        this.unary = unary;
    }

    @Override
    public void forward(Pool2dGeometry g, Buffer x, boolean relu, Buffer y, IndexBuffer indices) {
        ReferenceBuffer from = ReferenceBuffer.of(x);
        ReferenceBuffer to = ReferenceBuffer.of(y);
        ReferenceIndexBuffer places = ReferenceIndexBuffer.of(indices);
        int inPlane = g.inHeight() * g.inWidth();
        int outPlane = g.outHeight() * g.outWidth();
        for (int plane = 0; plane < g.planes(); plane++) {
            for (int oy = 0; oy < g.outHeight(); oy++) {
                for (int ox = 0; ox < g.outWidth(); ox++) {
                    int top = oy * g.strideH() - g.padTop();
                    int left = ox * g.strideW() - g.padLeft();
                    int endY = endTap(top, g.kernelHeight(), g.dilationH(), g.inHeight());
                    int endX = endTap(left, g.kernelWidth(), g.dilationW(), g.inWidth());
                    double best = Double.NEGATIVE_INFINITY;
                    int place = -1;
                    for (int ky = firstTap(top, g.dilationH()); ky < endY; ky++) {
                        for (int kx = firstTap(left, g.dilationW()); kx < endX; kx++) {
                            int iy = top + ky * g.dilationH();
                            int ix = left + kx * g.dilationW();
                            double value = from.get(plane * inPlane + iy * g.inWidth() + ix);
                            if (place < 0 || ReferenceReduce.beats(value, best)) {
                                best = value;
                                place = iy * g.inWidth() + ix;
                            }
                        }
                    }
                    int out = plane * outPlane + oy * g.outWidth() + ox;
                    to.set(out, best);
                    places.set(out, place);
                }
            }
        }
        if (relu) {
            unary.relu(y);
        }
    }

    /** The first tap inside the image of a window that starts at {@code start}. */
    static int firstTap(int start, int dilation) {
        return start >= 0 ? 0 : (-start - 1) / dilation + 1;
    }

    /** The end (exclusive) of the taps before the end of the image, which has {@code size} pixels. */
    static int endTap(int start, int kernel, int dilation, int size) {
        return start >= size ? 0 : Math.min(kernel, (size - 1 - start) / dilation + 1);
    }

    @Override
    public void gradient(Pool2dGeometry g, Buffer dy, IndexBuffer indices, Buffer dx) {
        ReferenceBuffer from = ReferenceBuffer.of(dy);
        ReferenceBuffer to = ReferenceBuffer.of(dx);
        ReferenceIndexBuffer places = ReferenceIndexBuffer.of(indices);
        int inPlane = g.inHeight() * g.inWidth();
        int outPlane = g.outHeight() * g.outWidth();
        to.fill(0);
        for (int out = 0; out < g.planes() * outPlane; out++) {
            if (places.get(out) >= 0) {
                to.add(out / outPlane * inPlane + places.get(out), from.get(out));
            }
        }
    }
}
