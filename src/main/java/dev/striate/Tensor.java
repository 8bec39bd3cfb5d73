package dev.striate;

import dev.striate.autograd.BackwardPass;
import dev.striate.autograd.Gradient;
import dev.striate.autograd.Recorder;
import dev.striate.backend.Buffer;
import dev.striate.backend.StridedLoop;
import dev.striate.backend.UnaryFunction.Kind;
import dev.striate.internal.Internals;
import dev.striate.internal.Storage;
import dev.striate.op.AdaptiveAvgPool2d;
import dev.striate.op.Argmax;
import dev.striate.op.Argmin;
import dev.striate.op.AvgPool2d;
import dev.striate.op.BatchNorm2d;
import dev.striate.op.Binary;
import dev.striate.op.BinaryCrossEntropy;
import dev.striate.op.Concat;
import dev.striate.op.Conv2d;
import dev.striate.op.ConvTranspose2d;
import dev.striate.op.CrossEntropy;
import dev.striate.op.DiceLoss;
import dev.striate.op.Dropout;
import dev.striate.op.Expand;
import dev.striate.op.Flip;
import dev.striate.op.FocalLoss;
import dev.striate.op.Gather;
import dev.striate.op.GlobalMaxPool2d;
import dev.striate.op.GroupNorm;
import dev.striate.op.Huber;
import dev.striate.op.Im2Col;
import dev.striate.op.ImagePad;
import dev.striate.op.Linear;
import dev.striate.op.LocalResponseNorm;
import dev.striate.op.LogSumExp;
import dev.striate.op.Matmul;
import dev.striate.op.Max;
import dev.striate.op.MaxPool2d;
import dev.striate.op.Min;
import dev.striate.op.Mse;
import dev.striate.op.Nll;
import dev.striate.op.Pad;
import dev.striate.op.Permute;
import dev.striate.op.PixelShuffle;
import dev.striate.op.Prelu;
import dev.striate.op.Prod;
import dev.striate.op.Reshape;
import dev.striate.op.Slice;
import dev.striate.op.Softmax;
import dev.striate.op.Split;
import dev.striate.op.Stack;
import dev.striate.op.Sum;
import dev.striate.op.Topk;
import dev.striate.op.Unary;
import dev.striate.op.Upsample;
import dev.striate.op.Variance;
import dev.striate.op.Where;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A dense, row-major array of float32 values of any rank on a {@link Device}. If gradients are requested, the tensor is
 * also part of the graph of recorded operations.
 *
 * <pre>{@code
 * Device device = Device.best();
 * try (Scope scope = Scope.open()) {
 *     Tensor x = Tensor.of(device, Shape.of(2, 2), 1, 2, 3, 4);
 *     Tensor w = Tensor.ones(device, 2, 1).requiresGrad(true);
 *     x.matmul(w).sum().backward();
 *     System.out.println(w.grad());     // the gradient of w: 4, 6
 * }
 * }</pre>
 *
 * <p>Operations return new tensors and do not change their inputs; only methods marked "in place" change a tensor. All
 * tensors of an operation must be on the same device. Gradients are first-order only.
 *
 * <p>A tensor may have no elements, such as an empty batch. As in PyTorch, a sum over nothing is 0, a product 1, a mean
 * NaN, and a maximum an error.
 *
 * <p>Device memory is not left to the garbage collector: close tensors, or use a {@link Scope}, which closes them. The
 * graph keeps the values that {@code backward()} needs even after their tensor is closed.
 *
 * <p>A tensor must not be used by several threads at the same time.
 */
public final class Tensor extends ScopedResource {

    static {
        Internals.install(new InternalAccess());
    }

    private final Shape shape;
    private final Device device;
    private final Storage storage;
    private final Gradient gradient;
    private boolean closed;

    Tensor(Device device, Shape shape, Storage storage) {
        this.device = device;
        this.shape = shape;
        this.storage = storage;
        gradient = new Gradient(this);
    }

    // ---- Creating tensors

    /** Returns a tensor of zeros. */
    public static Tensor zeros(Device device, int... sizes) {
        return full(device, 0, sizes);
    }

    /** Returns a tensor of ones. */
    public static Tensor ones(Device device, int... sizes) {
        return full(device, 1, sizes);
    }

    /** Returns a tensor whose elements are all {@code value}. */
    public static Tensor full(Device device, float value, int... sizes) {
        Tensor tensor = allocate(device, Shape.of(sizes));
        tensor.storage.fill(value);
        return tensor;
    }

    /**
     * Returns a tensor like {@link #full}, but fills it only when the values are first read or changed. Operations can
     * check {@link Storage#isKnown} instead.
     */
    private static Tensor deferred(Device device, float value, Shape shape) {
        Tensor tensor = allocate(device, shape);
        tensor.storage.deferFills();
        tensor.storage.fill(value);
        return tensor;
    }

    /** Returns a tensor of rank 0. */
    public static Tensor scalar(Device device, float value) {
        return full(device, value);
    }

    /** Returns a tensor of rank 1. */
    public static Tensor of(Device device, float... values) {
        return of(device, Shape.of(values.length), values);
    }

    /**
     * Returns a tensor with the given values in row-major order.
     *
     * @throws ShapeException if the number of values is not that of the shape's elements
     */
    public static Tensor of(Device device, Shape shape, float... values) {
        requireLength("Tensor.of", shape, values.length);
        Tensor tensor = allocate(device, shape);
        device.backend().write(values, 0, tensor.storage.buffer());
        return tensor;
    }

