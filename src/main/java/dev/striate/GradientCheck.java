package dev.striate;

import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;

/**
 * Compares the gradients of a function with central differences, {@code (f(x + h) - f(x - h)) / 2h}, for every element
 * of its inputs. Use it on {@link Device#reference()}, which computes in double precision, and with few elements, because
 * the function is called twice for each.
 *
 * <pre>{@code
 * Tensor x = Tensor.randn(Device.reference(), new Generator(1), 3, 4);
 * GradientCheck.check(inputs -> inputs[0].sigmoid(), x);
 * }</pre>
 *
 * <p>Where the function has a kink, such as ReLU at 0, the two differ.
 */
public final class GradientCheck {

    /**
     * A power of two, so that moving an input rounds little. The error of the difference is about {@code h^2} times the
     * third derivative, and the rounding of a float32 result divided by h.
     */
    private static final float STEP = 0x1p-8f;

    private static final float TOLERANCE = 1e-3f;

    private GradientCheck() {}

    /**
     * Checks within a tolerance of 1e-3, relative to the larger of the gradient and 1.
     *
     * @param function returns a new tensor of any shape from copies of the inputs, the same at each call
     * @throws AutogradException if a gradient is missing or differs; the message names the element and both values
     */
    public static void check(Function<Tensor[], Tensor> function, Tensor... inputs) {
        check(TOLERANCE, function, inputs);
    }

    /** Checks within another tolerance; otherwise like {@link #check(Function, Tensor...)}. */
    public static void check(float tolerance, Function<Tensor[], Tensor> function, Tensor... inputs) {
        try (Scope scope = Scope.open()) {
            Tensor[] copies = new Tensor[inputs.length];
            for (int i = 0; i < inputs.length; i++) {
                copies[i] = Tensor.of(inputs[i].device(), inputs[i].shape(), inputs[i].toFloatArray())
                        .requiresGrad(true);
            }
            Tensor output = function.apply(copies);
            // Different weights for the elements, so that errors cannot cancel.
            Tensor weights = Tensor.uniform(
                    output.device(),
                    new Generator(1),
                    0.5f,
                    1.5f,
                    output.shape().toArray());
            output.backward(weights);
            for (int i = 0; i < copies.length; i++) {
                if (!copies[i].hasGrad()) {
                    throw new AutogradException("GradientCheck: input " + i + " got no gradient");
                }
                check(i, copies, function, weights, tolerance);
            }
        }
    }

    private static void check(
            int input, Tensor[] copies, Function<Tensor[], Tensor> function, Tensor weights, float tolerance) {
        Tensor x = copies[input];
        float[] values = x.toFloatArray();
        float[] gradient = Objects.requireNonNull(x.grad()).toFloatArray();
        for (int i = 0; i < values.length; i++) {
            float value = values[i];
            double above = weighted(x, values, i, value + STEP, copies, function, weights);
            double below = weighted(x, values, i, value - STEP, copies, function, weights);
            double difference = (above - below) / ((value + STEP) - (double) (value - STEP));
            weighted(x, values, i, value, copies, function, weights);
            // Not "above": NaN has to fail.
            if (!(Math.abs(gradient[i] - difference) <= tolerance * Math.max(1, Math.abs(difference)))) {
                throw new AutogradException(String.format(
                        Locale.ROOT,
                        "GradientCheck: element %d of input %d has the gradient %.6g, central differences give %.6g",
                        i,
                        input,
                        gradient[i],
                        difference));
            }
        }
    }

    /** The weighted sum of the outputs, added up in double precision. */
    private static double weighted(
            Tensor x,
            float[] values,
            int i,
            float value,
            Tensor[] copies,
            Function<Tensor[], Tensor> function,
            Tensor weights) {
        values[i] = value;
        try (NoGrad off = NoGrad.open();
                Scope scope = Scope.open()) {
            x.assign(values);
            float[] outputs = function.apply(copies).toFloatArray();
            float[] factors = weights.toFloatArray();
            double sum = 0;
            for (int k = 0; k < outputs.length; k++) {
                sum += (double) factors[k] * outputs[k];
            }
            return sum;
        }
    }
}
