package dev.striate.backend.cpu.simd;

import dev.striate.backend.cpu.simd.ReductionKernels.Accumulator;

/** Sums in double precision: of runs shorter than a vector, and where float32 overflows before the result does. */
final class DoubleSums {

    private DoubleSums() {}

    static double sum(int n, float[] x, int xOffset) {
        double sum = 0;
        for (int i = xOffset; i < xOffset + n; i++) {
            sum += x[i];
        }
        return sum;
    }

    static double sumOfSquares(int n, float[] x, int xOffset, double center, Accumulator accumulator) {
        double sum = 0;
        double squares = 0;
        for (int i = xOffset; i < xOffset + n; i++) {
            double d = x[i] - center;
            sum += d;
            squares += d * d;
        }
        accumulator.set(sum, 0);
        return squares;
    }

    static void sumAndDot(
            int n, float[] x, int xOffset, double center, float[] y, int yOffset, Accumulator accumulator) {
        double sum = 0;
        double dot = 0;
        for (int i = 0; i < n; i++) {
            double value = y[yOffset + i];
            sum += value;
            dot += (x[xOffset + i] - center) * value;
        }
        accumulator.set(sum, dot);
    }
}
