package dev.striate.nn;

import dev.striate.Shape;
import dev.striate.Tensor;

/**
 * Local response normalisation across neighbouring channels (Krizhevsky et al., 2012); see {@link
 * Tensor#localResponseNorm}.
 */
public final class LocalResponseNorm extends ImageLayer<LocalResponseNorm> {

    private final int size;
    private final float alpha;
    private final float beta;
    private final float k;

    /**
     * Creates a layer with PyTorch's defaults: alpha 1e-4, beta 0.75, k 1.
     *
     * @throws dev.striate.ShapeException if the size is below 1
     */
    public LocalResponseNorm(int size) {
        this(size, 1e-4f, 0.75f, 1);
    }

    /** @throws dev.striate.ShapeException if the size is below 1 */
    public LocalResponseNorm(int size, float alpha, float beta, float k) {
        dev.striate.op.LocalResponseNorm.check(size);
        this.size = size;
        this.alpha = alpha;
        this.beta = beta;
        this.k = k;
    }

    @Override
    LocalResponseNorm self() {
        return this;
    }

    @Override
    Tensor forwardNchw(Tensor x) {
        return x.localResponseNorm(size, alpha, beta, k);
    }

    @Override
    Shape shapeRuleNchw(Shape x) {
        dev.striate.op.LocalResponseNorm.requireFits(x, size);
        return x;
    }

    @Override
    ReceptiveField receptiveFieldNchw(Shape x, ReceptiveField seen) {
        return seen;
    }

    @Override
    public BlockConfig config() {
        return super.config()
                .with("size", size)
                .with("alpha", alpha)
                .with("beta", beta)
                .with("k", k);
    }

    @Override
    public String toString() {
        return "LocalResponseNorm(" + size + ")";
    }
}
