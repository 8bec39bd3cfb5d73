package dev.striate.backend.cpu.simd;

import dev.striate.backend.Pool2dGeometry;
import java.util.Arrays;

/** Pooling without vectors; it also takes the lines that fill no vector. */
abstract class ScalarPooling implements ReductionKernels {

    @Override
    public void maxPool2x2(
            Pool2dGeometry g,
            int planes,
            float[] x,
            int xOffset,
            float[] y,
            int yOffset,
            int[] indices,
            int indexOffset) {
        int n = g.outWidth();
        int output = 0;
        for (int plane = 0; plane < planes; plane++) {
            int start = xOffset + plane * g.inHeight() * g.inWidth();
            for (int oy = 0; oy < g.outHeight(); oy++, output += n) {
                int top = start + 2 * oy * g.inWidth();
                maxPoolLine(n, x, start, top, g.inWidth(), y, yOffset + output, indices, indexOffset + output);
            }
        }
    }

    /**
     * One line of outputs, from {@code x[top ..]} and the line below. Where the maximum lies is a matter of chance, so
     * it is chosen by conditional moves of indices: no branch that the processor would guess wrong, and no float, for
     * which C2 has none.
     */
    static void maxPoolLine(
            int n, float[] x, int plane, int top, int inWidth, float[] y, int yOffset, int[] indices, int indexOffset) {
        for (int i = 0; i < n; i++) {
            int upper = top + 2 * i;
            int lower = upper + inWidth;
            float a = x[upper];
            float b = x[upper + 1];
            float c = x[lower];
            float d = x[lower + 1];
            int bestAbove = b > a ? upper + 1 : upper;
            int bestBelow = d > c ? lower + 1 : lower;
            int best = x[bestBelow] > x[bestAbove] ? bestBelow : bestAbove;
            float sum = (a + b) + (c + d);
            // NaN from a NaN, or from infinities of both signs.
            if (Float.isNaN(sum)) {
                best = firstNaN(x, upper, lower, best);
            }
            y[yOffset + i] = x[best];
            indices[indexOffset + i] = best - plane;
        }
    }

    @Override
    public void maxPool2x2Gradient(
            Pool2dGeometry g,
            int planes,
            float[] dy,
            int dyOffset,
            int[] indices,
            int indexOffset,
            float[] dx,
            int dxOffset) {
        int pixels = g.inHeight() * g.inWidth();
        int outputs = g.outHeight() * g.outWidth();
        Arrays.fill(dx, dxOffset, dxOffset + planes * pixels, 0f);
        for (int plane = 0; plane < planes; plane++) {
            int first = plane * outputs;
            scatter(outputs, dy, dyOffset + first, indices, indexOffset + first, dx, dxOffset + plane * pixels);
        }
    }

    /** @param plane where in {@code dx} the plane begins */
    static void scatter(int n, float[] dy, int dyOffset, int[] indices, int indexOffset, float[] dx, int plane) {
        for (int i = 0; i < n; i++) {
            dx[plane + indices[indexOffset + i]] = dy[dyOffset + i];
        }
    }

    private static int firstNaN(float[] x, int upper, int lower, int otherwise) {
        if (Float.isNaN(x[upper])) {
            return upper;
        }
        if (Float.isNaN(x[upper + 1])) {
            return upper + 1;
        }
        if (Float.isNaN(x[lower])) {
            return lower;
        }
        return Float.isNaN(x[lower + 1]) ? lower + 1 : otherwise;
    }
}
