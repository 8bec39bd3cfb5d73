package dev.striate.op;

import dev.striate.Device;
import dev.striate.IntTensor;
import dev.striate.Shape;
import dev.striate.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * One case of one operation: its inputs, how it is called, and how accurate a float32 backend has to be. {@link
 * OpCasesTest} does the rest.
 */
final class OpCase {

    /** Half an ulp of 1: the error of one float32 operation relative to its result. */
    static final double UNIT = 0x1p-24;

    /** Neighbouring values of {@link #distinct} are this far apart: more than what a central difference moves them. */
    private static final float GAP = 0x1p-6f;

    /** An input as the case is called with it. */
    record Input(Shape shape, float[] values, boolean differentiable) {}

    /** The inputs on a device. */
    record Arguments(Device device, List<Tensor> tensors) {
        Tensor get(int i) {
            return tensors.get(i);
        }

        /** Integers on the same device. */
        IntTensor integers(Shape shape, int... values) {
            return IntTensor.of(device, shape, values);
        }
    }

    /** What a case gives: the first tensor is the one that is differentiated. */
    record Results(List<Tensor> tensors, List<IntTensor> indices) {
        static Results of(Tensor... tensors) {
            return new Results(List.of(tensors), List.of());
        }
    }

    @FunctionalInterface
    interface Call {
        Results apply(Arguments x);
    }

    /** The call of a case with one result. */
    @FunctionalInterface
    interface SimpleCall {
        Tensor apply(Arguments x);
    }

    final String operation;
    final String name;
    final Call call;
    Call magnitudes;
    final List<Input> inputs = new ArrayList<>();
    private final Random random;
    private Accuracy accuracy = Accuracy.products(1);
    private boolean smooth = true;
    private @Nullable Shape result;
    private float @Nullable [] upstream;
    private boolean upstreamIsBounded;
    private float upstreamFactor = 1;

    OpCase(String operation, String name, Call call) {
        this.operation = operation;
        this.name = name;
        this.call = call;
        magnitudes = call;
        random = new Random((operation + name).hashCode());
    }

    /** A case with one result. */
    static OpCase of(String operation, String name, SimpleCall call) {
        return new OpCase(operation, name, x -> Results.of(call.apply(x)));
    }

