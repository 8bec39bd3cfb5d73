package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.kernels;

import dev.striate.DeviceException;
import dev.striate.IntTensor;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import dev.striate.backend.GatherGeometry;

/**
 * Selects elements or slices along an axis by their indices. The gradient of an element is the sum over its
 * occurrences, in their order.
 */
public final class Gather {

    private Gather() {}

    /**
     * The result has the shape of {@code indices}; each of its elements is that of x at the same place, but with the
     * index as the position along the axis.
     *
     * @throws ShapeException if the ranks differ, if {@code indices} is larger than x along another axis, or if an
     *     index is not a position
     */
    public static Tensor gather(Tensor x, int axis, IntTensor indices) {
        requireSameDevice("gather", x, indices);
        int along = x.shape().axis("gather", axis);
        int rank = x.shape().rank();
        boolean fits = indices.shape().rank() == rank;
        for (int other = 0; fits && other < rank; other++) {
            fits = other == along || indices.shape().size(other) <= x.size(other);
        }
        if (!fits) {
            throw new ShapeException("gather: expected indices of rank " + rank + ", no larger than " + x.shape()
                    + " along the axes other than " + along + ", got " + indices.shape());
        }
        return alongNarrowed(x, along, indices);
    }

    /** Cuts x to the sizes of the indices along the other axes, one after the other. */
    private static Tensor alongNarrowed(Tensor x, int axis, IntTensor indices) {
        for (int other = 0; other < x.shape().rank(); other++) {
            int size = indices.shape().size(other);
            if (other != axis && size < x.size(other)) {
                try (Tensor part = x.slice(other, 0, size)) {
                    return alongNarrowed(part, axis, indices);
                }
            }
        }
        return apply("gather", x, axis, indices, indices.shape(), false);
    }

    /**
     * The slices of x at the indices along the axis, one after the other.
     *
     * @param indices {@code (count)}
     * @throws ShapeException if {@code indices} has another rank, or if an index is not a position
     */
    public static Tensor indexSelect(Tensor x, int axis, IntTensor indices) {
        requireSameDevice("indexSelect", x, indices);
        int along = x.shape().axis("indexSelect", axis);
        if (indices.shape().rank() != 1) {
            throw new ShapeException("indexSelect: expected indices of rank 1, got " + indices.shape());
        }
        int[] sizes = x.shape().toArray();
        sizes[along] = indices.shape().elements();
        return apply("indexSelect", x, along, indices, Sizes.shape("indexSelect", sizes), true);
    }

    /**
     * @param shape  the shape of the result
     * @param shared see {@link GatherGeometry}
     */
    static Tensor apply(String operation, Tensor x, int axis, IntTensor indices, Shape shape, boolean shared) {
        requireWithin(operation, "index", indices, x.size(axis), "positions along axis " + axis);
        GatherGeometry g = new GatherGeometry(Softmax.geometry(operation, x.shape(), axis), shape.size(axis), shared);
        Shape whole = x.shape();
        Tensor y = allocate(x.device(), shape);
        kernels(y).gather().forward(g, buffer(x), buffer(indices), buffer(y));
        return Recorder.of(operation, y)
                .input(
                        x,
                        (dy, saved) -> {
                            Tensor dx = allocate(dy.device(), whole);
                            kernels(dy).gather().gradient(g, buffer(dy), buffer(saved.integers(0)), buffer(dx));
                            return dx;
                        },
                        new IntTensor[] {indices})
                .record();
    }

    private static void requireSameDevice(String operation, Tensor x, IntTensor indices) {
        if (indices.device() != x.device()) {
            throw new DeviceException(operation + ": the tensor is on " + x.device() + ", the indices on "
                    + indices.device() + "; move one with to(device)");
        }
    }

    /** @throws ShapeException naming the first index that is not from 0 to size-1 */
    static void requireWithin(String operation, String name, IntTensor indices, int size, String places) {
        if (indices.least() >= 0 && indices.greatest() < size) {
            return;
        }
        // The bounds need not be reached. In the usual case, nothing is read from the device.
        int[] values = indices.toIntArray();
        for (int i = 0; i < values.length; i++) {
            if (values[i] < 0 || values[i] >= size) {
                throw new ShapeException(operation + ": " + name + " " + values[i] + " at position " + i
                        + " is not one of the " + size + " " + places + ", 0 .. " + (size - 1));
            }
        }
    }
}
