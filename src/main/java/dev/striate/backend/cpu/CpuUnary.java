package dev.striate.backend.cpu;

import dev.striate.backend.Buffer;
import dev.striate.backend.UnaryFunction;
import dev.striate.backend.UnaryKernels;
import dev.striate.backend.cpu.simd.ElementwiseKernels;
import org.jspecify.annotations.Nullable;

/** Functions of one element. Powers are computed in double precision and rounded once. */
final class CpuUnary implements UnaryKernels {

    /** Nanoseconds per element, roughly: of a power, and of all others. */
    private static final double POWER_COST = 25;

    private static final double COST = 0.4;

    private final CpuThreads threads;
    private final ElementwiseKernels loops;

    CpuUnary(CpuContext context) {
        this.threads = context.threads();
        this.loops = context.simd().elementwise();
    }

    private void forRange(UnaryFunction f, int n, CpuThreads.Range range) {
        threads.forRange(n, (long) (n * (f.kind() == UnaryFunction.Kind.POW ? POWER_COST : COST)), range);
    }

    @Override
    public void forward(UnaryFunction f, int n, Buffer x, Buffer y) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer out = CpuBuffer.of(y);
        float a = (float) f.a();
        float b = (float) f.b();
        forRange(f, n, (from, to) -> {
            if (f.kind() == UnaryFunction.Kind.POW) {
                power(f.a(), to - from, in.array, in.offset + from, out.array, out.offset + from);
            } else {
                loops.forward(f.kind(), to - from, a, b, in.array, in.offset + from, out.array, out.offset + from);
            }
        });
    }

    private void power(double a, int n, float[] x, int ix, float[] y, int iy) {
        if (a == 2) {
            loops.multiply(n, x, ix, x, ix, y, iy);
            return;
        }
        for (int i = 0; i < n; i++) {
            y[iy + i] = (float) UnaryFunction.pow(x[ix + i], a);
        }
    }

    @Override
    public void gradient(UnaryFunction f, int n, @Nullable Buffer saved, Buffer dy, Buffer dx) {
        CpuBuffer in = CpuBuffer.of(dy);
        CpuBuffer out = CpuBuffer.of(dx);
        // A function that saves nothing does not look at it.
        CpuBuffer s = saved == null ? in : CpuBuffer.of(saved);
        float a = (float) f.a();
        float b = (float) f.b();
        forRange(f, n, (from, to) -> {
            int is = s.offset + from;
            int iy = in.offset + from;
            int ix = out.offset + from;
            if (f.kind() == UnaryFunction.Kind.POW) {
                powerGradient(f.a(), to - from, s.array, is, in.array, iy, out.array, ix);
            } else {
                loops.gradient(f.kind(), to - from, a, b, s.array, is, in.array, iy, out.array, ix);
            }
        });
    }

    private static void powerGradient(double a, int n, float[] x, int is, float[] dy, int iy, float[] dx, int ix) {
        if (a == 2) {
            for (int i = 0; i < n; i++) {
                dx[ix + i] = 2 * x[is + i] * dy[iy + i];
            }
        } else {
            for (int i = 0; i < n; i++) {
                dx[ix + i] = (float) ((a == 0 ? 0 : a * UnaryFunction.pow(x[is + i], a - 1)) * dy[iy + i]);
            }
        }
    }
}
