package dev.striate.op;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.striate.Tensor;
import dev.striate.TestDevices;
import dev.striate.TestDevices.TestDevice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The error of every function of one element, and of its gradient, on every device: over floats of every exponent,
 * infinities and NaN, and densely where the functions of the exponential have their tails. Double precision is what
 * they are held to.
 */
class UnaryUlpsTest {

    /** Odd, so that floats of every mantissa come up. */
    private static final int BITS_STEP = 16_411;

    private static final int GRID = 1 << 18;
    private static final float GRID_END = 110;
    private static final float[] INPUTS = inputs();

    /** The size of which the stated ulp are those, given the exact result and the function's exact value. */
    @FunctionalInterface
    private interface Scale {
        double at(double exact, double y);
    }

    private record Function(
            String name, UnaryOperator<Tensor> call, double valueUlps, double gradientUlps, Scale gradientScale) {

        Function(String name, UnaryOperator<Tensor> call, double valueUlps, double gradientUlps) {
            this(name, call, valueUlps, gradientUlps, (exact, y) -> exact);
        }
    }

    /**
     * What {@code unary.cl} states for OpenCL, and half an ulp more for gradients; the CPU's bounds are below these.
     */
    private static final List<Function> FUNCTIONS = List.of(
            new Function("exp", Tensor::exp, 3, 3.5),
            new Function("log", Tensor::log, 3, 3),
            new Function("sqrt", Tensor::sqrt, 3, 6),
            new Function("pow 2.5", x -> x.pow(2.5f), 16, 19.5),
            new Function("pow 0.5", x -> x.pow(.5f), 16, 19.5),
            new Function("pow 0.1", x -> x.pow(.1f), 16, 19.5),
            new Function("pow -0.7", x -> x.pow(-.7f), 16, 19.5),
            new Function("pow -1.7", x -> x.pow(-1.7f), 16, 19.5),
            new Function("pow -2", x -> x.pow(-2), 16, 19.5),
            new Function("pow -3", x -> x.pow(-3), 16, 19.5),
            new Function("pow 0", x -> x.pow(0), 0, 0),
            new Function("pow 1", x -> x.pow(1), 16, 19.5),
            new Function("pow 2", x -> x.pow(2), .5, .5),
            new Function("pow 3", x -> x.pow(3), 16, 19.5),
            new Function("abs", Tensor::abs, 0, 0),
            new Function("clamp", x -> x.clamp(-1, 2), 0, 0),
            new Function("relu", Tensor::relu, 0, 0),
            new Function("leakyRelu", x -> x.leakyRelu(.01f), .5, 0),
            new Function("mul", x -> x.mul(-3.7f), .5, 0),
            new Function("elu", x -> x.elu(1), 3.5, 4),
            new Function("elu 1.7", x -> x.elu(1.7f), 3.5, 4),
            new Function("sigmoid", Tensor::sigmoid, 6, 7.5, (exact, y) -> y),
            new Function("silu", Tensor::silu, 11, 18.5, (exact, y) -> Math.max(Math.abs(exact), Math.abs(y))),
            new Function("hardSigmoid", Tensor::hardSigmoid, 2, 1),
            new Function("hardSwish", Tensor::hardSwish, 3, 2.5),
            new Function("softplus", Tensor::softplus, 5.5, 6.5),
            new Function("mish", Tensor::mish, 20, 48.5, (exact, y) -> Math.max(Math.abs(exact), Math.abs(y))),
            new Function("tanh", Tensor::tanh, 5, 7, (exact, y) -> 1),
            new Function("gelu", Tensor::gelu, 11, 11.5));

    private static float[] inputs() {
        float[] x = new float[(int) ((1L << 32) / BITS_STEP) + GRID];
        int bits = Float.floatToRawIntBits(-0f);
        for (int i = 0; i < x.length; i++) {
            x[i] = i < GRID
                    ? (i - GRID / 2) * (2 * GRID_END / GRID)
                    : Float.intBitsToFloat(bits + (i - GRID) * BITS_STEP);
        }
        float[] special = {
            0,
            -0f,
            1,
            -1,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            Float.NaN,
            Float.MAX_VALUE,
            -Float.MAX_VALUE,
            Float.MIN_VALUE,
            Float.MIN_NORMAL
        };
        System.arraycopy(special, 0, x, 0, special.length);
        return x;
    }

    @TestFactory
    Stream<DynamicTest> errorsStayWithinTheStatedBounds() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Function f : FUNCTIONS) {
            OpCase c = OpCase.of(f.name, "everywhere", x -> f.call.apply(x.get(0)))
                    .values(INPUTS, INPUTS.length)
                    .upstream(ones());
            Expected expected = new Expected(c);
            for (TestDevice device : TestDevices.all()) {
                tests.add(dynamicTest(
                        f.name + " on " + device.name(),
                        () -> check(f, expected.reference(), CaseRun.of(c, device.get()))));
            }
        }
        return tests.stream();
    }

    private static float[] ones() {
        float[] ones = new float[INPUTS.length];
        Arrays.fill(ones, 1);
        return ones;
    }

    private static void check(Function f, CaseRun exact, CaseRun actual) {
        double[] y = exact.outputs()[0];
        double[] dx = exact.gradients()[0];
        check(f.name, f.valueUlps, y, y, actual.outputs()[0]);
        double[] scale = new double[dx.length];
        Arrays.setAll(scale, i -> f.gradientScale.at(dx[i], y[i]));
        check("the gradient of " + f.name, f.gradientUlps, scale, dx, actual.gradients()[0]);
    }

    private static void check(String what, double allowed, double[] scale, double[] exact, double[] actual) {
        int worst = 0;
        for (int i = 1; i < exact.length; i++) {
            if (ulps(exact[i], actual[i], scale[i]) > ulps(exact[worst], actual[worst], scale[worst])) {
                worst = i;
            }
        }
        double error = ulps(exact[worst], actual[worst], scale[worst]);
        assertTrue(
                error <= allowed,
                what + " is off by " + error + " ulp at " + INPUTS[worst] + ": expected " + exact[worst] + ", got "
                        + actual[worst] + "; stated are " + allowed);
    }

    /**
     * An ulp of a subnormal number is that of the smallest normal one; infinity is the power of two behind the largest
     * float.
     */
    private static double ulps(double exact, double actual, double scale) {
        if (Double.isNaN(exact) || Double.isNaN(actual)) {
            return Double.isNaN(exact) && Double.isNaN(actual) ? 0 : Double.POSITIVE_INFINITY;
        }
        float size = Math.min(Float.MAX_VALUE, Math.max(Float.MIN_NORMAL, (float) Math.abs(scale)));
        return Math.abs(clipped(exact) - clipped(actual)) / Math.ulp(size);
    }

    private static double clipped(double value) {
        return Math.max(-0x1p128, Math.min(value, 0x1p128));
    }
}
