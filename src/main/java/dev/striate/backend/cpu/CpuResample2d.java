package dev.striate.backend.cpu;

import dev.striate.backend.Buffer;
import dev.striate.backend.Resample2dGeometry;
import dev.striate.backend.Resample2dKernels;
import dev.striate.backend.SparseMatrix;
import dev.striate.backend.cpu.simd.ElementwiseKernels;
import java.util.Arrays;

/** Resizing and padding, line by line: a weighted sum of the input's rows, then weighted sums of its elements. */
final class CpuResample2d implements Resample2dKernels {

    private final CpuThreads threads;
    private final ElementwiseKernels elementwise;
    private final Scratch scratch;

    CpuResample2d(CpuContext context) {
        this.threads = context.threads();
        this.elementwise = context.simd().elementwise();
        this.scratch = context.scratch();
    }

    @Override
    public void apply(Resample2dGeometry g, Buffer x, Buffer y) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer out = CpuBuffer.of(y);
        int lines = g.planes() * g.outHeight();
        long perPlane = (long) g.vertical().elements() * g.inWidth() / 8
                + (long) g.outHeight() * (g.horizontal().elements() + g.outWidth());
        threads.forRange(lines, g.planes() * perPlane, (from, to) -> {
            float[] sums = scratch.floats(Scratch.Role.SUMS, g.inWidth());
            for (int line = from; line < to; line++) {
                int image = in.offset + line / g.outHeight() * g.inHeight() * g.inWidth();
                int write = out.offset + line * g.outWidth();
                int row = line % g.outHeight();
                int first = g.vertical().start(row);
                if (g.vertical().start(row + 1) == first + 1 && g.vertical().value(first) == 1) {
                    int read = image + g.vertical().column(first) * g.inWidth();
                    sumElements(g.horizontal(), in.array, read, out.array, write);
                } else {
                    sumRows(g, row, in.array, image, sums);
                    sumElements(g.horizontal(), sums, 0, out.array, write);
                }
            }
        });
    }

    private void sumRows(Resample2dGeometry g, int row, float[] x, int image, float[] sums) {
        SparseMatrix weights = g.vertical();
        Arrays.fill(sums, 0, g.inWidth(), 0f);
        for (int k = weights.start(row); k < weights.start(row + 1); k++) {
            elementwise.addScaled(g.inWidth(), weights.value(k), x, image + weights.column(k) * g.inWidth(), sums, 0);
        }
    }

    private static void sumElements(SparseMatrix weights, float[] line, int lineOffset, float[] y, int yOffset) {
        for (int i = 0; i < weights.rows(); i++) {
            float sum = 0;
            for (int k = weights.start(i); k < weights.start(i + 1); k++) {
                sum += weights.value(k) * line[lineOffset + weights.column(k)];
            }
            y[yOffset + i] = sum;
        }
    }
}
