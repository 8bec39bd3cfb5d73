package dev.striate.backend.cpu.simd;

/**
 * In double precision and rounded once. There is no fused multiply-add: without its instruction it is thousands of times slower.
 */
final class PlainFunctionKernels implements FunctionKernels {

    /** Below this, {@code e^x - 1} is taken from its series: the difference would cancel. */
    private static final double TINY = 1e-5;

    @Override
    public void exp(int n, float[] x, int xOffset, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            y[yOffset + i] = (float) Math.exp(x[xOffset + i]);
        }
    }

    @Override
    public void sigmoid(int n, float[] x, int xOffset, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            y[yOffset + i] = (float) (1 / (1 + Math.exp(-x[xOffset + i])));
        }
    }

    @Override
    public void tanh(int n, float[] x, int xOffset, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            // (e^2x - 1) / (e^2x + 1), on the side where e^2x cannot overflow.
            double exponent = -2.0 * Math.abs(x[xOffset + i]);
            double t = exponent > -TINY ? exponent + 0.5 * exponent * exponent : Math.exp(exponent) - 1;
            y[yOffset + i] = Math.copySign((float) (t / (t + 2)), x[xOffset + i]);
        }
    }
}