    /**
     * Returns a matrix with the given rows.
     *
     * @throws ShapeException if there are no values, or if the rows differ in length
     */
    public static Tensor of(Device device, float[][] rows) {
        Shape shape = Shape.ofPositive(rows.length, rows.length == 0 ? 0 : rows[0].length);
        float[] values = new float[shape.elements()];
        for (int row = 0; row < rows.length; row++) {
            if (rows[row].length != rows[0].length) {
                throw new ShapeException(
                        "Tensor.of: row " + row + " has " + rows[row].length + " values, row 0 has " + rows[0].length);
            }
            System.arraycopy(rows[row], 0, values, row * rows[0].length, rows[row].length);
        }
        return of(device, shape, values);
    }

    /**
     * Returns a tensor with the remaining values of a buffer in row-major order. The buffer's position moves to its
     * limit.
     *
     * @throws ShapeException if the number of values is not that of the shape's elements
     */
    public static Tensor of(Device device, Shape shape, FloatBuffer values) {
        requireLength("Tensor.of", shape, values.remaining());
        float[] copy = new float[values.remaining()];
        values.get(copy);
        return of(device, shape, copy);
    }

    /** Returns the row {@code start, start + step, ...} up to but not including {@code end}. */
    public static Tensor arange(Device device, float start, float end, float step) {
        double steps = ((double) end - start) / step;
        if (!(steps >= 0) || steps > Integer.MAX_VALUE) {
            throw new ShapeException(
                    "arange: expected 0 to 2^31 - 1 steps from " + start + " to " + end + " by " + step);
        }
        float[] values = new float[(int) Math.ceil(steps)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (start + (double) i * step);
        }
        return of(device, values);
    }

    /** Returns normally distributed values with mean 0 and deviation 1. They are the same on every device. */
    public static Tensor randn(Device device, Generator generator, int... sizes) {
        Shape shape = Shape.of(sizes);
        return of(device, shape, generator.normal(shape.elements()));
    }

    /** Returns uniformly distributed values in [low, high). They are the same on every device. */
    public static Tensor uniform(Device device, Generator generator, float low, float high, int... sizes) {
        Shape shape = Shape.of(sizes);
        return of(device, shape, generator.uniform(shape.elements(), low, high));
    }

    private static void requireLength(String operation, Shape shape, int length) {
        if (shape.elements() != length) {
            throw new ShapeException(operation + ": shape " + shape + " has " + shape.elements() + " elements, got "
                    + length + " values");
        }
    }

    // ---- Properties and values

    public Shape shape() {
        return shape;
    }

    /** Returns the size along an axis; a negative axis counts from the end. */
    public int size(int axis) {
        return shape.size(axis);
    }

    public Device device() {
        return device;
    }

    /** Returns the values in row-major order. Waits until the device has computed them. */
    public float[] toFloatArray() {
        float[] values = new float[shape.elements()];
        device.backend().read(storage().buffer(), values, 0);
        return values;
    }

    /**
     * Returns the only value. Waits until the device has computed it.
     *
     * @throws ShapeException if there is more than one
     */
    public float item() {
        if (shape.elements() != 1) {
            throw new ShapeException("item: expected one element, got shape " + shape + "; use toFloatArray()");
        }
        return toFloatArray()[0];
    }

    /**
     * Returns a copy on another device, or this tensor if it is already there. The gradient flows back to this tensor.
     */
    public Tensor to(Device target) {
        if (target == device) {
            return this;
        }
        Device home = device;
        return Recorder.of("to", of(target, shape, toFloatArray()))
                .input(this, (dy, saved) -> dy.to(home))
                .record();
    }

    // ---- Gradients

    /** Returns whether {@code backward()} computes a gradient for this tensor or passes one through it. */
    public boolean requiresGrad() {
        return gradient.isWanted();
    }

    /**
     * Sets whether {@code backward()} computes a gradient for this leaf.
     *
     * @return this tensor
     * @throws AutogradException if this tensor was computed from tensors that require a gradient
     */
    public Tensor requiresGrad(boolean wanted) {
        gradient.setWanted(wanted);
        return this;
    }

    /**
     * Makes {@code backward()} store the gradient of this computed tensor in {@link #grad()}, as it does for leaves.
     *
     * @throws AutogradException if this tensor does not depend on a tensor that requires a gradient
     */
    public Tensor retainGrad() {
        gradient.retain();
        return this;
    }

    /**
     * Returns the sum of the gradients from all backward passes. Before the first it is null or, for the parameter of
     * an optimiser, zero; {@link #hasGrad} distinguishes such a zero from a computed one. The gradient belongs to this
     * tensor.
     */
    public @Nullable Tensor grad() {
        return gradient.value();
    }

    /**
     * Returns whether there is a gradient: whether, since {@link #zeroGrad()}, a backward pass has computed one (even
     * of zeros) or {@link #grad()} was changed in place.
     */
    public boolean hasGrad() {
        return gradient.isPresent();
    }

    /** Resets the gradient, so that the next backward pass starts from zero. */
    public void zeroGrad() {
        gradient.clear();
    }

    /**
     * Computes the gradients of this tensor, which must have one element, with respect to all leaves that require one.
     * Adds them to {@link #grad()} of the leaves.
     *
     * @throws AutogradException if this tensor has several elements or does not depend on a tensor that requires a
     *     gradient, or if its graph was already used
     */
    public void backward() {
        if (shape.elements() != 1) {
            throw new AutogradException("backward: expected one element, such as a loss, got shape " + shape
                    + "; reduce it with sum() or mean(), or call backward(gradient)");
        }
        try (Scope scope = Scope.open()) {
            backward(deferred(device, 1, shape));
        }
    }

