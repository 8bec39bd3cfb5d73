package dev.striate.backend.reference;

import dev.striate.backend.Buffer;
import dev.striate.backend.UnaryFunction;
import dev.striate.backend.UnaryKernels;
import java.util.Objects;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;

/** Functions of one element, each beside its derivative. */
final class ReferenceUnary implements UnaryKernels {

    /**
     * A function and its derivative.
     *
     * @param value      of x
     * @param derivative of what {@link UnaryFunction.Kind#saves} names: x, y or nothing (then the argument is not used)
     */
    private record Rule(DoubleUnaryOperator value, DoubleUnaryOperator derivative) {}

    private static Rule rule(UnaryFunction f) {
        double a = f.a();
        double b = f.b();
        return switch (f.kind()) {
            case AFFINE -> new Rule(x -> a * x + b, none -> a);
            case EXP -> new Rule(Math::exp, y -> y);
            case LOG -> new Rule(Math::log, x -> 1 / x);
            case SQRT -> new Rule(Math::sqrt, y -> 1 / (2 * y));
            case POW -> new Rule(x -> UnaryFunction.pow(x, a), x -> a == 0 ? 0 : a * UnaryFunction.pow(x, a - 1));
            case ABS -> new Rule(Math::abs, Math::signum);
            case CLAMP -> new Rule(x -> Math.min(Math.max(x, a), b), x -> a <= x && x <= b ? 1 : 0);
            case RELU -> new Rule(x -> Math.max(x, 0), y -> y > 0 ? 1 : 0);
            case LEAKY_RELU -> new Rule(x -> x > 0 ? x : a * x, x -> x > 0 ? 1 : a);
            case ELU -> new Rule(x -> x > 0 ? x : a * Math.expm1(x), x -> x > 0 ? 1 : a * Math.exp(x));
            case SIGMOID -> new Rule(x -> 1 / (1 + Math.exp(-x)), y -> y * (1 - y));
            case TANH -> new Rule(Math::tanh, y -> 1 - y * y);
            case GELU -> new Rule(x -> x * normalDistribution(x), x -> normalDistribution(x) + x * normalDensity(x));
        };
    }

    private static double normalDistribution(double x) {
        return Erf.erfc(-x / Math.sqrt(2)) / 2;
    }

    private static double normalDensity(double x) {
        return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    }

    @Override
    public void forward(UnaryFunction f, int n, Buffer x, Buffer y) {
        ReferenceBuffer from = ReferenceBuffer.of(x);
        ReferenceBuffer to = ReferenceBuffer.of(y);
        DoubleUnaryOperator value = rule(f).value();
        for (int i = 0; i < n; i++) {
            to.set(i, value.applyAsDouble(from.get(i)));
        }
    }

    @Override
    public void gradient(UnaryFunction f, int n, @Nullable Buffer saved, Buffer dy, Buffer dx) {
        ReferenceBuffer from = ReferenceBuffer.of(dy);
        ReferenceBuffer to = ReferenceBuffer.of(dx);
        DoubleUnaryOperator derivative = rule(f).derivative();
        boolean savesNothing = f.kind().saves() == UnaryFunction.Saves.NOTHING;
        for (int i = 0; i < n; i++) {
            double argument = savesNothing
                    ? Double.NaN
                    : ReferenceBuffer.of(Objects.requireNonNull(saved)).get(i);
            to.set(i, derivative.applyAsDouble(argument) * from.get(i));
        }
    }
}
