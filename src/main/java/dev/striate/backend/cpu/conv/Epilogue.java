package dev.striate.backend.cpu.conv;

import dev.striate.backend.UnaryFunction;
import dev.striate.backend.cpu.CpuBuffer;
import dev.striate.backend.cpu.simd.SimdKernels;
import org.jspecify.annotations.Nullable;

/**
 * What happens to an output's element after its sum: the bias of its channel is added, then the ReLU or the gate is
 * applied.
 *
 * @param bias one element per channel of the output, or null
 * @param relu whether the output is {@code max(y, 0)}
 * @param gate a buffer of the output's length; where it is not above 0, the output is 0. Or null
 */
public record Epilogue(
        @Nullable CpuBuffer bias, boolean relu, @Nullable CpuBuffer gate) {

    /** The bias of an output channel. */
    float bias(int channel) {
        return bias == null ? 0f : bias.get(channel);
    }

    /**
     * Applies what follows the bias to neighbouring elements of the output. Algorithms call it for what they have just
     * written, which is in the cache then.
     *
     * @param from the first element in the output's array
     */
    void finish(SimdKernels simd, CpuBuffer output, int from, int length) {
        if (relu) {
            simd.elementwise().relu(length, output.array, from, output.array, from);
        } else if (gate != null) {
            int at = gate.offset + from - output.offset;
            float[] y = output.array;
            simd.elementwise().gradient(UnaryFunction.Kind.RELU, length, 0, 0, gate.array, at, y, from, y, from);
        }
    }
}