    /** Runs {@link #backward()} for a tensor of any shape, starting from a gradient of the same shape. */
    public void backward(Tensor upstream) {
        if (!upstream.shape.equals(shape)) {
            throw new ShapeException("backward: expected a gradient of shape " + shape + ", got " + upstream.shape);
        }
        Internals.requireSameDevice("backward", this, upstream);
        requireOpen();
        BackwardPass.run(this, upstream);
    }

    /** Returns a tensor with the same values and memory that is not part of the graph. */
    public Tensor detach() {
        return Internals.view(this, shape);
    }

    // ---- Changes in place

    /** In place: sets all elements to {@code value}. */
    public void fill(float value) {
        beforeChange("fill");
        storage().fill(value);
        storage.markChanged();
    }

    /** In place: copies the values of a tensor with the same shape and device. */
    public void assign(Tensor values) {
        beforeChange("assign");
        requireSame("assign", values);
        Buffer source = values.storage().buffer();
        Buffer target = storage().overwrite();
        if (source != target) {
            StridedLoop run = StridedLoop.of(new int[] {shape.elements()}, new int[] {1}, new int[] {1});
            Internals.kernels(this).copy().copy(run, 0, source, 0, target);
        }
        storage.markChanged();
    }

    /** In place: copies values in row-major order. */
    public void assign(float... values) {
        beforeChange("assign");
        requireLength("assign", shape, values.length);
        device.backend().write(values, 0, storage().overwrite());
        storage.markChanged();
    }

    /** In place: adds {@code alpha * x}, where {@code x} has the same shape and device. */
    public void addInPlace(float alpha, Tensor x) {
        beforeChange("addInPlace");
        requireSame("addInPlace", x);
        Buffer addend = x.storage().buffer();
        Internals.kernels(this)
                .binary()
                .accumulate(shape.elements(), alpha, addend, storage().buffer());
        storage.markChanged();
    }

    private void beforeChange(String operation) {
        if (NoGrad.recording() && requiresGrad()) {
            throw new AutogradException(operation + ": cannot change a tensor of shape " + shape
                    + " in place, because it requires a gradient; open a NoGrad, or use detach()");
        }
    }

    private void requireSame(String operation, Tensor other) {
        Internals.requireSameDevice(operation, this, other);
        if (!other.shape.equals(shape)) {
            throw new ShapeException(operation + ": expected shape " + shape + ", got " + other.shape);
        }
    }

    // ---- Element-wise arithmetic with broadcasting

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

    /** {@code this * other}, element-wise. */
    public Tensor mul(Tensor other) {
        return Binary.mul(this, other);
    }

    /** {@code this * value}. */
    public Tensor mul(float value) {
        return Unary.scale("mul", this, value);
    }

    /** {@code this / other}, element-wise. */
    public Tensor div(Tensor other) {
        return Binary.div(this, other);
    }

    /**
     * {@code this / value}. This is computed as a product with {@code 1 / value}, and so is the gradient. The error is
     * at most 1.5 ulp; {@link #div(Tensor)} has the accuracy of the device's division.
     */
    public Tensor div(float value) {
        return Unary.div(this, value);
    }

    /** {@code this^exponent}, element-wise; see {@link #pow(float)}. */
    public Tensor pow(Tensor exponent) {
        return Binary.pow(this, exponent);
    }

    /**
     * The larger of two elements; NaN if either is NaN. As in PyTorch, equal elements share the gradient, and both get
     * all of it if either is NaN.
     */
    public Tensor maximum(Tensor other) {
        return Binary.maximum(this, other);
    }

    /**
     * The smaller of two elements; NaN if either is NaN. As in PyTorch, equal elements share the gradient, and both get
     * all of it if either is NaN.
     */
    public Tensor minimum(Tensor other) {
        return Binary.minimum(this, other);
    }

    /** {@code -this}. */
    public Tensor neg() {
        return Unary.scale("neg", this, -1);
    }

    /** {@code e^x}. */
    public Tensor exp() {
        return Unary.apply("exp", this, Kind.EXP);
    }

    /** The natural logarithm. */
    public Tensor log() {
        return Unary.apply("log", this, Kind.LOG);
    }

    /** The square root. */
    public Tensor sqrt() {
        return Unary.apply("sqrt", this, Kind.SQRT);
    }

    /** {@code x^exponent}. */
    public Tensor pow(float exponent) {
        return Unary.pow(this, exponent);
    }

    /** {@code |x|}; its gradient at 0 is 0. */
    public Tensor abs() {
        return Unary.apply("abs", this, Kind.ABS);
    }

    /** {@code min(max(x, low), high)}; the gradient passes where {@code low <= x <= high}. */
    public Tensor clamp(float low, float high) {
        return Unary.clamp(this, low, high);
    }

    // ---- Comparisons with broadcasting: 1 where true, 0 elsewhere, without gradients. NaN is not equal to anything

    /** {@code this == other}. */
    public Tensor eq(Tensor other) {
        return Binary.equal(this, other);
    }

    /** {@code this == value}. */
    public Tensor eq(float value) {
        return compare(value, this::eq);
    }

    /** {@code this != other}. */
    public Tensor ne(Tensor other) {
        return not(eq(other));
    }

    /** {@code this != value}. */
    public Tensor ne(float value) {
        return not(eq(value));
    }

    /** {@code this < other}. */
    public Tensor lt(Tensor other) {
        return Binary.less("lt", this, other);
    }

    /** {@code this < value}. */
    public Tensor lt(float value) {
        return compare(value, this::lt);
    }

    /** {@code this <= other}. */
    public Tensor le(Tensor other) {
        return Binary.lessOrEqual("le", this, other);
    }

    /** {@code this <= value}. */
    public Tensor le(float value) {
        return compare(value, this::le);
    }

