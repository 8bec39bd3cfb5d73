package dev.striate.nn;

import dev.striate.Device;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import org.jspecify.annotations.Nullable;

/** The settings that normalisations by an example's own statistics share: epsilon, and whether they have parameters. */
final class AffineSettings {

    private boolean affine;
    private float epsilon = 1e-5f;

    AffineSettings(boolean affine) {
        this.affine = affine;
    }

    void affine(boolean wanted) {
        affine = wanted;
    }

    /** @throws StriateException if epsilon is not finite and above 0 */
    void epsilon(Block layer, float wanted) {
        if (!(wanted > 0 && wanted < Float.POSITIVE_INFINITY)) {
            throw new StriateException(layer + ": expected a finite epsilon above 0, got " + wanted);
        }
        epsilon = wanted;
    }

    float epsilon() {
        return epsilon;
    }

    /** Creates the parameters {@code weight}, all 1, and {@code bias}, all 0, unless turned off. */
    void create(Block layer, Device device, Shape shape) {
        if (affine) {
            layer.addParameter("weight", Tensor.ones(device, shape.toArray()));
            layer.addParameter("bias", Tensor.zeros(device, shape.toArray()));
        }
    }

    /** The number of elements that {@link #create} allocates. */
    long elements(Shape shape) {
        return affine ? 2L * shape.elements() : 0;
    }

    @Nullable
    Tensor parameterOrNull(Block layer, String name) {
        return affine ? layer.parameter(name) : null;
    }

    BlockConfig addTo(BlockConfig config) {
        return config.with("affine", affine).with("epsilon", epsilon);
    }
}
