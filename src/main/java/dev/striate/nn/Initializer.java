package dev.striate.nn;

import dev.striate.Generator;
import java.util.Arrays;

/**
 * Computes the initial values of a parameter, on the host and therefore equal on every device. {@code fanIn} is the
 * number of terms of an output, {@code fanOut} the number of outputs that use an input. For a weight {@code (a, b, KH,
 * KW)}, they are, as in PyTorch, {@code fanIn = b KH KW} and {@code fanOut = a KH KW}. A bias gets the values of its
 * weight.
 */
@FunctionalInterface
public interface Initializer {

    /** Uniform in {@code +-1/sqrt(fanIn)}: the default of PyTorch's layers for weight and bias. */
    Initializer PYTORCH_DEFAULT = (generator, n, fanIn, fanOut) -> uniform(generator, n, Math.sqrt(1.0 / fanIn));

    /** Normal with deviation {@code sqrt(2/fanIn)}, for ReLU (He et al., "Delving deep into rectifiers", 2015). */
    Initializer HE_NORMAL = (generator, n, fanIn, fanOut) -> normal(generator, n, Math.sqrt(2.0 / fanIn));

    /** Uniform in {@code +-sqrt(6/fanIn)}, which has the same deviation (He et al., 2015). */
    Initializer HE_UNIFORM = (generator, n, fanIn, fanOut) -> uniform(generator, n, Math.sqrt(6.0 / fanIn));

    /** Normal with deviation {@code sqrt(2/(fanIn + fanOut))}, for tanh and sigmoid (Glorot and Bengio, 2010). */
    Initializer GLOROT_NORMAL =
            (generator, n, fanIn, fanOut) -> normal(generator, n, Math.sqrt(2.0 / ((double) fanIn + fanOut)));

    /** Uniform in {@code +-sqrt(6/(fanIn + fanOut))}, which has the same deviation (Glorot and Bengio, 2010). */
    Initializer GLOROT_UNIFORM =
            (generator, n, fanIn, fanOut) -> uniform(generator, n, Math.sqrt(6.0 / ((double) fanIn + fanOut)));

    /** All 0. */
    Initializer ZEROS = (generator, n, fanIn, fanOut) -> new float[n];

    /** All 1. */
    Initializer ONES = (generator, n, fanIn, fanOut) -> filled(n, 1);

    /**
     * Returns initial values.
     *
     * @param n      the number of values
     * @param fanIn  the number of terms of an output
     * @param fanOut the number of outputs that use an input
     */
    float[] values(Generator generator, int n, int fanIn, int fanOut);

    private static float[] uniform(Generator generator, int n, double bound) {
        return generator.uniform(n, (float) -bound, (float) bound);
    }

    private static float[] normal(Generator generator, int n, double deviation) {
        float[] values = generator.normal(n);
        for (int i = 0; i < n; i++) {
            values[i] *= (float) deviation;
        }
        return values;
    }

    private static float[] filled(int n, float value) {
        float[] values = new float[n];
        Arrays.fill(values, value);
        return values;
    }
}