    /** {@code this > other}. */
    public Tensor gt(Tensor other) {
        return Binary.less("gt", other, this);
    }

    /** {@code this > value}. */
    public Tensor gt(float value) {
        return compare(value, this::gt);
    }

    /** {@code this >= other}. */
    public Tensor ge(Tensor other) {
        return Binary.lessOrEqual("ge", other, this);
    }

    /** {@code this >= value}. */
    public Tensor ge(float value) {
        return compare(value, this::ge);
    }

    private Tensor compare(float value, UnaryOperator<Tensor> comparison) {
        try (Tensor scalar = scalar(device, value)) {
            return comparison.apply(scalar);
        }
    }

    private static Tensor not(Tensor condition) {
        try (condition) {
            return Unary.affine("ne", condition, -1, 1);
        }
    }

    /**
     * {@code condition != 0 ? a : b}, element-wise with broadcasting. The gradient goes to the chosen elements, and
     * none to the condition.
     *
     * @throws ShapeException if the shapes do not fit each other
     */
    public static Tensor where(Tensor condition, Tensor a, Tensor b) {
        return Where.apply(condition, a, b);
    }

    // ---- Activations

    /** {@code max(x, 0)}; its gradient at 0 is 0. */
    public Tensor relu() {
        return Unary.relu(this);
    }

    /** {@code x} if positive, otherwise {@code slope * x}. */
    public Tensor leakyRelu(float slope) {
        return Unary.leakyRelu(this, slope);
    }

    /** {@code x} if positive, otherwise {@code alpha * (e^x - 1)} (Clevert et al., 2016). */
    public Tensor elu(float alpha) {
        return Unary.elu(this, alpha);
    }

    /** {@code 1 / (1 + e^-x)}. */
    public Tensor sigmoid() {
        return Unary.apply("sigmoid", this, Kind.SIGMOID);
    }

    /** {@code x / (1 + e^-x)}, also called swish (Elfwing et al., 2018; Ramachandran et al., 2017). */
    public Tensor silu() {
        return Unary.apply("silu", this, Kind.SILU);
    }

    /** {@code min(max(x + 3, 0), 6) / 6} (Courbariaux et al., 2015, with the slope of MobileNetV3). */
    public Tensor hardSigmoid() {
        return Unary.apply("hardSigmoid", this, Kind.HARD_SIGMOID);
    }

    /** {@code x * min(max(x + 3, 0), 6) / 6} (Howard et al., 2019). */
    public Tensor hardSwish() {
        return Unary.apply("hardSwish", this, Kind.HARD_SWISH);
    }

    /** {@code log(1 + e^x)} (Dugas et al., 2001). */
    public Tensor softplus() {
        return Unary.apply("softplus", this, Kind.SOFTPLUS);
    }

    /** {@code x * tanh(log(1 + e^x))} (Misra, 2019). */
    public Tensor mish() {
        return Unary.apply("mish", this, Kind.MISH);
    }

    /**
     * {@code x} if positive, otherwise {@code slope * x}, with a slope for each channel of {@code (N, C, ...)} or one
     * for all (He et al., 2015). The slopes are usually trained.
     *
     * @param slope {@code (C)} or {@code (1)}
     * @throws ShapeException if the shapes do not fit
     */
    public Tensor prelu(Tensor slope) {
        return Prelu.apply(this, slope);
    }

    /** The hyperbolic tangent. */
    public Tensor tanh() {
        return Unary.apply("tanh", this, Kind.TANH);
    }

    /** {@code x * F(x)} with the normal distribution function F, computed with erf (Hendrycks and Gimpel, 2016). */
    public Tensor gelu() {
        return Unary.apply("gelu", this, Kind.GELU);
    }

    /** {@code e^x / sum(e^x)} along an axis. */
    public Tensor softmax(int axis) {
        return Softmax.softmax(this, axis);
    }

    /** {@code x - log(sum(e^x))} along an axis. */
    public Tensor logSoftmax(int axis) {
        return Softmax.logSoftmax(this, axis);
    }

    /**
     * Sets each element to 0 with the given probability and divides the others by 1 - probability (Srivastava et al.,
     * 2014).
     */
    public Tensor dropout(float probability, Generator generator) {
        return Dropout.apply(this, probability, generator);
    }

    // ---- Reductions

    /** The sum over the given axes, which are removed; over all axes if none is given. */
    public Tensor sum(int... axes) {
        return Sum.sum(this, axes, false);
    }

    /** The sum over the given axes, which are kept with size 1 if {@code keepAxes} is true. */
    public Tensor sum(int[] axes, boolean keepAxes) {
        return Sum.sum(this, axes, keepAxes);
    }

    /** The mean over the given axes, which are removed; over all axes if none is given. */
    public Tensor mean(int... axes) {
        return Sum.mean(this, axes, false);
    }

    /** The mean over the given axes, which are kept with size 1 if {@code keepAxes} is true. */
    public Tensor mean(int[] axes, boolean keepAxes) {
        return Sum.mean(this, axes, keepAxes);
    }

    /**
     * The maximum over the given axes, which are removed; over all axes if none is given. Ties pass the gradient to the
     * first.
     */
    public Tensor max(int... axes) {
        return Max.apply(this, axes, false);
    }

    /** The maximum over the given axes, which are kept with size 1 if {@code keepAxes} is true. */
    public Tensor max(int[] axes, boolean keepAxes) {
        return Max.apply(this, axes, keepAxes);
    }

    /** The position of the maximum along an axis, the first one for ties. The axis is removed. */
    public IntTensor argmax(int axis) {
        return Argmax.apply(this, axis, false);
    }

