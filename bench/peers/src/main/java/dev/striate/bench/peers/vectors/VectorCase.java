package dev.striate.bench.peers.vectors;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A case: an operation of Striate with its attributes, the same in TorchScript, and the inputs. */
final class VectorCase {

    /** An input of floats, or of integers, which have no gradient. */
    record Input(
            String name, long[] shape, float @Nullable [] floats, int @Nullable [] integers, boolean differentiable) {}

    private final String name;
    private final String operation;
    private final String script;
    private final Map<String, Object> attributes = new LinkedHashMap<>();
    private final List<Input> inputs = new ArrayList<>();
    private final Random random;

    /**
     * @param script an expression of the inputs, a list of tensors; the first is differentiated
     */
    VectorCase(String operation, String name, String script) {
        this.operation = operation;
        this.name = name;
        this.script = script;
        random = new Random(name.hashCode());
    }

    String name() {
        return name;
    }

    String operation() {
        return operation;
    }

    String script() {
        return script;
    }

    Map<String, Object> attributes() {
        return attributes;
    }

    List<Input> inputs() {
        return inputs;
    }

    /** The gradient of the first output: 1 for a scalar such as a loss, otherwise random. */
    float[] upstream(int elements) {
        return elements == 1 ? new float[] {1} : normal(new Random(name.hashCode() + 1L), elements);
    }

    /** @param value a number that float32 holds exactly, an array of them, a truth value or a name */
    VectorCase with(String attribute, Object value) {
        attributes.put(attribute, value);
        return this;
    }

    /** An input of normally distributed values. */
    VectorCase normal(String input, int... shape) {
        return values(input, normal(random, elements(shape)), shape);
    }

    /** Rounded to two digits, so that files are short. */
    private static float[] normal(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = Math.round(100 * random.nextGaussian()) / 100f;
        }
        return values;
    }

    /** An input of values between two bounds. */
    VectorCase uniform(String input, float low, float high, int... shape) {
        float[] values = new float[elements(shape)];
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.round(100 * (low + (high - low) * random.nextFloat())) / 100f;
        }
        return values(input, values, shape);
    }

    /** An input of different values in random order. */
    VectorCase distinct(String input, int... shape) {
        List<Float> values = new ArrayList<>();
        for (int i = 0; i < elements(shape); i++) {
            values.add((i - elements(shape) / 2) / 8f);
        }
        Collections.shuffle(values, random);
        float[] array = new float[values.size()];
        for (int i = 0; i < array.length; i++) {
            array[i] = values.get(i);
        }
        return values(input, array, shape);
    }

    /** An input of few different values. */
    VectorCase ties(String input, int... shape) {
        float[] values = new float[elements(shape)];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(3) - 1;
        }
        return values(input, values, shape);
    }

    VectorCase values(String input, float[] values, int... shape) {
        inputs.add(new Input(input, widen(shape), values, null, true));
        return this;
    }

    VectorCase integers(String input, int[] values, int... shape) {
        inputs.add(new Input(input, widen(shape), null, values, false));
        return this;
    }

    /** The input added last gets no gradient. */
    VectorCase constant() {
        Input last = inputs.remove(inputs.size() - 1);
        inputs.add(new Input(last.name(), last.shape(), last.floats(), last.integers(), false));
        return this;
    }

    private static int elements(int[] shape) {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }

    private static long[] widen(int[] shape) {
        return Arrays.stream(shape).asLongStream().toArray();
    }
}
