package dev.striate.nn;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.WindowOption;
import dev.striate.op.NormPool;

/**
 * Batch normalisation per channel of {@code (N, C, ...)} (Ioffe and Szegedy, 2015). In training it uses the statistics
 * of the batch and updates the running statistics, even while a NoGrad is open; in evaluation it uses the running
 * statistics. Parameters: {@code weight (C)}, initially 1, and {@code bias (C)}, initially 0. Buffers: {@code
 * running_mean (C)}, initially 0, and {@code running_var (C)}, initially 1.
 */
public final class BatchNorm2d extends ImageLayer<BatchNorm2d> {

    /** 0 if not known yet. */
    private int channels;

    private float momentum = 0.1f;
    private float epsilon = 1e-5f;

    /** @throws ShapeException if there is no channel */
    public BatchNorm2d(int channels) {
        this.channels = Shape.ofPositive(channels).elements();
    }

    private BatchNorm2d() {}

    /**
     * Creates a layer that takes the number of channels from its first input; see {@link Block#initialize(Device,
     * Generator, Shape)}.
     */
    public static BatchNorm2d lazy() {
        return new BatchNorm2d();
    }

    /**
     * Sets the weight of a batch in the running statistics; 0.1 by default.
     *
     * @return this layer
     * @throws StriateException if it is not from 0 to 1
     */
    public BatchNorm2d momentum(float wanted) {
        if (!(wanted >= 0 && wanted <= 1)) {
            throw new StriateException("BatchNorm2d: expected a momentum from 0 to 1, got " + wanted);
        }
        momentum = wanted;
        return this;
    }

    /**
     * Sets the number that is added to the variance; 1e-5 by default.
     *
     * @return this layer
     * @throws StriateException if it is not finite and above 0
     */
    public BatchNorm2d epsilon(float wanted) {
        if (!(wanted > 0 && wanted < Float.POSITIVE_INFINITY)) {
            throw new StriateException("BatchNorm2d: expected a finite epsilon above 0, got " + wanted);
        }
        epsilon = wanted;
        return this;
    }

    @Override
    BatchNorm2d self() {
        return this;
    }

    @Override
    protected void create(Device device, Generator generator) {
        addParameter("weight", Tensor.ones(device, channels));
        addParameter("bias", Tensor.zeros(device, channels));
        addBuffer("running_mean", Tensor.zeros(device, channels));
        addBuffer("running_var", Tensor.ones(device, channels));
    }

    @Override
    boolean hasSizes() {
        return channels > 0;
    }

    @Override
    void takeSizesNchw(Shape x) {
        channels = x.size(1);
    }

    @Override
    protected long createdElements() {
        return 4L * channels;
    }

    private dev.striate.op.BatchNorm2d.Settings settings() {
        return new dev.striate.op.BatchNorm2d.Settings(
                parameter("weight"),
                parameter("bias"),
                buffer("running_mean"),
                buffer("running_var"),
                isTraining(),
                momentum,
                epsilon);
    }

    @Override
    Tensor forwardNchw(Tensor x) {
        return dev.striate.op.BatchNorm2d.apply(x, settings());
    }

    @Override
    Tensor forwardReluNchw(Tensor x) {
        return dev.striate.op.BatchNorm2d.withRelu(x, settings());
    }

    /** {@link #forwardNchw}, max pooling and optionally ReLU in one kernel, on a device that has it. */
    Tensor forwardPooled(Tensor x, boolean relu, int kernelHeight, int kernelWidth, WindowOption... options) {
        try {
            determineSizes(x.shape());
            return NormPool.apply(x, settings(), relu, kernelHeight, kernelWidth, options);
        } catch (StriateException e) {
            throw located(e);
        }
    }

    @Override
    Shape shapeRuleNchw(Shape x) {
        if (x.rank() < 2 || x.size(1) != channels) {
            throw new ShapeException(this + ": expected (N, " + channels + ", ...), got " + x);
        }
        return x;
    }

    @Override
    ReceptiveField receptiveFieldNchw(Shape x, ReceptiveField seen) {
        return seen;
    }

    @Override
    public BlockConfig config() {
        requireSizes();
        return super.config()
                .with("channels", channels)
                .with("momentum", momentum)
                .with("epsilon", epsilon);
    }

    @Override
    public String toString() {
        return "BatchNorm2d(" + (hasSizes() ? channels : "?") + ")";
    }
}