    /**
     * The position of the maximum along an axis, the last one for ties. If there is a NaN, it is the position of the
     * last NaN. The axis is removed.
     */
    public IntTensor argmaxLast(int axis) {
        return Argmax.apply(this, axis, true);
    }

    /**
     * The minimum over the given axes, which are removed; over all axes if none is given. Ties pass the gradient to the
     * first. If there is a NaN, the result is NaN.
     */
    public Tensor min(int... axes) {
        return Min.apply(this, axes, false);
    }

    /** The minimum over the given axes, which are kept with size 1 if {@code keepAxes} is true. */
    public Tensor min(int[] axes, boolean keepAxes) {
        return Min.apply(this, axes, keepAxes);
    }

    /**
     * The position of the minimum along an axis, the first one for ties. If there is a NaN, it is the position of the
     * first NaN. The axis is removed.
     */
    public IntTensor argmin(int axis) {
        return Argmin.apply(this, axis, false);
    }

    /**
     * The position of the minimum along an axis, the last one for ties. If there is a NaN, it is the position of the
     * last NaN. The axis is removed.
     */
    public IntTensor argminLast(int axis) {
        return Argmin.apply(this, axis, true);
    }

    /**
     * The largest {@code k} elements along an axis and their positions, the largest first. Of equal elements, the one
     * with the lower position is first; NaN counts as the largest value. The gradient goes to the elements that were
     * taken.
     *
     * <p>The elements are sorted on the host: the method waits until the device has computed them.
     *
     * @throws ShapeException if {@code k} is below 1 or above the size along the axis
     */
    public TopK topk(int k, int axis) {
        return Topk.apply(this, k, axis);
    }

    /** The product over the given axes, which are removed; over all axes if none is given. Factors may be 0. */
    public Tensor prod(int... axes) {
        return Prod.apply(this, axes, false);
    }

    /** The product over the given axes, which are kept with size 1 if {@code keepAxes} is true. */
    public Tensor prod(int[] axes, boolean keepAxes) {
        return Prod.apply(this, axes, keepAxes);
    }

    /**
     * The unbiased variance over the given axes, {@code sum((x - mean)^2) / (n - 1)}; the axes are removed. It is over
     * all axes if none is given, and NaN for n = 1.
     */
    public Tensor var(int... axes) {
        return Variance.var(this, axes, 1, false);
    }

    /**
     * The variance over the given axes, {@code sum((x - mean)^2) / max(0, n - correction)}.
     *
     * @param axes       the axes to reduce; all of them if empty
     * @param correction 1 for the unbiased estimate of the variance of a population, 0 for the variance of the elements
     * @param keepAxes   whether the axes are kept with size 1
     */
    public Tensor var(int[] axes, int correction, boolean keepAxes) {
        return Variance.var(this, axes, correction, keepAxes);
    }

    /**
     * The standard deviation over the given axes, the square root of {@link #var(int...)}. Where it is 0, so is the
     * gradient.
     */
    public Tensor std(int... axes) {
        return Variance.std(this, axes, 1, false);
    }

    /** The standard deviation over the given axes, the square root of {@link #var(int[], int, boolean)}. */
    public Tensor std(int[] axes, int correction, boolean keepAxes) {
        return Variance.std(this, axes, correction, keepAxes);
    }

    /** {@code log(sum(e^x))} along an axis, which is removed. It does not overflow. */
    public Tensor logSumExp(int axis) {
        return LogSumExp.apply(this, axis);
    }

    // ---- Shape

    /** The same elements in another shape. One size may be -1 and is then computed. Shares memory. */
    public Tensor reshape(int... sizes) {
        return Reshape.apply(this, sizes);
    }

    /** Merges all axes from {@code fromAxis} on; {@code flatten(1)} makes one row per example. Shares memory. */
    public Tensor flatten(int fromAxis) {
        return Reshape.flatten(this, fromAxis);
    }

    /** Reorders the axes: axis i of the result is axis {@code axes[i]} of this tensor. */
    public Tensor permute(int... axes) {
        return Permute.apply(this, axes);
    }

    /** Swaps two axes. */
    public Tensor transpose(int axis, int other) {
        return Permute.transpose(this, axis, other);
    }

    /** Converts {@code (N, C, H, W)} to {@code (N, H, W, C)}. */
    public Tensor toNhwc() {
        return Permute.toNhwc(this);
    }

    /** Converts {@code (N, H, W, C)} to {@code (N, C, H, W)}, the layout that all operations expect. */
    public Tensor toNchw() {
        return Permute.toNchw(this);
    }

    /**
     * The elements from {@code start} to {@code end} (exclusive) along an axis; negative positions count from the end.
     */
    public Tensor slice(int axis, int start, int end) {
        return Slice.apply(this, axis, start, end, 1);
    }

    /**
     * Every {@code step}-th element from {@code start} to {@code end} (exclusive) along an axis; negative positions
     * count from the end. With a negative step, the elements from {@code start} down to {@code end} (exclusive). An
     * {@code end} of -1 is then the last element, as in Python; {@code -size - 1} is before the first one:
     *
     * <pre>{@code
     * Tensor reversed = x.slice(0, -1, -x.size(0) - 1, -1);    // in Python x[::-1]
     * }</pre>
     *
     * @throws ShapeException if the range exceeds the axis or runs against the step, if it is empty and the step is
     *     negative, as by an {@code end} that was meant to be before the first element, or if the step is 0
     */
    public Tensor slice(int axis, int start, int end, int step) {
        return Slice.apply(this, axis, start, end, step);
    }

    /**
     * Reverses the order of the elements along the given axes; without axes, it is a copy.
     *
     * @throws ShapeException if an axis is given twice
     */
    public Tensor flip(int... axes) {
        return Flip.apply(this, axes);
    }

