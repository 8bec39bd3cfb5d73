package dev.striate.backend.cpu;

import dev.striate.backend.Buffer;
import java.util.Arrays;

/**
 * Averages over windows and their gradients, plane by plane: all that the two kinds of average pooling differ in is
 * where the windows are.
 *
 * @param outputs of a plane
 * @param work    nanoseconds for all planes, about
 */
record WindowAverages(CpuThreads threads, int planes, int inHeight, int inWidth, int outputs, long work) {

    /** A window's number in its plane, the part of it that lies within the image, and what its sum is divided by. */
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
                    for (int iy = top; iy < bottom; iy++) {
                        int line = image + iy * inWidth;
                        for (int ix = left; ix < right; ix++) {
                            sum += in.array[line + ix];
                        }
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
                    for (int iy = top; iy < bottom; iy++) {
                        int line = image + iy * inWidth;
                        for (int ix = left; ix < right; ix++) {
                            out.array[line + ix] += share;
                        }
                    }
                });
            }
        });
    }
}
