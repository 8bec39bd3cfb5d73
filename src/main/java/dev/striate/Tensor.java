package dev.striate;

import dev.striate.autograd.BackwardPass;
import dev.striate.autograd.NoGrad;
import dev.striate.autograd.Node;
import dev.striate.autograd.Recorder;
import dev.striate.backend.Buffer;
import dev.striate.backend.StridedLoop;
import dev.striate.op.AdaptiveAvgPool2d;
import dev.striate.op.Argmax;
import dev.striate.op.AvgPool2d;
import dev.striate.op.BatchNorm2d;
import dev.striate.op.Binary;
import dev.striate.op.ClassificationOptions;
import dev.striate.op.Concat;
import dev.striate.op.Conv2d;
import dev.striate.op.ConvTranspose2d;
import dev.striate.op.CrossEntropy;
import dev.striate.op.Dropout;
import dev.striate.op.Expand;
import dev.striate.op.Im2Col;
import dev.striate.op.Linear;
import dev.striate.op.Matmul;
import dev.striate.op.Max;
import dev.striate.op.MaxPool2d;
import dev.striate.op.Mse;
import dev.striate.op.Nll;
import dev.striate.op.Pad;
import dev.striate.op.Permute;
import dev.striate.op.Reshape;
import dev.striate.op.Slice;
import dev.striate.op.Softmax;
import dev.striate.op.Sum;
import dev.striate.op.Unary;
import dev.striate.op.WindowOption;
import java.nio.FloatBuffer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A dense, row-major array of float32 values of any rank on a {@link Device}, and, where gradients are asked for, its place in
 * the graph of what was computed.
 *
 * <p>Operations return new tensors and leave their inputs alone; only the methods named "in place" change a tensor. Both sides of
 * an operation must be on the same device. Gradients are of first order.
 *
 * <p>Device memory does not wait for the garbage collector: close tensors, or let a {@link Scope} do so. What {@code backward()}
 * needs is kept by the graph even when the tensor itself is closed.
 *
 * <p>A tensor is used by one thread at a time.
 */
public final class Tensor extends ScopedResource {

    private final Shape shape;
    private final Device device;
    private final Storage<Buffer> storage;
    private boolean closed;
    private boolean requiresGrad;
    private @Nullable Tensor grad;
    private boolean gradInFlatStorage;
    /** The version of a gradient in flat storage when it was cleared: as long as it is that, there is none. */
    private int clearedVersion;
    private @Nullable Node node;

    private Tensor(Device device, Shape shape, Storage<Buffer> storage) {
        this.device = device;
        this.shape = shape;
        this.storage = storage;
    }

    // ---- Making tensors

    /** All zeros. */
    public static Tensor zeros(Device device, int... sizes) {
        return full(device, 0, sizes);
    }

    /** All ones. */
    public static Tensor ones(Device device, int... sizes) {
        return full(device, 1, sizes);
    }

    /** All {@code value}. */
    public static Tensor full(Device device, float value, int... sizes) {
        Tensor tensor = allocate(device, Shape.of(sizes));
        device.backend().copy().fill(value, tensor.buffer());
        return tensor;
    }

    /** All {@code value}, written when something first reads or changes it: an operation that {@link #isKnown} tells need not. */
    private static Tensor deferred(Device device, float value, Shape shape) {
        Tensor tensor = allocate(device, shape);
        tensor.storage.deferFills();
        tensor.fill(value);
        return tensor;
    }

    /** A tensor of rank 0. */
    public static Tensor scalar(Device device, float value) {
        return full(device, value);
    }

    /** A row of values. */
    public static Tensor of(Device device, float... values) {
        return of(device, Shape.of(values.length), values);
    }

    /**
     * Values in row-major order.
     *
     * @throws ShapeException if their number is not the shape's
     */
    public static Tensor of(Device device, Shape shape, float... values) {
        requireLength("Tensor.of", shape, values.length);
        Tensor tensor = allocate(device, shape);
        device.backend().write(values, 0, tensor.buffer());
        return tensor;
    }

