package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.bufferOrNull;
import static dev.striate.internal.Internals.kernels;

import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import dev.striate.backend.UnaryFunction;
import dev.striate.backend.UnaryFunction.Kind;
import dev.striate.backend.UnaryFunction.Saves;
import org.jspecify.annotations.Nullable;

/**
 * Element-wise functions of one tensor, in one file because they have the same shape rule. {@link UnaryFunction.Kind}
 * defines the value and derivative of each.
 */
public final class Unary {

    private Unary() {}

    /** A function without constants; {@code operation} is the name for messages. */
    public static Tensor apply(String operation, Tensor x, Kind kind) {
        return apply(operation, x, new UnaryFunction(kind, 0, 0));
    }

    /** {@code scale * x + shift}; {@code operation} is the name for messages. */
    public static Tensor affine(String operation, Tensor x, double scale, double shift) {
        return apply(operation, x, new UnaryFunction(Kind.AFFINE, scale, shift));
    }

    /** {@code x + shift}; {@code operation} is the name for messages. */
    public static Tensor shift(String operation, Tensor x, double shift) {
        return affine(operation, x, 1, shift);
    }

    /** {@code scale * x}; {@code operation} is the name for messages. */
    public static Tensor scale(String operation, Tensor x, double scale) {
        // Adding -0 changes nothing; adding 0 would turn -0 into 0.
        return affine(operation, x, scale, -0.0);
    }

    /** {@code x / value}, computed as a product with {@code 1 / value}; the error is at most 1.5 ulp. */
    public static Tensor div(Tensor x, float value) {
        double reciprocal = 1.0 / value;
        double magnitude = Math.abs(reciprocal);
        boolean isNormal = magnitude >= Float.MIN_NORMAL && magnitude <= Float.MAX_VALUE;
        if (isNormal || magnitude == 0 || !Double.isFinite(magnitude)) {
            return scale("div", x, reciprocal);
        }
        // As a float, the reciprocal would be infinite or subnormal. A power of two moves half of its exponent to the
        // other factor, which is exact unless the quotient itself is not a normal number.
        double half = magnitude > 1 ? 0x1p64 : 0x1p-64;
        try (Tensor scaled = scale("div", x, half)) {
            return scale("div", scaled, reciprocal / half);
        }
    }

    public static Tensor pow(Tensor x, float exponent) {
        return apply("pow", x, new UnaryFunction(Kind.POW, exponent, 0));
    }

    /** @throws ShapeException if {@code low} is above {@code high} or either is NaN */
    public static Tensor clamp(Tensor x, float low, float high) {
        if (!(low <= high)) {
            throw new ShapeException("clamp: expected low <= high, got " + low + " and " + high);
        }
        return apply("clamp", x, new UnaryFunction(Kind.CLAMP, low, high));
    }

    public static Tensor relu(Tensor x) {
        Tensor y = allocate(x.device(), x.shape());
        kernels(x).unary().forward(UnaryFunction.RELU, x.shape().elements(), buffer(x), buffer(y));
        return recordRelu(x, y);
    }

    /**
     * Records that {@code y} is ReLU of {@code x}, or of its own former value if a kernel has applied ReLU in place.
     */
    static Tensor recordRelu(Tensor x, Tensor y) {
        return Recorder.of("relu", y)
                .gate(x, (dy, saved) -> gradient(UnaryFunction.RELU, saved.get(0), dy), y)
                .record();
    }

    public static Tensor leakyRelu(Tensor x, float slope) {
        return apply("leakyRelu", x, new UnaryFunction(Kind.LEAKY_RELU, slope, 0));
    }

    public static Tensor elu(Tensor x, float alpha) {
        return apply("elu", x, new UnaryFunction(Kind.ELU, alpha, 0));
    }

    private static Tensor apply(String operation, Tensor x, UnaryFunction f) {
        Tensor y = allocate(x.device(), x.shape());
        kernels(x).unary().forward(f, x.shape().elements(), buffer(x), buffer(y));
        Tensor[] saves = switch (f.kind().saves()) {
            case NOTHING -> new Tensor[0];
            case INPUT -> new Tensor[] {x};
            case OUTPUT -> new Tensor[] {y};
        };
        return Recorder.of(operation, y)
                .input(
                        x,
                        (dy, saved) -> gradient(f, f.kind().saves() == Saves.NOTHING ? null : saved.get(0), dy),
                        saves)
                .record();
    }

    private static Tensor gradient(UnaryFunction f, @Nullable Tensor saved, Tensor dy) {
        Tensor dx = allocate(dy.device(), dy.shape());
        kernels(dy).unary().gradient(f, dy.shape().elements(), bufferOrNull(saved), buffer(dy), buffer(dx));
        return dx;
    }
}
