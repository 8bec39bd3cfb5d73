package dev.striate.backend.cpu;

import dev.striate.backend.BinaryFunction;
import dev.striate.backend.BinaryKernels;
import dev.striate.backend.Buffer;
import dev.striate.backend.StridedLoop;
import dev.striate.backend.UnaryFunction;
import dev.striate.backend.cpu.simd.SimdKernels;

/** Functions of two elements, in runs of the innermost loop. */
final class CpuBinary implements BinaryKernels {

    /** Nanoseconds per power, roughly. */
    private static final long POWER_COST = 25;

    private final CpuThreads threads;
    private final SimdKernels simd;

    CpuBinary(CpuContext context) {
        this.threads = context.threads();
        this.simd = context.simd();
    }

    @Override
    public void forward(BinaryFunction f, StridedLoop loop, Buffer a, Buffer b, Buffer y) {
        CpuBuffer left = CpuBuffer.of(a);
        CpuBuffer right = CpuBuffer.of(b);
        CpuBuffer out = CpuBuffer.of(y);
        int turns = loop.turns();
        threads.forRange(turns, f == BinaryFunction.POW ? turns * POWER_COST : turns / 2L, (from, to) -> {
            int at = out.offset + from;
            for (Runs runs = new Runs(loop, from, to); runs.next(); at += runs.length()) {
                apply(
                        f,
                        runs.length(),
                        left.array,
                        left.offset + runs.position(0),
                        runs.stride(0),
                        right.array,
                        right.offset + runs.position(1),
                        runs.stride(1),
                        out.array,
                        at);
            }
        });
    }

    private void apply(
            BinaryFunction f,
            int n,
            float[] a,
            int ia,
            int aStride,
            float[] b,
            int ib,
            int bStride,
            float[] y,
            int iy) {
        if (aStride == 1 && bStride == 1) {
            applyDense(f, n, a, ia, b, ib, y, iy);
        } else if (aStride == 1 && bStride == 0) {
            applyConstant(f, n, a, ia, b, ib, y, iy);
        } else {
            applyStrided(f, n, a, ia, aStride, b, ib, bStride, y, iy);
        }
    }

    private void applyDense(BinaryFunction f, int n, float[] a, int ia, float[] b, int ib, float[] y, int iy) {
        switch (f) {
            case ADD -> simd.elementwise().add(n, a, ia, b, ib, y, iy);
            case SUB -> {
                for (int i = 0; i < n; i++) {
                    y[iy + i] = a[ia + i] - b[ib + i];
                }
            }
            case MUL -> simd.elementwise().multiply(n, a, ia, b, ib, y, iy);
            case DIV -> {
                for (int i = 0; i < n; i++) {
                    y[iy + i] = a[ia + i] / b[ib + i];
                }
            }
            default -> applyStrided(f, n, a, ia, 1, b, ib, 1, y, iy);
        }
    }

    /** Adding -0 changes nothing, not even the sign of a zero. */
    private void applyConstant(BinaryFunction f, int n, float[] a, int ia, float[] b, int ib, float[] y, int iy) {
        float constant = b[ib];
        switch (f) {
            case ADD -> simd.elementwise().scaleAndShift(n, a, ia, 0f, 1f, constant, y, iy);
            case SUB -> simd.elementwise().scaleAndShift(n, a, ia, constant, 1f, -0f, y, iy);
            case MUL -> simd.elementwise().scaleAndShift(n, a, ia, 0f, constant, -0f, y, iy);
            case DIV -> {
                for (int i = 0; i < n; i++) {
                    y[iy + i] = a[ia + i] / constant;
                }
            }
            default -> applyStrided(f, n, a, ia, 1, b, ib, 0, y, iy);
        }
    }

    private static void applyStrided(
            BinaryFunction f,
            int n,
            float[] a,
            int ia,
            int aStride,
            float[] b,
            int ib,
            int bStride,
            float[] y,
            int iy) {
        switch (f) {
            case ADD -> {
                for (int i = 0; i < n; i++) {
                    y[iy + i] = a[ia + i * aStride] + b[ib + i * bStride];
                }
            }
            case SUB -> {
                for (int i = 0; i < n; i++) {
                    y[iy + i] = a[ia + i * aStride] - b[ib + i * bStride];
                }
            }
            case MUL -> {
                for (int i = 0; i < n; i++) {
                    y[iy + i] = a[ia + i * aStride] * b[ib + i * bStride];
                }
            }
            case DIV -> {
                for (int i = 0; i < n; i++) {
                    y[iy + i] = a[ia + i * aStride] / b[ib + i * bStride];
                }
            }
            default -> {
                for (int i = 0; i < n; i++) {
                    y[iy + i] = value(f, a[ia + i * aStride], b[ib + i * bStride]);
                }
            }
        }
    }

    /** Functions that are rarely a large part of a step; the four basic ones have loops of their own. */
    private static float value(BinaryFunction f, float a, float b) {
        return switch (f) {
            case MAXIMUM -> Math.max(a, b);
            case MINIMUM -> Math.min(a, b);
            case POW -> (float) UnaryFunction.pow(a, b);
            case EQUAL -> a == b ? 1 : 0;
            case LESS -> a < b ? 1 : 0;
            case LESS_OR_EQUAL -> a <= b ? 1 : 0;
            default -> throw new IllegalArgumentException("no loop for " + f);
        };
    }

    @Override
    public void where(int n, Buffer condition, Buffer a, Buffer b, Buffer y) {
        CpuBuffer test = CpuBuffer.of(condition);
        CpuBuffer left = CpuBuffer.of(a);
        CpuBuffer right = CpuBuffer.of(b);
        CpuBuffer out = CpuBuffer.of(y);
        threads.forRange(n, n, (from, to) -> {
            for (int i = from; i < to; i++) {
                out.array[out.offset + i] =
                        test.array[test.offset + i] != 0 ? left.array[left.offset + i] : right.array[right.offset + i];
            }
        });
    }

    @Override
    public void accumulate(int n, float alpha, Buffer x, Buffer into) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer out = CpuBuffer.of(into);
        threads.forRange(
                n,
                n / 3L,
                (from, to) -> simd.elementwise()
                        .addScaled(to - from, alpha, in.array, in.offset + from, out.array, out.offset + from));
    }
}