    /**
     * A matrix from its rows.
     *
     * @throws ShapeException if there are no values, or the rows differ in length
     */
    public static Tensor of(Device device, float[][] rows) {
        Shape shape = Shape.of(rows.length, rows.length == 0 ? 0 : rows[0].length);
        float[] values = new float[shape.elements()];
        for (int row = 0; row < rows.length; row++) {
            if (rows[row].length != rows[0].length) {
                throw new ShapeException("Tensor.of: row " + row + " has " + rows[row].length + " values, row 0 has "
                        + rows[0].length);
            }
            System.arraycopy(rows[row], 0, values, row * rows[0].length, rows[row].length);
        }
        return of(device, shape, values);
    }

    /**
     * The remaining values of a buffer, in row-major order; its position moves to the limit.
     *
     * @throws ShapeException if their number is not the shape's
     */
    public static Tensor of(Device device, Shape shape, FloatBuffer values) {
        requireLength("Tensor.of", shape, values.remaining());
        float[] copy = new float[values.remaining()];
        values.get(copy);
        return of(device, shape, copy);
    }

    /** {@code start, start + step, ...} up to, not including, {@code end}. */
    public static Tensor arange(Device device, float start, float end, float step) {
        double count = Math.ceil(((double) end - start) / step);
        if (!(count >= 1) || count > Integer.MAX_VALUE) {
            throw new ShapeException("arange: from " + start + " to " + end + " by " + step
                    + " there are no elements, or too many");
        }
        float[] values = new float[(int) count];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (start + (double) i * step);
        }
        return of(device, values);
    }

    /** Normally distributed values with mean 0 and deviation 1; the same on every device. */
    public static Tensor randn(Device device, Generator generator, int... sizes) {
        Shape shape = Shape.of(sizes);
        return of(device, shape, generator.normal(shape.elements()));
    }

    /** Uniformly distributed values in [low, high); the same on every device. */
    public static Tensor uniform(Device device, Generator generator, float low, float high, int... sizes) {
        Shape shape = Shape.of(sizes);
        return of(device, shape, generator.uniform(shape.elements(), low, high));
    }

    private static void requireLength(String operation, Shape shape, int length) {
        if (shape.elements() != length) {
            throw new ShapeException(operation + ": shape " + shape + " has " + shape.elements() + " elements, got " + length
                    + " values");
        }
    }

    // ---- What it is

    public Shape shape() {
        return shape;
    }

    /** The size along an axis; a negative one counts from the last. */
    public int size(int axis) {
        return shape.size(axis);
    }

    public Device device() {
        return device;
    }

    /** The values in row-major order, once the device has computed them. */
    public float[] toArray() {
        float[] values = new float[shape.elements()];
        device.backend().read(buffer(), values, 0);
        return values;
    }

    /**
     * The only value, once the device has computed it.
     *
     * @throws ShapeException if there are several
     */
    public float item() {
        if (shape.elements() != 1) {
            throw new ShapeException("item() reads a tensor of one element, this one is " + shape + "; use toArray()");
        }
        return toArray()[0];
    }

    /** A copy on another device, or this tensor if it is there already. Its gradient comes back. */
    public Tensor to(Device target) {
        if (target == device) {
            return this;
        }
        Device home = device;
        return Recorder.of("to", of(target, shape, toArray())).input(this, (dy, saved) -> dy.to(home)).record();
    }

    // ---- Gradients

    /** Whether {@code backward()} carries a gradient to or through this tensor. */
    public boolean requiresGrad() {
        return requiresGrad;
    }

    /**
     * Asks for a gradient, or no longer asks.
     *
     * @return this tensor
     * @throws AutogradException on a computed tensor, whose inputs decide
     */
    public Tensor requiresGrad(boolean wanted) {
        if (node != null) {
            throw new AutogradException("requiresGrad is set on leaves; this tensor of shape " + shape + " was computed by "
                    + node.operation() + ": use detach() to cut it off, or retainGrad() to see its gradient");
        }
        requiresGrad = wanted;
        return this;
    }

    /** Makes {@code backward()} leave the gradient of this computed tensor in {@link #grad()}, as it does for leaves. */
    public Tensor retainGrad() {
        if (node != null) {
            node.retainGrad(this);
        } else if (!requiresGrad) {
            throw new AutogradException("retainGrad: no gradient comes to this tensor of shape " + shape
                    + ", which depends on nothing that requires one");
        }
        return this;
    }

    /**
     * The gradient that backward passes have added up here. Without one it is null or, for the parameter of an optimiser, zero;
     * {@link #hasGrad} tells such a zero from one that was computed. It belongs to this tensor.
     */
    public @Nullable Tensor grad() {
        return grad;
    }

    /**
     * Whether there is a gradient: since {@link #zeroGrad()} a backward pass has brought one, even of zeros, or {@link #grad()}
     * was changed in place.
     */
    public boolean hasGrad() {
        return grad != null && (!gradInFlatStorage || grad.version() != clearedVersion);
    }

    /** Forgets the gradient, so that the next backward pass starts from zero. */
    public void zeroGrad() {
        if (grad != null) {
            if (gradInFlatStorage) {
                grad.fill(0);
                clearedVersion = grad.version();
            } else {
                grad.close();
                grad = null;
            }
        }
    }

    /**
     * Computes the gradient of this one-element tensor with respect to every leaf that requires one, and adds it to theirs.
     *
     * @throws AutogradException if it is not one element, depends on nothing that requires a gradient, or its graph was walked
     *                           before
     */
    public void backward() {
        if (shape.elements() != 1) {
            throw new AutogradException("backward() without an argument starts from one element, such as a loss; this tensor is "
                    + shape + ": reduce it with sum() or mean(), or give backward(gradient)");
        }
        try (Scope scope = Scope.open()) {
            backward(deferred(device, 1, shape));
        }
    }

    /** The same for a tensor of any shape, given the gradient of something with respect to it, in its shape. */
    public void backward(Tensor gradient) {
        if (!gradient.shape.equals(shape)) {
            throw new ShapeException("backward: expected a gradient of shape " + shape + ", got " + gradient.shape);
        }
        requireDevice("backward", gradient);
        buffer();
        BackwardPass.run(this, gradient);
    }

    /** The same values, cut off from the graph; they share memory. */
    public Tensor detach() {
        return view(shape);
    }

    // ---- Changes in place

    /** In place: all elements become {@code value}. */
    public void fill(float value) {
        beforeChange("fill");
        requireOpen();
        if (storage.pending() != null) {
            storage.pending().ask(value);
        } else {
            device.backend().copy().fill(value, storage.buffer());
        }
        markChanged();
    }

    /** In place: takes the values of a tensor of the same shape and device. */
    public void assign(Tensor values) {
        beforeChange("assign");
        requireSame("assign", values);
        requireOpen();
        if (values.buffer() != storage.buffer()) {
            StridedLoop run = StridedLoop.of(new int[] {shape.elements()}, new int[] {1}, new int[] {1});
            device.backend().copy().copy(run, 0, values.buffer(), 0, storage.buffer());
        }
        settle();
        markChanged();
    }

    /** In place: takes values in row-major order. */
    public void assign(float... values) {
        beforeChange("assign");
        requireLength("assign", shape, values.length);
        requireOpen();
        device.backend().write(values, 0, storage.buffer());
        settle();
        markChanged();
    }

    /** In place: adds {@code alpha x}; same shape and device. */
    public void addInPlace(float alpha, Tensor x) {
        beforeChange("addInPlace");
        requireSame("addInPlace", x);
        device.backend().binary().accumulate(shape.elements(), alpha, x.buffer(), buffer());
        markChanged();
    }

    private void beforeChange(String operation) {
        if (NoGrad.recording() && requiresGrad) {
            throw new AutogradException(operation + " in place on a tensor of shape " + shape
                    + " that requires a gradient; do it while a NoGrad is open, or on detach()");
        }
    }

    private void requireSame(String operation, Tensor other) {
        requireDevice(operation, other);
        if (!other.shape.equals(shape)) {
            throw new ShapeException(operation + ": expected shape " + shape + ", got " + other.shape);
        }
    }

    // ---- Arithmetic, element by element, with broadcasting

    /** {@code this + other}. */
    public Tensor add(Tensor other) {
        return Binary.add(this, other);
    }

    /** {@code this + value}. */
    public Tensor add(float value) {
        return Unary.shift("add", this, value);
    }

    /** {@code this - other}. */
    public Tensor sub(Tensor other) {
        return Binary.sub(this, other);
    }

    /** {@code this - value}. */
    public Tensor sub(float value) {
        return Unary.shift("sub", this, -(double) value);
    }

    /** {@code this * other}, element by element. */
    public Tensor mul(Tensor other) {
        return Binary.mul(this, other);
    }

    /** {@code this * value}. */
    public Tensor mul(float value) {
        return Unary.scale("mul", this, value);
    }

    /** {@code this / other}, element by element. */
    public Tensor div(Tensor other) {
        return Binary.div(this, other);
    }

    /**
     * {@code this / value}, and the gradient by {@code value}. Computed as a product with {@code 1 / value}: at most 1.5 ulp from
     * the quotient, where {@link #div(Tensor)} is as exact as the device divides.
     */
    public Tensor div(float value) {
        return Unary.div(this, value);
    }

    /** {@code -this}. */
    public Tensor neg() {
        return Unary.scale("neg", this, -1);
    }

    /** {@code e^x}. */
    public Tensor exp() {
        return Unary.exp(this);
    }

    /** The natural logarithm. */
    public Tensor log() {
        return Unary.log(this);
    }

    /** The square root. */
    public Tensor sqrt() {
        return Unary.sqrt(this);
    }

    /** {@code x^exponent}. */
    public Tensor pow(float exponent) {
        return Unary.pow(this, exponent);
    }

    /** {@code |x|}; its gradient at 0 is 0. */
    public Tensor abs() {
        return Unary.abs(this);
    }

    /** {@code min(max(x, low), high)}; the gradient passes where {@code low <= x <= high}. */
    public Tensor clamp(float low, float high) {
        return Unary.clamp(this, low, high);
    }

    // ---- Activations

    /** {@code max(x, 0)}; its gradient at 0 is 0. */
    public Tensor relu() {
        return Unary.relu(this);
    }

    /** {@code x} where positive, else {@code slope x}. */
    public Tensor leakyRelu(float slope) {
        return Unary.leakyRelu(this, slope);
    }

    /** {@code x} where positive, else {@code alpha (e^x - 1)} (Clevert et al., 2016). */
    public Tensor elu(float alpha) {
        return Unary.elu(this, alpha);
    }

    /** {@code 1 / (1 + e^-x)}. */
    public Tensor sigmoid() {
        return Unary.sigmoid(this);
    }

    /** The hyperbolic tangent. */
    public Tensor tanh() {
        return Unary.tanh(this);
    }

    /** {@code x F(x)} with the normal distribution function F, by erf (Hendrycks and Gimpel, 2016). */
    public Tensor gelu() {
        return Unary.gelu(this);
    }

    /** {@code e^x / sum(e^x)} along an axis. */
    public Tensor softmax(int axis) {
        return Softmax.softmax(this, axis);
    }

    /** {@code x - log(sum(e^x))} along an axis. */
    public Tensor logSoftmax(int axis) {
        return Softmax.logSoftmax(this, axis);
    }

    /** Drops each element with the given probability and divides the others by that of keeping (Srivastava et al., 2014). */
    public Tensor dropout(float probability, Generator generator) {
        return Dropout.apply(this, probability, generator);
    }

    // ---- Reductions

    /** The sum over the given axes, which disappear; over all axes if none is given. */
    public Tensor sum(int... axes) {
        return Sum.sum(this, axes, false);
    }

    /** The sum over the given axes, which keep the size 1 if asked. */
    public Tensor sum(int[] axes, boolean keepAxes) {
        return Sum.sum(this, axes, keepAxes);
    }

    /** The mean over the given axes, which disappear; over all axes if none is given. */
    public Tensor mean(int... axes) {
        return Sum.mean(this, axes, false);
    }

    /** The mean over the given axes, which keep the size 1 if asked. */
    public Tensor mean(int[] axes, boolean keepAxes) {
        return Sum.mean(this, axes, keepAxes);
    }

    /** The maximum over the given axes, which disappear; over all if none is given. The gradient goes to the first of equals. */
    public Tensor max(int... axes) {
        return Max.apply(this, axes, false);
    }

    /** The maximum over the given axes, which keep the size 1 if asked. */
    public Tensor max(int[] axes, boolean keepAxes) {
        return Max.apply(this, axes, keepAxes);
    }

    /** Where along an axis the maximum is, the first among equals; the axis disappears. */
    public IntTensor argmax(int axis) {
        return Argmax.apply(this, axis);
    }

    // ---- Shape

    /** The same elements in another shape; one size may be -1 and is computed. Shares memory. */
    public Tensor reshape(int... sizes) {
        return Reshape.apply(this, sizes);
    }

    /** All axes from {@code fromAxis} on as one; {@code flatten(1)} makes one row per example. Shares memory. */
    public Tensor flatten(int fromAxis) {
        return Reshape.flatten(this, fromAxis);
    }

    /** Axes in another order: axis i of the result is axis {@code axes[i]} of this. */
    public Tensor permute(int... axes) {
        return Permute.apply(this, axes);
    }

    /** Two axes exchanged. */
    public Tensor transpose(int axis, int other) {
        return Permute.transpose(this, axis, other);
    }

    /** From {@code (N, C, H, W)} to {@code (N, H, W, C)}. */
    public Tensor toNhwc() {
        return Permute.toNhwc(this);
    }

    /** From {@code (N, H, W, C)} to {@code (N, C, H, W)}, the layout of all operations here. */
    public Tensor toNchw() {
        return Permute.toNchw(this);
    }

    /** Elements {@code start} up to, not including, {@code end} along an axis; negative positions count from the end. */
    public Tensor slice(int axis, int start, int end) {
        return Slice.apply(this, axis, start, end, 1);
    }

    /** Every {@code step}-th element from {@code start} up to, not including, {@code end} along an axis. */
    public Tensor slice(int axis, int start, int end, int step) {
        return Slice.apply(this, axis, start, end, step);
    }

    /** Tensors joined along an axis; their other sizes agree. */
    public static Tensor concat(int axis, Tensor... parts) {
        return Concat.apply(axis, parts);
    }

    /** A border of {@code value}: {@code before[i]} and {@code after[i]} elements along axis i. */
    public Tensor pad(int[] before, int[] after, float value) {
        return Pad.apply(this, before, after, value);
    }

    /** Repeats axes of size 1, and adds axes in front, up to the given shape. */
    public Tensor expand(int... sizes) {
        return Expand.apply(this, Shape.of(sizes));
    }

    // ---- Products

    /** The matrix product over the last two axes, with broadcasting over those before; a vector counts as row or column. */
    public Tensor matmul(Tensor other) {
        return Matmul.apply(this, other, false, false);
    }

    /** The matrix product with either side's last two axes transposed first, at no cost. */
    public Tensor matmul(Tensor other, boolean transposeThis, boolean transposeOther) {
        return Matmul.apply(this, other, transposeThis, transposeOther);
    }

    /** {@code x w^T + bias}: {@code (..., in)} to {@code (..., out)} with a weight of {@code (out, in)}. */
    public Tensor linear(Tensor weight, @Nullable Tensor bias) {
        return Linear.apply(this, weight, bias);
    }

    // ---- Images, (N, C, H, W)

    /**
     * Convolution: {@code (N, C, H, W)} with a weight of {@code (O, C/groups, KH, KW)} to {@code (N, O, OH, OW)}. Options:
     * stride, padding, dilation, groups.
     */
    public Tensor conv2d(Tensor weight, @Nullable Tensor bias, WindowOption... options) {
        return Conv2d.apply(this, weight, bias, options);
    }

    /**
     * Transposed convolution: {@code (N, C, H, W)} with a weight of {@code (C, O/groups, KH, KW)} to {@code (N, O, OH, OW)}.
     * Options: stride, padding, output padding, dilation, groups.
     */
    public Tensor convTranspose2d(Tensor weight, @Nullable Tensor bias, WindowOption... options) {
        return ConvTranspose2d.apply(this, weight, bias, options);
    }

    /** The maximum of each window. Options: stride (by default the window), padding, dilation, ceil mode. */
    public Tensor maxPool2d(int kernel, WindowOption... options) {
        return maxPool2d(kernel, kernel, options);
    }

    /** The maximum of each window of the given height and width. */
    public Tensor maxPool2d(int kernelHeight, int kernelWidth, WindowOption... options) {
        MaxPool2d.Result result = MaxPool2d.apply(this, kernelHeight, kernelWidth, options);
        // What the gradient needs of them the graph has a share in.
        result.indices().close();
        return result.output();
    }

    /** The maximum of each window and where in its plane it was, {@code row * W + column}. */
    public MaxPool2d.Result maxPool2dWithIndices(int kernelHeight, int kernelWidth, WindowOption... options) {
        return MaxPool2d.apply(this, kernelHeight, kernelWidth, options);
    }

    /** The mean of each window. Options: stride (by default the window), padding, ceil mode, whether padding is counted. */
    public Tensor avgPool2d(int kernel, WindowOption... options) {
        return avgPool2d(kernel, kernel, options);
    }

    /** The mean of each window of the given height and width. */
    public Tensor avgPool2d(int kernelHeight, int kernelWidth, WindowOption... options) {
        return AvgPool2d.apply(this, kernelHeight, kernelWidth, options);
    }

    /** The mean of each plane: {@code (N, C, H, W)} to {@code (N, C, 1, 1)}. */
    public Tensor globalAvgPool2d() {
        return AdaptiveAvgPool2d.global(this);
    }

    /** Means over windows chosen so that the output has the given size. */
    public Tensor adaptiveAvgPool2d(int outHeight, int outWidth) {
        return AdaptiveAvgPool2d.apply(this, outHeight, outWidth);
    }

    /** A convolution's input as a matrix: {@code (N, C, H, W)} to {@code (N, C KH KW, OH OW)}. */
    public Tensor im2col(int kernelHeight, int kernelWidth, WindowOption... options) {
        return Im2Col.im2col(this, kernelHeight, kernelWidth, options);
    }

    /** The transpose of {@link #im2col}: adds up to {@code (N, C, height, width)} what came from each pixel. */
    public Tensor col2im(int height, int width, int kernelHeight, int kernelWidth, WindowOption... options) {
        return Im2Col.col2im(this, height, width, kernelHeight, kernelWidth, options);
    }

    /**
     * Batch normalisation per channel of {@code (N, C, ...)} (Ioffe and Szegedy, 2015).
     *
     * @param training whether to use the batch's own statistics, and to update the running ones in place; else uses the running
     *                 ones
     * @param momentum how far the running statistics move towards the batch's, 0 .. 1
     * @param epsilon  added to the variance, above 0
     */
    public Tensor batchNorm2d(
            Tensor gamma,
            Tensor beta,
            @Nullable Tensor runningMean,
            @Nullable Tensor runningVariance,
            boolean training,
            float momentum,
            float epsilon) {
        return BatchNorm2d.apply(this, gamma, beta, runningMean, runningVariance, training, momentum, epsilon);
    }

    // ---- Losses

    /** The mean cross-entropy of logits {@code (N, classes, ...)} against labels {@code (N, ...)}. */
    public Tensor crossEntropy(IntTensor labels) {
        return CrossEntropy.apply(this, labels, ClassificationOptions.DEFAULT);
    }

    /** Cross-entropy with another reduction, an ignored label or label smoothing. */
    public Tensor crossEntropy(IntTensor labels, ClassificationOptions options) {
        return CrossEntropy.apply(this, labels, options);
    }

    /** Cross-entropy and, from the same pass over the logits, the class of each example's largest. */
    public CrossEntropy.Result crossEntropyWithPredictions(IntTensor labels, ClassificationOptions options) {
        return CrossEntropy.withPredictions(this, labels, options);
    }

    /** The mean negative log-likelihood of log-probabilities {@code (N, classes, ...)} against labels {@code (N, ...)}. */
    public Tensor nll(IntTensor labels) {
        return Nll.apply(this, labels, ClassificationOptions.DEFAULT);
    }

    /** Negative log-likelihood with another reduction or an ignored label. */
    public Tensor nll(IntTensor labels, ClassificationOptions options) {
        return Nll.apply(this, labels, options);
    }

    /** The mean squared difference to a tensor of the same shape. */
    public Tensor mse(Tensor target) {
        return Mse.apply(this, target);
    }

    // ---- For writers of operations, layers and optimisers

    /** An undefined tensor: the operation's kernel writes every element. */
    public static Tensor allocate(Device device, Shape shape) {
        Buffer buffer = device.backend().allocate(shape.elements());
        return Scope.adopt(new Tensor(device, shape, new Storage<>(buffer, () -> device.backend().release(buffer))));
    }

    /** The memory; kernels read it and, for a tensor just allocated, write it. */
    public Buffer buffer() {
        requireOpen();
        PendingFill pending = storage.pending();
        if (pending != null && pending.isDue()) {
            device.backend().copy().fill(pending.value(), storage.buffer());
            pending.settle();
        }
        return storage.buffer();
    }

    /** Whether all elements are known to be {@code value} without looking, and nothing has read them yet. */
    public boolean isKnown(float value) {
        PendingFill pending = storage.pending();
        return pending != null && pending.isDue() && pending.value() == value;
    }

    /** Cancels a pending fill, after every element was written by way of the flat storage. */
    public void settle() {
        if (storage.pending() != null) {
            storage.pending().settle();
        }
    }

    /** Whether the tensor was closed, by {@link #close} or at the end of its {@link Scope}. */
    public boolean isClosed() {
        return closed;
    }

    private void requireOpen() {
        if (closed) {
            throw new StriateException("this tensor of shape " + shape + " was closed, by close() or at the end of its Scope;"
                    + " Scope.keep() carries a tensor out of a Scope");
        }
    }

    /** The memory of an optional tensor. */
    public static @Nullable Buffer bufferOf(@Nullable Tensor tensor) {
        return tensor == null ? null : tensor.buffer();
    }

    /** @throws DeviceException if the other tensor is on another device */
    public void requireDevice(String operation, @Nullable Tensor other) {
        if (other != null && other.device != device) {
            boolean alike = device.name().equals(other.device.name());
            throw new DeviceException(operation + ": one tensor is on " + device
                    + (alike ? " (" + device.info().detail() + ")" : "") + ", the other on " + other.device
                    + (alike ? " (" + other.device.info().detail() + ")" : "") + "; move one with to(device)");
        }
    }

    /** The same memory in another shape of as many elements, cut off from the graph. */
    public Tensor view(Shape other) {
        return Scope.adopt(handle(other));
    }

    /** A second handle on the same memory, cut off from the graph and outside of any scope; whoever asked for it closes it. */
    public Tensor share() {
        return handle(shape);
    }

    private Tensor handle(Shape other) {
        requireOpen();
        return new Tensor(device, other, storage.retain());
    }

    /**
     * A part of this tensor's memory as a tensor of its own, outside of any scope: for parameters in flat storage. Changes in
     * place are noticed separately in each part and in the whole.
     *
     * @param offset a multiple of the backend's {@link dev.striate.backend.Backend#sliceAlignment()}
     */
    public Tensor window(int offset, Shape part) {
        return new Tensor(device, part, Storage.within(storage, buffer().slice(offset, part.elements())));
    }

    /**
     * Moves this leaf's values and its gradient into flat storage. Whatever shares their memory moves along: results of
     * {@link #detach} and views, the handles that others have of the gradient, and graphs that were recorded before.
     *
     * @param values   a window of this shape; takes over the present values
     * @param gradient a window of this shape; takes over the present gradient, and is zero if there is none. From now on the
     *                 gradient is filled only when somebody reads it, through this handle or one that shares its memory: code that
     *                 reads the flat storage itself makes those fills first
     */
    public void moveInto(Tensor values, Tensor gradient) {
        values.assign(this);
        storage.moveTo(values.storage);
        if (grad == null) {
            grad = gradient.alias();
            grad.storage.deferFills();
            gradInFlatStorage = true;
            zeroGrad();
            return;
        }
        if (grad.storage.pending() == null || !grad.storage.pending().isDue()) {
            gradient.assign(grad);
        }
        grad.storage.moveTo(gradient.storage);
        if (!gradInFlatStorage) {
            grad.storage.deferFills();
            clearedVersion = grad.version() - 1;
            gradInFlatStorage = true;
        }
    }

    /** The same memory with a storage of its own, outside of any scope: it does not see a pending fill. */
    private Tensor alias() {
        return new Tensor(device, shape, Storage.within(storage, storage.buffer()));
    }

    /** Whether another handle, a saved copy or flat storage uses the same memory. */
    public boolean isShared() {
        return storage.isShared();
    }

    /** Grows with every change in place. */
    public int version() {
        return storage.version();
    }

    /** To be called after changing the memory in place. */
    public void markChanged() {
        storage.changed();
    }

    /** What computed this, null for leaves and with recording off. */
    public @Nullable Node node() {
        return node;
    }

    /** Makes this the output of a recorded operation. */
    public void attach(Node made) {
        node = made;
        requiresGrad = true;
    }

    /**
     * Memory for a gradient of this leaf, to be written whole and handed to {@link #accumulateGrad}: that of {@link #grad} itself
     * if it is zero and nobody has written the zeros, else new.
     */
    public Tensor gradientTarget() {
        return grad != null && grad.isKnown(0) ? Scope.adopt(grad.alias()) : allocate(device, shape);
    }

    /** Adds to the gradient. */
    public void accumulateGrad(Tensor gradient) {
        requireOpen();
        if (!gradient.shape.equals(shape)) {
            throw new ShapeException("a gradient of shape " + gradient.shape + " came to a tensor of shape " + shape);
        }
        if (grad != null && grad.isKnown(0)) {
            try (NoGrad off = NoGrad.open()) {
                grad.assign(gradient);
            }
        } else if (grad != null) {
            try (NoGrad off = NoGrad.open()) {
                addToGrad(grad, gradient);
            }
        } else if (gradient.isShared()) {
            // Somebody else may still read it, or it may be this gradient's own source: take a copy.
            Tensor copy = Scope.release(allocate(device, shape));
            copy.assign(gradient);
            grad = copy;
        } else {
            grad = gradient.share();
        }
    }

    private void addToGrad(Tensor before, Tensor gradient) {
        if (gradInFlatStorage || !before.isShared()) {
            before.addInPlace(1, gradient);
        } else {
            // The pass under way may have handed the same memory to a node that still waits for its turn.
            grad = Scope.release(before.add(gradient));
            before.close();
        }
    }

    /** Gives the memory back, and that of the gradient. What was saved for a backward pass stays until that is done. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Scope.forget(this);
            storage.drop();
            if (grad != null) {
                grad.close();
                grad = null;
            }
        }
    }

    // ---- For people

    /** Shape, device and values, long axes shortened. */
    @Override
    public String toString() {
        String head = "Tensor" + shape + " on " + device;
        if (closed) {
            return head + ", closed";
        }
        StringBuilder text = new StringBuilder(head).append(' ');
        print(text, toArray(), 0, 0);
        return text.toString();
    }

    private void print(StringBuilder text, float[] values, int axis, int start) {
        if (axis == shape.rank()) {
            text.append(String.format(Locale.ROOT, "%.4g", values[start]));
            return;
        }
        int shown = 3;
        int size = shape.size(axis);
        int stride = shape.strides()[axis];
        text.append('[');
        for (int i = 0; i < size; i++) {
            if (i == shown && size > 2 * shown) {
                text.append(", ...");
                i = size - shown;
            }
            text.append(i == 0 ? "" : ", ");
            print(text, values, axis + 1, start + i * stride);
        }
        text.append(']');
    }
}