    /**
     * Cuts this tensor along an axis into parts of the given size, in order. The last one is smaller if the size does
     * not divide that of the axis.
     *
     * @throws ShapeException if the size is below 1
     */
    public List<Tensor> split(int axis, int size) {
        return Split.equally(this, axis, size);
    }

    /**
     * Cuts this tensor along an axis into parts of the given sizes, in order.
     *
     * @throws ShapeException if a size is negative, or if the sum of the sizes is not the size of the axis
     */
    public List<Tensor> split(int axis, int... sizes) {
        return Split.apply(this, axis, sizes);
    }

    /**
     * Selects an element along an axis for each index: for {@code axis} 1 of three, {@code y[i, j, k] = x[i, index[i,
     * j, k], k]}. The result has the shape of the indices. The gradient is summed where an index occurs several times.
     *
     * @param indices positions along the axis; as many axes as this tensor, no larger than it along the others
     * @throws ShapeException if the shapes do not fit, or if an index is not a position along the axis
     */
    public Tensor gather(int axis, IntTensor indices) {
        return Gather.gather(this, axis, indices);
    }

    /**
     * Joins the slices at the given positions along an axis, in their order. The gradient is summed where an index
     * occurs several times.
     *
     * @param indices positions along the axis, {@code (count)}
     * @throws ShapeException if the indices have another rank, or if one is not a position along the axis
     */
    public Tensor indexSelect(int axis, IntTensor indices) {
        return Gather.indexSelect(this, axis, indices);
    }

    /** Joins tensors along an axis. Their other sizes must be equal. */
    public static Tensor concat(int axis, Tensor... parts) {
        return Concat.apply(axis, parts);
    }

    /**
     * Joins tensors along a new axis, which is axis {@code axis} of the result.
     *
     * @throws ShapeException if there are no tensors, or if their shapes differ
     */
    public static Tensor stack(int axis, Tensor... parts) {
        return Stack.apply(axis, parts);
    }

    /** Removes those of the given axes, or of all axes if none is given, that have size 1. Shares memory. */
    public Tensor squeeze(int... axes) {
        return Reshape.squeeze(this, axes);
    }

    /** Inserts an axis of size 1, which is axis {@code axis} of the result. Shares memory. */
    public Tensor unsqueeze(int axis) {
        return Reshape.unsqueeze(this, axis);
    }

    /** Adds a border of {@code value}: {@code before[i]} and {@code after[i]} elements along axis i. */
    public Tensor pad(int[] before, int[] after, float value) {
        return Pad.apply(this, before, after, value);
    }

    /** Repeats axes of size 1 and adds leading axes to reach the given shape. */
    public Tensor expand(int... sizes) {
        return Expand.apply(this, Shape.of(sizes));
    }

    // ---- Products

    /**
     * The matrix product of the last two axes, with broadcasting of the others. A vector counts as a row (left) or
     * column (right).
     */
    public Tensor matmul(Tensor other) {
        return Matmul.apply(this, other, false, false);
    }

    /** The matrix product with the last two axes of either factor transposed first, at no cost. */
    public Tensor matmul(Tensor other, boolean transposeThis, boolean transposeOther) {
        return Matmul.apply(this, other, transposeThis, transposeOther);
    }

    /** {@code x w^T + bias}: maps {@code (..., in)} to {@code (..., out)} with a weight {@code (out, in)}. */
    public Tensor linear(Tensor weight, @Nullable Tensor bias) {
        return Linear.apply(this, weight, bias);
    }

    // ---- Images, (N, C, H, W)

    /**
     * Convolution: maps {@code (N, C, H, W)} to {@code (N, O, OH, OW)} with a weight {@code (O, C/groups, KH, KW)}.
     * Options: stride, padding, dilation, groups.
     */
    public Tensor conv2d(Tensor weight, @Nullable Tensor bias, WindowOption... options) {
        return Conv2d.apply(this, weight, bias, options);
    }

    /**
     * Transposed convolution: maps {@code (N, C, H, W)} to {@code (N, O, OH, OW)} with a weight {@code (C, O/groups,
     * KH, KW)}. Options: stride, padding, output padding, dilation, groups.
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
        MaxPool2dResult result = MaxPool2d.apply(this, kernelHeight, kernelWidth, options);
        // The graph holds its own reference to the indices.
        result.indices().close();
        return result.output();
    }

    /** The maximum of each window and its index in the plane, {@code row * W + column}. */
    public MaxPool2dResult maxPool2dWithIndices(int kernelHeight, int kernelWidth, WindowOption... options) {
        return MaxPool2d.apply(this, kernelHeight, kernelWidth, options);
    }

    /**
     * The mean of each window. Options: stride (by default the window), padding, dilation, ceil mode, whether padding
     * counts.
     */
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

    /** The maximum of each plane: {@code (N, C, H, W)} to {@code (N, C, 1, 1)}. */
    public Tensor globalMaxPool2d() {
        return GlobalMaxPool2d.apply(this);
    }

    /** The mean of each window, with windows chosen such that the output has the given size. */
    public Tensor adaptiveAvgPool2d(int outHeight, int outWidth) {
        return AdaptiveAvgPool2d.apply(this, outHeight, outWidth);
    }

    /** Writes the input of a convolution as a matrix: {@code (N, C, H, W)} to {@code (N, C*KH*KW, OH*OW)}. */
    public Tensor im2col(int kernelHeight, int kernelWidth, WindowOption... options) {
        return Im2Col.im2col(this, kernelHeight, kernelWidth, options);
    }

