package dev.striate.backend;

import org.jspecify.annotations.Nullable;

/** Element-wise functions of one operand. All buffers have {@code n} elements. */
public interface UnaryKernels {

    /** {@code y = f(x)}; {@code y} may be {@code x}. */
    void forward(UnaryFunction f, int n, Buffer x, Buffer y);

    /**
     * {@code dx = f'(...) dy}; {@code dx} may be {@code dy}.
     *
     * @param saved x or y, as {@link UnaryFunction.Kind#saves} specifies; null if it specifies neither
     */
    void gradient(UnaryFunction f, int n, @Nullable Buffer saved, Buffer dy, Buffer dx);

    /** {@code y = max(y, 0)}, for backends whose other kernels do not include it. */
    default void relu(Buffer y) {
        forward(UnaryFunction.RELU, y.length(), y, y);
    }

    /** Sets {@code dx} to 0 where {@code gate}, the output of a ReLU, is not above 0. */
    default void gate(Buffer gate, Buffer dx) {
        gradient(UnaryFunction.RELU, dx.length(), gate, dx, dx);
    }
}
