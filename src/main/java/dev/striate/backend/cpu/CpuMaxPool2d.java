package dev.striate.backend.cpu;

import dev.striate.backend.Buffer;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.MaxPool2dKernels;
import dev.striate.backend.Pool2dGeometry;
import dev.striate.backend.UnaryKernels;
import dev.striate.backend.cpu.simd.ReductionKernels;
import java.util.Arrays;

/** Maximum pooling, plane by plane. */
final class CpuMaxPool2d implements MaxPool2dKernels {

    private final CpuThreads threads;
    private final ReductionKernels reductions;
    private final UnaryKernels unary;

    CpuMaxPool2d(CpuContext context, UnaryKernels unary) {
        this.threads = context.threads();
        this.reductions = context.simd().reductions();
        this.unary = unary;
    }

    @Override
    public void forward(Pool2dGeometry g, Buffer x, boolean relu, Buffer y, IndexBuffer indices) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer out = CpuBuffer.of(y);
        CpuIndexBuffer places = CpuIndexBuffer.of(indices);
        int inPlane = g.inHeight() * g.inWidth();
        int outPlane = g.outHeight() * g.outWidth();
        long perOutput = g.isTwoByTwo() ? 1 : g.mostPixels() + 2;
        threads.forRange(
                g.planes(),
                (long) g.planes() * outPlane * perOutput,
                (from, to) -> forward(
                        g,
                        to - from,
                        in.array,
                        in.offset + from * inPlane,
                        out.array,
                        out.offset + from * outPlane,
                        places.array,
                        from * outPlane));
        if (relu) {
            unary.relu(y);
        }
    }

    /** The same for some planes that lie one after the other. */
    void forward(
            Pool2dGeometry g,
            int planes,
            float[] x,
            int xOffset,
            float[] y,
            int yOffset,
            int[] indices,
            int indexOffset) {
        if (g.isTwoByTwo()) {
            reductions.maxPool2x2(g, planes, x, xOffset, y, yOffset, indices, indexOffset);
            return;
        }
        int inPlane = g.inHeight() * g.inWidth();
        int outPlane = g.outHeight() * g.outWidth();
        for (int plane = 0; plane < planes; plane++) {
            pool(
                    g,
                    x,
                    xOffset + plane * inPlane,
                    y,
                    yOffset + plane * outPlane,
                    indices,
                    indexOffset + plane * outPlane);
        }
    }

    private static void pool(
            Pool2dGeometry g, float[] x, int xPlane, float[] y, int yPlane, int[] indices, int indexPlane) {
        // A step as large as the image leaves it, and larger ones could overflow.
        int stepY = Math.min(g.dilationH(), g.inHeight());
        int stepX = Math.min(g.dilationW(), g.inWidth());
        for (int oy = 0; oy < g.outHeight(); oy++) {
            int top = oy * g.strideH() - g.padTop();
            int firstY = firstInside(top, g.dilationH());
            int endY = Math.min(g.inHeight(), top + (g.kernelHeight() - 1) * g.dilationH() + 1);
            for (int ox = 0; ox < g.outWidth(); ox++) {
                int left = ox * g.strideW() - g.padLeft();
                int firstX = firstInside(left, g.dilationW());
                int endX = Math.min(g.inWidth(), left + (g.kernelWidth() - 1) * g.dilationW() + 1);
                float best = Float.NEGATIVE_INFINITY;
                int place = -1;
                search:
                for (int iy = firstY; iy < endY; iy += stepY) {
                    int line = xPlane + iy * g.inWidth();
                    for (int ix = firstX; ix < endX; ix += stepX) {
                        float value = x[line + ix];
                        // Written so that NaN passes; a first pixel of minus infinity is taken for its place.
                        if (!(value <= best) || place < 0) {
                            best = value;
                            place = iy * g.inWidth() + ix;
                            if (Float.isNaN(value)) {
                                break search;
                            }
                        }
                    }
                }
                int output = oy * g.outWidth() + ox;
                y[yPlane + output] = best;
                indices[indexPlane + output] = place;
            }
        }
    }

    /** The first of {@code start, start + dilation, ...} that is not negative. */
    static int firstInside(int start, int dilation) {
        return start >= 0 ? start : start + Sizes.ceilDiv(-start, dilation) * dilation;
    }

    @Override
    public void gradient(Pool2dGeometry g, Buffer dy, IndexBuffer indices, Buffer dx) {
        CpuBuffer in = CpuBuffer.of(dy);
        CpuBuffer out = CpuBuffer.of(dx);
        int[] places = CpuIndexBuffer.of(indices).array;
        int inPlane = g.inHeight() * g.inWidth();
        int outPlane = g.outHeight() * g.outWidth();
        long perPlane = g.isTwoByTwo() ? inPlane : inPlane / 4 + 2L * outPlane;
        threads.forRange(
                g.planes(),
                g.planes() * perPlane,
                (from, to) -> gradient(
                        g,
                        to - from,
                        in.array,
                        in.offset + from * outPlane,
                        places,
                        from * outPlane,
                        out.array,
                        out.offset + from * inPlane));
    }

    private void gradient(
            Pool2dGeometry g,
            int planes,
            float[] dy,
            int dyOffset,
            int[] indices,
            int indexOffset,
            float[] dx,
            int dxOffset) {
        if (g.isTwoByTwo()) {
            reductions.maxPool2x2Gradient(g, planes, dy, dyOffset, indices, indexOffset, dx, dxOffset);
            return;
        }
        int inPlane = g.inHeight() * g.inWidth();
        int outPlane = g.outHeight() * g.outWidth();
        Arrays.fill(dx, dxOffset, dxOffset + planes * inPlane, 0f);
        for (int i = 0; i < planes * outPlane; i++) {
            int place = indices[indexOffset + i];
            if (place >= 0) {
                dx[dxOffset + i / outPlane * inPlane + place] += dy[dyOffset + i];
            }
        }
    }
}