    /** The transpose of {@link #im2col}: sums the columns into images {@code (N, C, height, width)}. */
    public Tensor col2im(int height, int width, int kernelHeight, int kernelWidth, WindowOption... options) {
        return Im2Col.col2im(this, height, width, kernelHeight, kernelWidth, options);
    }

    /**
     * Batch normalisation per channel of {@code (N, C, ...)} (Ioffe and Szegedy, 2015).
     *
     * @param training true to use the statistics of the batch and update the running ones in place; false to use the
     *     running ones
     * @param momentum the weight of the batch in the update of the running statistics, from 0 to 1
     * @param epsilon  added to the variance; above 0
     */
    public Tensor batchNorm2d(
            Tensor gamma,
            Tensor beta,
            @Nullable Tensor runningMean,
            @Nullable Tensor runningVariance,
            boolean training,
            float momentum,
            float epsilon) {
        return BatchNorm2d.apply(
                this, new BatchNorm2d.Settings(gamma, beta, runningMean, runningVariance, training, momentum, epsilon));
    }

    /**
     * Group normalisation of {@code (N, C, ...)} (Wu and He, 2018): splits the channels of each example into groups and
     * computes {@code (x - mean) / sqrt(variance + epsilon) * weight + bias}, with the mean and the biased variance of
     * the group. A group of one element gives the bias.
     *
     * @param weight  {@code (C)}, or null for 1
     * @param bias    {@code (C)}, or null for 0
     * @param epsilon finite and above 0; usually 1e-5
     * @throws ShapeException if the shapes do not fit, or if the groups do not divide the channels
     */
    public Tensor groupNorm(int groups, @Nullable Tensor weight, @Nullable Tensor bias, float epsilon) {
        return GroupNorm.groups(this, groups, weight, bias, epsilon);
    }

    /**
     * Layer normalisation (Ba et al., 2016): {@link #groupNorm} of all elements along the last axes.
     *
     * @param normalized the sizes of these axes, at least one
     * @param weight     of the same shape, or null for 1
     * @param bias       of the same shape, or null for 0
     * @param epsilon    finite and above 0; usually 1e-5
     * @throws ShapeException if the shapes do not fit
     */
    public Tensor layerNorm(Shape normalized, @Nullable Tensor weight, @Nullable Tensor bias, float epsilon) {
        return GroupNorm.layers(this, normalized, weight, bias, epsilon);
    }

    /**
     * Instance normalisation of images (Ulyanov et al., 2016): {@link #groupNorm} with one channel per group, by the
     * statistics of each image in training and evaluation.
     *
     * @param weight  {@code (C)}, or null for 1
     * @param bias    {@code (C)}, or null for 0
     * @param epsilon finite and above 0; usually 1e-5
     * @throws ShapeException if the shapes do not fit, or if the images have only one pixel
     */
    public Tensor instanceNorm2d(@Nullable Tensor weight, @Nullable Tensor bias, float epsilon) {
        return GroupNorm.instances(this, weight, bias, epsilon);
    }

    /**
     * Local response normalisation of {@code (N, C, ...)} (Krizhevsky et al., 2012): {@code x / (k + alpha * m)^beta}
     * with the mean m of the squares over {@code size} neighbouring channels, from {@code size / 2} channels before to
     * {@code (size - 1) / 2} after. Channels that do not exist count as 0. As in PyTorch, {@code alpha} is divided by
     * the size; the paper does not divide it.
     *
     * @throws ShapeException if there are fewer than three axes, or if the size is below 1
     */
    public Tensor localResponseNorm(int size, float alpha, float beta, float k) {
        return LocalResponseNorm.apply(this, size, alpha, beta, k);
    }

    /** Resizes images to the given height and width, larger or smaller. */
    public Tensor upsample(int outHeight, int outWidth, Interpolation mode) {
        return Upsample.apply(this, Upsample.Extent.ofPixels(outHeight), Upsample.Extent.ofPixels(outWidth), mode);
    }

    /**
     * Resizes images by a factor, for instance 2 or 0.5. The size of the output is rounded down. As in PyTorch and
     * ONNX, positions are computed with the factor itself, not with the ratio of the sizes.
     *
     * @throws ShapeException if the scale is not finite and above 0, or if the output would be empty
     */
    public Tensor upsampleBy(double scale, Interpolation mode) {
        return upsampleBy(scale, scale, mode);
    }

    /** Resizes images by separate factors for height and width. */
    public Tensor upsampleBy(double scaleHeight, double scaleWidth, Interpolation mode) {
        return Upsample.apply(this, Upsample.Extent.ofScale(scaleHeight), Upsample.Extent.ofScale(scaleWidth), mode);
    }

    /**
     * Arranges channels as larger images (Shi et al., 2016): maps {@code (N, C * factor^2, H, W)} to {@code (N, C, H *
     * factor, W * factor)}. Pixel (y, x) of channel c is pixel {@code (y / factor, x / factor)} of channel {@code (c *
     * factor + y % factor) * factor + x % factor}.
     *
     * @throws ShapeException if the square of the factor does not divide the number of channels
     */
    public Tensor pixelShuffle(int factor) {
        return PixelShuffle.apply(this, factor);
    }

    /**
     * Pads images with their mirror image. The outermost pixels are not repeated: row -1 is row 1. {@code reflect} in
     * PyTorch, ONNX and NumPy.
     *
     * @throws ShapeException if the padding on a side is not smaller than the image
     */
    public Tensor padReflect(int top, int bottom, int left, int right) {
        return ImagePad.REFLECT.apply(this, Padding.of(top, bottom, left, right));
    }

