package dev.striate.backend.cpu.simd;

import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D0;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D1;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D2;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D3;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D4;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D5;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D6;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D7;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D8;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D9;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.D_CENTER;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.FURTHEST;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.G0;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.G1;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.G2;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.G3;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M0;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M1;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M10;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M2;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M3;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M4;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M5;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M6;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M7;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M8;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M9;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.M_CENTER;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.NEAR;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.ZERO;
import static dev.striate.backend.cpu.simd.ScalarFunctionKernels.ZERO_REST;

/**
 * In double precision and rounded once, gelu with the polynomials of {@link ScalarFunctionKernels}. There is no fused
 * multiply-add: without its instruction it is thousands of times slower.
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
    public void log(int n, float[] x, int xOffset, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            y[yOffset + i] = (float) Math.log(x[xOffset + i]);
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
            double t = expMinusOne(exponent);
            y[yOffset + i] = Math.copySign((float) (t / (t + 2)), x[xOffset + i]);
        }
    }

    /** {@code e^x - 1}, several times faster than {@link Math#expm1} and exact far beyond a float. */
    private static double expMinusOne(double x) {
        return Math.abs(x) < TINY ? x + 0.5 * x * x : Math.exp(x) - 1;
    }

    @Override
    public void elu(int n, float alpha, float[] x, int xOffset, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            float value = x[xOffset + i];
            y[yOffset + i] = value < 0 ? (float) (alpha * expMinusOne(value)) : value;
        }
    }

    @Override
    public void eluGradient(
            int n, float alpha, float[] x, int xOffset, float[] dy, int dyOffset, float[] dx, int dxOffset) {
        for (int i = 0; i < n; i++) {
            float value = x[xOffset + i];
            dx[dxOffset + i] = (float) ((value > 0 ? 1 : alpha * Math.exp(value)) * dy[dyOffset + i]);
        }
    }

    @Override
    public void gelu(int n, float[] x, int xOffset, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            double value = x[xOffset + i];
            double size = Math.abs(value);
            if (size >= NEAR) {
                double share = size / (size + M_CENTER);
                double q = 2 * share - 1;
                double p = M6 + q * (M7 + q * (M8 + q * (M9 + q * M10)));
                p = M0 + q * (M1 + q * (M2 + q * (M3 + q * (M4 + q * (M5 + q * p)))));
                double tail = p * share * Math.exp(-0.5 * size * size);
                y[yOffset + i] = (float) (value < 0 ? -tail : value > FURTHEST ? value : value - tail);
            } else {
                double square = value * value;
                y[yOffset + i] = (float) (value * (0.5 + value * (G0 + square * (G1 + square * (G2 + square * G3)))));
            }
        }
    }

    @Override
    public void geluGradient(int n, float[] x, int xOffset, float[] dy, int dyOffset, float[] dx, int dxOffset) {
        for (int i = 0; i < n; i++) {
            double value = x[xOffset + i];
            double size = Math.abs(value);
            double t = Math.min(size, FURTHEST);
            double q = 2 * (size / (size + D_CENTER)) - 1;
            double p = D5 + q * (D6 + q * (D7 + q * (D8 + q * D9)));
            p = D0 + q * (D1 + q * (D2 + q * (D3 + q * (D4 + q * p))));
            double left = (t - ZERO - ZERO_REST) * p * Math.exp(-0.5 * t * t);
            dx[dxOffset + i] = (float) ((value < 0 ? left : 1 - left) * dy[dyOffset + i]);
        }
    }
}
