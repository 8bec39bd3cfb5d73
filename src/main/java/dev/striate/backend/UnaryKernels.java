package dev.striate.backend;

import org.jspecify.annotations.Nullable;

/** Functions of one element. All buffers have {@code n} elements. */
public interface UnaryKernels {

    /** {@code y = f(x)}; {@code y} may be {@code x}. */
    void forward(UnaryFunction f, int n, Buffer x, Buffer y);

    /**
     * {@code dx = f'(...) dy}.
     *
     * @param saved x or y, as {@link UnaryFunction.Kind#saves} says; null where it says nothing
     */
    void gradient(UnaryFunction f, int n, @Nullable Buffer saved, Buffer dy, Buffer dx);
}