    /** Pads images with their nearest pixel. {@code replicate} in PyTorch, {@code edge} in ONNX and NumPy. */
    public Tensor padEdge(int top, int bottom, int left, int right) {
        return ImagePad.EDGE.apply(this, Padding.of(top, bottom, left, right));
    }

    // ---- Losses

    /** The mean cross-entropy of logits {@code (N, classes, ...)} against labels {@code (N, ...)}. */
    public Tensor crossEntropy(IntTensor labels) {
        return CrossEntropy.apply(this, labels, ClassificationOptions.DEFAULT);
    }

    /** Cross-entropy with another reduction, an ignored label, label smoothing or class weights. */
    public Tensor crossEntropy(IntTensor labels, ClassificationOptions options) {
        return CrossEntropy.apply(this, labels, options);
    }

    /** Cross-entropy, and the predicted class of each example from the same pass over the logits. */
    public CrossEntropyResult crossEntropyWithPredictions(IntTensor labels, ClassificationOptions options) {
        return CrossEntropy.withPredictions(this, labels, options);
    }

    /**
     * The mean negative log-likelihood of log-probabilities {@code (N, classes, ...)} against labels {@code (N, ...)}.
     */
    public Tensor nll(IntTensor labels) {
        return Nll.apply(this, labels, ClassificationOptions.DEFAULT);
    }

    /** Negative log-likelihood with another reduction, an ignored label or class weights. */
    public Tensor nll(IntTensor labels, ClassificationOptions options) {
        return Nll.apply(this, labels, options);
    }

    /** The mean squared difference to a tensor of the same shape. */
    public Tensor mse(Tensor target) {
        return Mse.apply(this, target, LossReduction.MEAN);
    }

    /** The squared difference to a tensor of the same shape, combined as requested. */
    public Tensor mse(Tensor target, LossReduction reduction) {
        return Mse.apply(this, target, reduction);
    }

    /**
     * The mean Huber loss with delta 1: {@code d^2 / 2} for differences d from -1 to 1, {@code |d| - 1 / 2} elsewhere
     * (Huber, 1964).
     */
    public Tensor huber(Tensor target) {
        return Huber.apply(this, target, 1, LossReduction.MEAN);
    }

    /**
     * The Huber loss: {@code d^2 / 2} for differences d from -delta to delta, {@code delta (|d| - delta / 2)} elsewhere.
     *
     * @throws ShapeException if the shapes differ or delta is not above 0
     */
    public Tensor huber(Tensor target, float delta, LossReduction reduction) {
        return Huber.apply(this, target, delta, reduction);
    }

    /** The mean binary cross-entropy of the sigmoid of these logits against targets from 0 to 1 of the same shape. */
    public Tensor binaryCrossEntropyWithLogits(Tensor targets) {
        return BinaryCrossEntropy.withLogits(this, targets, null, LossReduction.MEAN);
    }

    /**
     * The binary cross-entropy of the sigmoid of these logits against targets from 0 to 1 of the same shape.
     *
     * @param positiveWeight weights of the targets 1, broadcast to the logits; null for 1
     * @throws ShapeException if the shapes do not fit
     */
    public Tensor binaryCrossEntropyWithLogits(
            Tensor targets, @Nullable Tensor positiveWeight, LossReduction reduction) {
        return BinaryCrossEntropy.withLogits(this, targets, positiveWeight, reduction);
    }

    /**
     * The focal loss of these logits against targets 0 and 1 of the same shape (Lin et al., 2017): the binary
     * cross-entropy times {@code a (1 - p)^gamma}, where p is the probability of the target. As in torchvision's {@code
     * sigmoid_focal_loss}.
     *
     * @param alpha the factor a of targets 1; that of targets 0 is 1 - alpha. Negative for no factors; usually 0.25
     * @param gamma at least 0; usually 2
     */
    public Tensor focalLoss(Tensor targets, float alpha, float gamma, LossReduction reduction) {
        return FocalLoss.apply(this, targets, alpha, gamma, reduction);
    }

    /**
     * The soft Dice loss of these logits {@code (N, ...)} against targets from 0 to 1 of the same shape, per example
     * {@code 1 - (2 sum(p t) + smooth) / (sum(p) + sum(t) + smooth)} with the sigmoid p (Sudre et al., 2017).
     *
     * @param smooth at least 0; usually 1
     */
    public Tensor diceLoss(Tensor targets, float smooth, LossReduction reduction) {
        return DiceLoss.apply(this, targets, smooth, reduction);
    }

    // ---- Memory

    private static Tensor allocate(Device device, Shape shape) {
        return Internals.allocate(device, shape);
    }

    /** For {@link Internals}: returns the memory. */
    Storage storage() {
        requireOpen();
        return storage;
    }

    /** For {@link Internals}. */
    Gradient gradient() {
        return gradient;
    }

    private void requireOpen() {
        if (closed) {
            throw new StriateException(
                    "this tensor of shape " + shape + " was closed, by close() or at the end of its Scope;"
                            + " Scope.keep() carries a tensor out of a Scope");
        }
    }

    /** Returns whether the tensor was closed, by {@link #close} or at the end of its {@link Scope}. */
    public boolean isClosed() {
        return closed;
    }

    /**
     * Releases the memory of this tensor and of its gradient. Values that are saved for a backward pass are kept until
     * it has run.
     */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Scope.forget(this);
            storage.drop();
            gradient.close();
        }
    }

    // ---- Printing

    /** Returns shape, device and values; long axes are shortened. */
    @Override
    public String toString() {
        String head = "Tensor" + shape + " on " + device;
        if (closed) {
            return head + ", closed";
        }
        StringBuilder text = new StringBuilder(head).append(' ');
        print(text, toFloatArray(), 0, 0);
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
