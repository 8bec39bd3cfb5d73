package dev.striate;

import dev.striate.backend.Backend;
import dev.striate.backend.IndexBuffer;
import dev.striate.internal.References;
import dev.striate.op.OneHot;

/**
 * A dense, row-major array of 32-bit integers on a device, such as labels or positions of maxima. It has no arithmetic
 * and no gradients.
 */
public final class IntTensor extends ScopedResource {

    private final Device device;
    private final Shape shape;
    private final IndexBuffer buffer;
    private final References references;
    private final int least;
    private final int greatest;
    private boolean closed;

    private IntTensor(Device device, Shape shape, IndexBuffer buffer, References references, int least, int greatest) {
        this.device = device;
        this.shape = shape;
        this.buffer = buffer;
        this.references = references;
        this.least = least;
        this.greatest = greatest;
    }

    /**
     * Returns a tensor with the given values in row-major order.
     *
     * @throws ShapeException if the number of values is not that of the shape's elements
     */
    public static IntTensor of(Device device, Shape shape, int... values) {
        if (values.length != shape.elements()) {
            throw new ShapeException("IntTensor.of: shape " + shape + " has " + shape.elements() + " elements, got "
                    + values.length + " values");
        }
        int least = Integer.MAX_VALUE;
        int greatest = Integer.MIN_VALUE;
        for (int value : values) {
            least = Math.min(least, value);
            greatest = Math.max(greatest, value);
        }
        IntTensor tensor = allocate(device, shape, least, greatest);
        device.backend().write(values, 0, tensor.buffer());
        return tensor;
    }

    /** Returns a tensor of rank 1. */
    public static IntTensor of(Device device, int... values) {
        return of(device, Shape.of(values.length), values);
    }

    /** For {@link dev.striate.internal.Internals}. */
    static IntTensor allocate(Device device, Shape shape, int least, int greatest) {
        Backend backend = device.backend();
        IndexBuffer buffer = backend.allocateIndices(shape.elements());
        References references = new References(() -> backend.release(buffer));
        IntTensor tensor = new IntTensor(device, shape, buffer, references, least, greatest);
        Scope.adopt(tensor);
        return tensor;
    }

    /** For {@link dev.striate.internal.Internals}. */
    IntTensor share() {
        requireOpen();
        references.retain();
        return new IntTensor(device, shape, buffer, references, least, greatest);
    }

    public Device device() {
        return device;
    }

    public Shape shape() {
        return shape;
    }

    /** Returns a lower bound of the values. */
    public int least() {
        return least;
    }

    /** Returns an upper bound of the values. */
    public int greatest() {
        return greatest;
    }

    /** For {@link dev.striate.internal.Internals}. */
    IndexBuffer buffer() {
        requireOpen();
        return buffer;
    }

    private void requireOpen() {
        if (closed) {
            throw new StriateException(
                    "this IntTensor " + shape + " was closed, by close() or at the end of its Scope");
        }
    }

    /** Returns the values in row-major order. Waits until the device has computed them. */
    public int[] toIntArray() {
        int[] values = new int[shape.elements()];
        device.backend().read(buffer(), values, 0);
        return values;
    }

    /**
     * Returns the tensor {@code (..., classes)} that is 1 where the position along the last axis is the integer, and 0
     * elsewhere.
     *
     * @throws ShapeException if an integer is not from 0 to {@code classes - 1}
     */
    public Tensor oneHot(int classes) {
        return OneHot.apply(this, classes);
    }

    /** Returns a copy on another device, or this tensor if it is already there. */
    public IntTensor to(Device target) {
        if (target == device) {
            return this;
        }
        IntTensor copy = allocate(target, shape, least, greatest);
        target.backend().write(toIntArray(), 0, copy.buffer());
        return copy;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Scope.forget(this);
            references.drop();
        }
    }

    @Override
    public String toString() {
        return "IntTensor" + shape + " on " + device;
    }
}
