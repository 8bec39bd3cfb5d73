package dev.striate.nn;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A fully connected layer, {@code x weight^T + bias}: maps {@code (..., in)} to {@code (..., out)}. Parameters:
 * {@code weight (out, in)} and {@code bias (out)}.
 */
public final class Linear extends Block {

    private final int out;
    private @Nullable Shape weightShape;
    private final WeightSettings settings = new WeightSettings();

    /** @throws dev.striate.ShapeException if a size is below 1 */
    public Linear(int in, int out) {
        this.out = out;
        weightShape = Shape.ofPositive(out, in);
    }

    private Linear(int out) {
        this.out = Shape.ofPositive(out).elements();
    }

    /**
     * Creates a layer that takes the number of inputs from its first input; see {@link Block#initialize(Device,
     * Generator, Shape)}.
     *
     * @throws dev.striate.ShapeException if {@code out} is below 1
     */
    public static Linear lazy(int out) {
        return new Linear(out);
    }

    /**
     * Sets whether the layer has a bias; true by default.
     *
     * @return this layer
     * @throws StriateException after {@link #initialize}
     */
    public Linear bias(boolean wanted) {
        requireNotInitialized("bias");
        settings.hasBias(wanted);
        return this;
    }

    /**
     * Sets the initialiser of the weight; the bias then starts at 0. By default both use {@link
     * Initializer#PYTORCH_DEFAULT}.
     *
     * @return this layer
     * @throws StriateException after {@link #initialize}
     */
    public Linear initializer(Initializer weight) {
        return initializer(weight, Initializer.ZEROS);
    }

    /** Sets the initialisers of weight and bias. */
    public Linear initializer(Initializer weight, Initializer bias) {
        requireNotInitialized("initializer");
        settings.initializers(weight, bias);
        return this;
    }

    @Override
    protected void create(Device device, Generator generator) {
        settings.create(this, device, generator, weightShape(), out);
    }

    @Override
    protected long createdElements() {
        return settings.elements(weightShape(), out);
    }

    @Override
    protected Tensor compute(Tensor x) {
        return x.linear(parameter("weight"), biasOrNull());
    }

    @Override
    Tensor computeRelu(Tensor x) {
        return dev.striate.op.Linear.withRelu(x, parameter("weight"), biasOrNull());
    }

    private Shape weightShape() {
        requireSizes();
        return Objects.requireNonNull(weightShape);
    }

    @Override
    boolean hasSizes() {
        return weightShape != null;
    }

    @Override
    void takeSizes(Shape input) {
        weightShape = Shape.ofPositive(out, input.size(-1));
    }

    private @Nullable Tensor biasOrNull() {
        return settings.hasBias() ? parameter("bias") : null;
    }

    @Override
    protected Shape shapeRule(Shape input) {
        return dev.striate.op.Linear.outputShape(input, weightShape());
    }

    /**
     * In an input of rank 2, each row is one image, and each output depends on all of it. For other ranks, the field is
     * unknown.
     */
    @Override
    protected @Nullable ReceptiveField receptiveField(Shape input, ReceptiveField seen) {
        return input.rank() == 2 ? seen.adaptive(1, 1) : null;
    }

    @Override
    protected long multiplyAdds(Shape input, Shape output) {
        return (long) output.elements() * weightShape().size(1);
    }

    @Override
    public BlockConfig config() {
        return BlockConfig.of(this)
                .with("in", weightShape().size(1))
                .with("out", out)
                .with("bias", settings.hasBias());
    }

    @Override
    public String toString() {
        return "Linear(" + (hasSizes() ? weightShape().size(1) : "?") + ", " + out + ")";
    }
}
