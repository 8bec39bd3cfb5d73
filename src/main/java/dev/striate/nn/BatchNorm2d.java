package dev.striate.nn;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.op.NormPool;
import dev.striate.op.WindowOption;

/**
 * Batch normalisation per channel of {@code (N, C, ...)} (Ioffe and Szegedy, 2015). In training it uses the batch's statistics
 * and moves the running ones towards them, also while a NoGrad is open; in evaluation it uses the running ones. Parameters:
 * {@code weight (C)} and {@code bias (C)}, at first 1 and 0. Buffers: {@code running_mean (C)} and {@code running_var (C)}, at
 * first 0 and 1.
 */
public final class BatchNorm2d extends ImageLayer<BatchNorm2d> {

    private final int channels;
    private float momentum = 0.1f;
    private float epsilon = 1e-5f;

    /** @throws ShapeException if there is no channel */
    public BatchNorm2d(int channels) {
        this.channels = Shape.of(channels).elements();
    }

    /**
     * Sets how far the running statistics move towards each batch's, 0.1 unless set.
     *
     * @return this layer
     * @throws StriateException unless in 0 .. 1
     */
    public BatchNorm2d momentum(float wanted) {
        if (!(wanted >= 0 && wanted <= 1)) {
            throw new StriateException("BatchNorm2d: expected a momentum from 0 to 1, got " + wanted);
        }
        momentum = wanted;
        return this;
    }

    /**
     * Sets what is added to the variance, 1e-5 unless set.
     *
     * @return this layer
     * @throws StriateException unless finite and above 0
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
    protected long createdElements() {
        return 4L * channels;
    }

    @Override
    Tensor forwardNchw(Tensor x) {
        return x.batchNorm2d(parameter("weight"), parameter("bias"), buffer("running_mean"), buffer("running_var"), isTraining(),
                momentum, epsilon);
    }

    @Override
    Tensor forwardReluNchw(Tensor x) {
        return dev.striate.op.BatchNorm2d.withRelu(x, parameter("weight"), parameter("bias"), buffer("running_mean"),
                buffer("running_var"), isTraining(), momentum, epsilon);
    }

    /** {@link #forwardNchw}, the maximum of each window, and then ReLU or not, on a device that has a kernel for them. */
    Tensor forwardPooled(Tensor x, boolean relu, int kernelHeight, int kernelWidth, WindowOption... options) {
        return NormPool.apply(x, parameter("weight"), parameter("bias"), buffer("running_mean"), buffer("running_var"),
                isTraining(), momentum, epsilon, relu, kernelHeight, kernelWidth, options);
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
    public String toString() {
        return "BatchNorm2d(" + channels + ")";
    }
}
