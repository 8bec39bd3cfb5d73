package dev.striate.backend.cpu;

import dev.striate.backend.Buffer;
import java.util.Arrays;

/**
 * Averages over windows and their gradients, plane by plane: all that the two kinds of average pooling differ in is
 * where the windows are.
 *
 * @param outputs of a plane
 * @param stepY   from one row of a window to the next
 * @param stepX   the same for columns
 * @param work    nanoseconds for all planes, about
 */
record WindowAverages(
        CpuThreads threads, int planes, int inHeight, int inWidth, int outputs, int stepY, int stepX, long work) {

    WindowAverages {
        // A step as large as the image leaves it, and larger ones could overflow.
        stepY = Math.min(stepY, inHeight);
        stepX = Math.min(stepX, inWidth);
    }

    /**
     * A window's number in its plane, its rows and columns within the image (from, and up to but not including), and
     * what its sum is divided by.
     */
    interface Window {
        void visit(int output, int top, int bottom, int left, int right, int divisor);
    }

    /** Visits all windows of a plane. */
    interface Windows {
        void forEach(Window body);
    }

    void forward(Windows windows, Buffer x, Buffer y) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer out = CpuBuffer.of(y);
        threads.forRange(planes, work, (from, to) -> {
            for (int plane = from; plane < to; plane++) {
                int image = in.offset + plane * inHeight * inWidth;
                int at = out.offset + plane * outputs;
                windows.forEach((output, top, bottom, left, right, divisor) -> {
                    double sum = 0;
                    for (int iy = top; iy < bottom; iy += stepY) {
                        sum = addLine(sum, in.array, image + iy * inWidth, left, right);
                    }
                    out.array[at + output] = divisor == 0 ? 0f : (float) (sum / divisor);
                });
            }
        });
    }

    void gradient(Windows windows, Buffer dy, Buffer dx) {
        CpuBuffer in = CpuBuffer.of(dy);
        CpuBuffer out = CpuBuffer.of(dx);
        int inPlane = inHeight * inWidth;
        threads.forRange(planes, work, (from, to) -> {
            Arrays.fill(out.array, out.offset + from * inPlane, out.offset + to * inPlane, 0f);
            for (int plane = from; plane < to; plane++) {
                int image = out.offset + plane * inPlane;
                int at = in.offset + plane * outputs;
                windows.forEach((output, top, bottom, left, right, divisor) -> {
                    float share = in.array[at + output] / divisor;
                    for (int iy = top; iy < bottom; iy += stepY) {
                        addToLine(share, out.array, image + iy * inWidth, left, right);
                    }
                });
            }
        });
    }

    // Loops with a constant step are compiled better.

    private double addLine(double sum, float[] x, int line, int left, int right) {
        double total = sum;
        if (stepX == 1) {
            for (int ix = left; ix < right; ix++) {
                total += x[line + ix];
            }
        } else {
            for (int ix = left; ix < right; ix += stepX) {
                total += x[line + ix];
            }
        }
        return total;
    }

    private void addToLine(float share, float[] x, int line, int left, int right) {
        if (stepX == 1) {
            for (int ix = left; ix < right; ix++) {
                x[line + ix] += share;
            }
        } else {
            for (int ix = left; ix < right; ix += stepX) {
                x[line + ix] += share;
            }
        }
    }
}
