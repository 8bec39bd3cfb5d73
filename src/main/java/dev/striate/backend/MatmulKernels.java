package dev.striate.backend;

import org.jspecify.annotations.Nullable;

/** Matrix products. Their gradients are matrix products too, so there is no separate kernel for them. */
public interface MatmulKernels {

    /**
     * {@code c = op(a) op(b) + bias}.
     *
     * @param bias n elements, added to every row of c, or null
     */
    void forward(MatmulGeometry g, Buffer a, Buffer b, @Nullable Buffer bias, Buffer c);
}
