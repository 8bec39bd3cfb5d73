package dev.striate.nn;

import dev.striate.Generator;
import java.util.Arrays;

/**
 * First values of a parameter, drawn on the host and so the same on every device. The fans are the numbers of terms that meet in
 * one output, and of outputs that one input meets: for a weight of shape {@code (a, b, KH, KW)} as PyTorch has it,
 * {@code fanIn = b KH KW} and {@code fanOut = a KH KW}. A bias is given its weight's fans.
 */
@FunctionalInterface
public interface Initializer {

    /** Uniform within {@code 1/sqrt(fanIn)} of 0: what PyTorch's layers do for weight and bias. */
    Initializer PYTORCH_DEFAULT = (generator, n, fanIn, fanOut) -> uniform(generator, n, Math.sqrt(1.0 / fanIn));

    /** Normal with deviation {@code sqrt(2/fanIn)}, for ReLU (He et al., "Delving deep into rectifiers", 2015). */
    Initializer HE_NORMAL = (generator, n, fanIn, fanOut) -> normal(generator, n, Math.sqrt(2.0 / fanIn));

    /** Uniform within {@code sqrt(6/fanIn)} of 0, the same deviation (He et al., 2015). */
    Initializer HE_UNIFORM = (generator, n, fanIn, fanOut) -> uniform(generator, n, Math.sqrt(6.0 / fanIn));

    /** Normal with deviation {@code sqrt(2/(fanIn + fanOut))}, for tanh and sigmoid (Glorot and Bengio, 2010). */
    Initializer GLOROT_NORMAL =
            (generator, n, fanIn, fanOut) -> normal(generator, n, Math.sqrt(2.0 / ((double) fanIn + fanOut)));

    /** Uniform within {@code sqrt(6/(fanIn + fanOut))} of 0, the same deviation (Glorot and Bengio, 2010). */
    Initializer GLOROT_UNIFORM =
            (generator, n, fanIn, fanOut) -> uniform(generator, n, Math.sqrt(6.0 / ((double) fanIn + fanOut)));

    /** All 0. */
    Initializer ZEROS = (generator, n, fanIn, fanOut) -> new float[n];

    /** All 1. */
    Initializer ONES = (generator, n, fanIn, fanOut) -> filled(n, 1);

    /**
     * @param n      how many values are wanted
     * @param fanIn  how many terms meet in one output
     * @param fanOut how many outputs one input meets
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
