package dev.striate.backend.cpu;

import dev.striate.backend.Buffer;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.MaxPool2dKernels;
import dev.striate.backend.Pool2dGeometry;
import dev.striate.backend.UnaryKernels;
import dev.striate.backend.cpu.simd.FlatKernels;
import java.util.Arrays;

/** Maximum pooling, plane by plane. */
final class CpuMaxPool2d implements MaxPool2dKernels {

    private final CpuThreads threads;
    private final FlatKernels flat;
    private final UnaryKernels unary;

    CpuMaxPool2d(CpuContext context, UnaryKernels unary) {
        this.threads = context.threads();
        this.flat = context.simd().flat();
        this.unary = unary;
    }

    @Override
    public void forward(Pool2dGeometry g, Buffer x, Buffer y, IndexBuffer indices) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer out = CpuBuffer.of(y);
        CpuIndexBuffer places = CpuIndexBuffer.of(indices);
        int inPlane = g.inHeight() * g.inWidth();
        int outPlane = g.outHeight() * g.outWidth();
        long perOutput = isPlainTwoByTwo(g) ? 1 : g.mostPixels() + 2;
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
        if (isPlainTwoByTwo(g)) {
            flat.maxPool2x2(
                    planes,
                    g.inHeight(),
                    g.inWidth(),
                    g.outHeight(),
                    g.outWidth(),
                    x,
                    xOffset,
                    y,
                    yOffset,
                    indices,
                    indexOffset);
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

    /** Whether all windows are the usual 2 by 2, side by side and inside of the image. */
    private static boolean isPlainTwoByTwo(Pool2dGeometry g) {
        return g.kernelHeight() == 2
                && g.kernelWidth() == 2
                && g.strideH() == 2
                && g.strideW() == 2
                && g.padTop() == 0
                && g.padLeft() == 0
                && g.dilationH() == 1
                && g.dilationW() == 1
                && 2 * g.outHeight() <= g.inHeight()
                && 2 * g.outWidth() <= g.inWidth();
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
    private static int firstInside(int start, int dilation) {
        return start >= 0 ? start : start + Sizes.ceilDiv(-start, dilation) * dilation;
    }

    @Override
    public void forwardRelu(Pool2dGeometry g, Buffer x, Buffer y, IndexBuffer indices) {
        forward(g, x, y, indices);
        unary.relu(y);
    }

    @Override
    public void gradient(Pool2dGeometry g, Buffer dy, IndexBuffer indices, Buffer dx) {
        CpuBuffer in = CpuBuffer.of(dy);
        CpuBuffer out = CpuBuffer.of(dx);
        int[] places = CpuIndexBuffer.of(indices).array;
        int inPlane = g.inHeight() * g.inWidth();
        int outPlane = g.outHeight() * g.outWidth();
        long perPlane = isPlainTwoByTwo(g) ? inPlane : inPlane / 4 + 2L * outPlane;
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
        if (isPlainTwoByTwo(g)) {
            flat.maxPool2x2Gradient(
                    planes,
                    g.inHeight(),
                    g.inWidth(),
                    g.outHeight(),
                    g.outWidth(),
                    dy,
                    dyOffset,
                    indices,
                    indexOffset,
                    dx,
                    dxOffset);
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
