package dev.striate.backend.cpu;

import dev.striate.backend.Buffer;
import dev.striate.backend.UnaryFunction;
import dev.striate.backend.UnaryKernels;
import dev.striate.backend.cpu.simd.FunctionKernels;
import dev.striate.backend.cpu.simd.SimdKernels;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Functions of one element. What has neither a float32 instruction nor a place in {@link FunctionKernels} is computed
 * in double and rounded once.
 */
final class CpuUnary implements UnaryKernels {

    private final CpuThreads threads;
    private final SimdKernels simd;
    private final FunctionKernels functions;

    CpuUnary(CpuContext context) {
        this.threads = context.threads();
        this.simd = context.simd();
        this.functions = simd.functions();
    }

    /** Nanoseconds per element, roughly. */
    private static double cost(UnaryFunction.Kind kind) {
        return switch (kind) {
            case AFFINE, SQRT, ABS, CLAMP, RELU, LEAKY_RELU -> 0.3;
            case EXP, LOG, ELU, SIGMOID, TANH, GELU -> 0.5;
            case POW -> 25;
        };
    }

    @Override
    public void forward(UnaryFunction f, int n, Buffer x, Buffer y) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer out = CpuBuffer.of(y);
        threads.forRange(
                n,
                (long) (n * cost(f.kind())),
                (from, to) -> apply(f, to - from, in.array, in.offset + from, out.array, out.offset + from));
    }

    private void apply(UnaryFunction f, int n, float[] x, int ix, float[] y, int iy) {
        double a = f.a();
        float fa = (float) a;
        float fb = (float) f.b();
        switch (f.kind()) {
            case AFFINE -> simd.scaleAndShift(n, x, ix, 0f, fa, fb, y, iy);
            case EXP -> functions.exp(n, x, ix, y, iy);
            case LOG -> functions.log(n, x, ix, y, iy);
            case SQRT -> {
                for (int i = 0; i < n; i++) {
                    y[iy + i] = (float) Math.sqrt(x[ix + i]);
                }
            }
            case POW -> {
                if (a == 2) {
                    for (int i = 0; i < n; i++) {
                        y[iy + i] = x[ix + i] * x[ix + i];
                    }
                } else {
                    for (int i = 0; i < n; i++) {
                        y[iy + i] = (float) UnaryFunction.pow(x[ix + i], a);
                    }
                }
            }
            case ABS -> {
                for (int i = 0; i < n; i++) {
                    y[iy + i] = Math.abs(x[ix + i]);
                }
            }
            case CLAMP -> {
                for (int i = 0; i < n; i++) {
                    y[iy + i] = Math.min(Math.max(x[ix + i], fa), fb);
                }
            }
            case RELU -> simd.relu(n, x, ix, y, iy);
            case LEAKY_RELU -> {
                for (int i = 0; i < n; i++) {
                    float value = x[ix + i];
                    y[iy + i] = value > 0 ? value : fa * value;
                }
            }
            case ELU -> functions.elu(n, fa, x, ix, y, iy);
            case SIGMOID -> functions.sigmoid(n, x, ix, y, iy);
            case TANH -> functions.tanh(n, x, ix, y, iy);
            case GELU -> functions.gelu(n, x, ix, y, iy);
        }
    }

    @Override
    public void gradient(UnaryFunction f, int n, @Nullable Buffer saved, Buffer dy, Buffer dx) {
        CpuBuffer in = CpuBuffer.of(dy);
        CpuBuffer out = CpuBuffer.of(dx);
        if (f.kind() == UnaryFunction.Kind.AFFINE) {
            float a = (float) f.a();
            threads.forRange(
                    n,
                    n / 3L,
                    (from, to) -> simd.scaleAndShift(
                            to - from, in.array, in.offset + from, 0f, a, -0f, out.array, out.offset + from));
            return;
        }
        CpuBuffer s = CpuBuffer.of(Objects.requireNonNull(saved));
        threads.forRange(
                n,
                (long) (n * cost(f.kind())),
                (from, to) -> applyGradient(
                        f,
                        to - from,
                        s.array,
                        s.offset + from,
                        in.array,
                        in.offset + from,
                        out.array,
                        out.offset + from));
    }

    /** The rules for all but AFFINE; {@code s} is x or y, as the kind says. */
    private void applyGradient(UnaryFunction f, int n, float[] s, int is, float[] dy, int iy, float[] dx, int ix) {
        double a = f.a();
        double b = f.b();
        float fa = (float) a;
        switch (f.kind()) {
            case AFFINE -> throw new AssertionError("AFFINE saves nothing");
            case EXP -> {
                for (int i = 0; i < n; i++) {
                    dx[ix + i] = s[is + i] * dy[iy + i];
                }
            }
            case LOG -> {
                for (int i = 0; i < n; i++) {
                    dx[ix + i] = dy[iy + i] / s[is + i];
                }
            }
            case SQRT -> {
                for (int i = 0; i < n; i++) {
                    dx[ix + i] = dy[iy + i] / (2 * s[is + i]);
                }
            }
            case POW -> {
                if (a == 2) {
                    for (int i = 0; i < n; i++) {
                        dx[ix + i] = 2 * s[is + i] * dy[iy + i];
                    }
                } else {
                    for (int i = 0; i < n; i++) {
                        dx[ix + i] = (float) ((a == 0 ? 0 : a * UnaryFunction.pow(s[is + i], a - 1)) * dy[iy + i]);
                    }
                }
            }
            case ABS -> {
                for (int i = 0; i < n; i++) {
                    dx[ix + i] = Math.signum(s[is + i]) * dy[iy + i];
                }
            }
            case CLAMP -> {
                for (int i = 0; i < n; i++) {
                    dx[ix + i] = (a <= s[is + i] && s[is + i] <= b ? 1f : 0f) * dy[iy + i];
                }
            }
            case RELU -> simd.reluGradient(n, s, is, dy, iy, dx, ix);
            case LEAKY_RELU -> {
                for (int i = 0; i < n; i++) {
                    dx[ix + i] = (s[is + i] > 0 ? 1f : fa) * dy[iy + i];
                }
            }
            case ELU -> functions.eluGradient(n, fa, s, is, dy, iy, dx, ix);
            case SIGMOID -> {
                for (int i = 0; i < n; i++) {
                    dx[ix + i] = s[is + i] * (1 - s[is + i]) * dy[iy + i];
                }
            }
            case TANH -> {
                for (int i = 0; i < n; i++) {
                    // (1 - y)(1 + y) keeps what 1 - y^2 would cancel near the ends.
                    dx[ix + i] = (1 - s[is + i]) * (1 + s[is + i]) * dy[iy + i];
                }
            }
            case GELU -> functions.geluGradient(n, s, is, dy, iy, dx, ix);
        }
    }
}