    /** An input of signed values, normally distributed. */
    OpCase normal(int... sizes) {
        float[] values = new float[Shape.of(sizes).elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values(values, sizes);
    }

    /** An input of values between two bounds. */
    OpCase uniform(float low, float high, int... sizes) {
        float[] values = new float[Shape.of(sizes).elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = low + (high - low) * random.nextFloat();
        }
        return values(values, sizes);
    }

    /** An input of signed values in -3 .. 3 of which none is within a GAP of a place where the function has a kink. */
    OpCase awayFrom(float[] kinks, int... sizes) {
        float[] values = new float[Shape.of(sizes).elements()];
        for (int i = 0; i < values.length; i++) {
            do {
                values[i] = 6 * random.nextFloat() - 3;
            } while (isNear(values[i], kinks));
        }
        return values(values, sizes);
    }

    private static boolean isNear(float value, float[] kinks) {
        for (float kink : kinks) {
            if (Math.abs(value - kink) < GAP) {
                return true;
            }
        }
        return false;
    }

    /** An input of signed values in random order, all different by at least a GAP: a maximum stays where it is. */
    OpCase distinct(int... sizes) {
        float[] values = new float[Shape.of(sizes).elements()];
        for (int i = 0; i < values.length; i++) {
            int other = random.nextInt(i + 1);
            values[i] = values[other];
            values[other] = (i - values.length / 2) * GAP;
        }
        return values(values, sizes);
    }

    /** An input of few different values: windows hold several equal maxima. */
    OpCase ties(int... sizes) {
        float[] values = new float[Shape.of(sizes).elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(3) - 1;
        }
        return values(values, sizes).kinked();
    }

    /** An input of given values. */
    OpCase values(float[] values, int... sizes) {
        inputs.add(new Input(Shape.of(sizes), values, true));
        return this;
    }

    /** Scales the input added last. */
    OpCase times(float factor) {
        float[] values = inputs.get(inputs.size() - 1).values();
        for (int i = 0; i < values.length; i++) {
            values[i] *= factor;
        }
        return this;
    }

    /** The input added last gets no gradient. */
    OpCase constant() {
        Input last = inputs.remove(inputs.size() - 1);
        inputs.add(new Input(last.shape(), last.values(), false));
        return this;
    }

    /**
     * Puts some values into the input added last, spread evenly; for NaN, infinities, zeros. Not for central
     * differences.
     */
    OpCase with(float... special) {
        float[] values = inputs.get(inputs.size() - 1).values();
        for (int i = 0; i < special.length; i++) {
            values[(int) ((i + 0.5) * values.length / special.length)] = special[i];
        }
        return kinked();
    }

    /** No central differences: some input lies where the function has no derivative, or is not finite. */
    OpCase kinked() {
        smooth = false;
        return this;
    }

    /**
     * For {@link Accuracy#products}: what to call with absolute values instead, where the operation itself would let
     * them cancel.
     */
    OpCase magnitudesOf(SimpleCall sumOfMagnitudes) {
        magnitudes = x -> Results.of(sumOfMagnitudes.apply(x));
        return this;
    }

    /** The shape of the first result, where there are too few elements to notice another. */
    OpCase gives(int... sizes) {
        result = Shape.of(sizes);
        return this;
    }

    OpCase accuracy(Accuracy required) {
        accuracy = required;
        return this;
    }

    /** The gradient put on the first result, where it is not to be random. */
    OpCase upstream(float... values) {
        upstream = values;
        return this;
    }

    /** Scales the upstream gradients, unless they are given. */
    OpCase upstreamTimes(float factor) {
        upstreamFactor = factor;
        return this;
    }

    /** Upstream gradients in -1 .. 1, unless they are given. */
    OpCase boundedUpstream() {
        upstreamIsBounded = true;
        return this;
    }

    /** Of all inputs. */
    int elements() {
        return inputs.stream().mapToInt(input -> input.values().length).sum();
    }

    /** Fails if the first result has another shape than expected. */
    void requireShape(Results results) {
        if (result != null && !results.tensors().get(0).shape().equals(result)) {
            throw new AssertionError(this + ": expected a result of shape " + result + ", got "
                    + results.tensors().get(0).shape());
        }
    }

    boolean isSmooth() {
        return smooth && isDifferentiable();
    }

    boolean isDifferentiable() {
        return inputs.stream().anyMatch(Input::differentiable);
    }

    Accuracy accuracy() {
        return accuracy;
    }

    /** The inputs' values. */
    double[][] inputValues() {
        return inputs.stream().map(input -> widen(input.values())).toArray(double[][]::new);
    }

    /** Which inputs get a gradient. */
    boolean[] differentiable() {
        boolean[] wanted = new boolean[inputs.size()];
        for (int i = 0; i < wanted.length; i++) {
            wanted[i] = inputs.get(i).differentiable();
        }
        return wanted;
    }

    /** The gradient put on a first result of {@code n} elements: the same at every call. */
    double[] upstreamValues(int n) {
        if (upstream != null) {
            return widen(upstream);
        }
        Random own = new Random((operation + name).hashCode() + 1L);
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            values[i] = upstreamFactor * (upstreamIsBounded ? 2 * own.nextFloat() - 1 : (float) own.nextGaussian());
        }
        return values;
    }

    static double[] widen(float[] values) {
        double[] wide = new double[values.length];
        Arrays.setAll(wide, i -> values[i]);
        return wide;
    }

    @Override
    public String toString() {
        return operation + " " + name;
    }
}
