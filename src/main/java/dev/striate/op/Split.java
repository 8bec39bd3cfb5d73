package dev.striate.op;

import dev.striate.ShapeException;
import dev.striate.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Cuts a tensor along an axis into slices, which are copies. */
public final class Split {

    private Split() {}

    /**
     * Parts of equal size; the last one is smaller if the size does not divide that of x.
     *
     * @throws ShapeException if the size is below 1
     */
    public static List<Tensor> equally(Tensor x, int axis, int size) {
        int along = x.shape().axis("split", axis);
        if (size < 1) {
            throw new ShapeException("split: expected parts of at least 1 along axis " + axis + ", got " + size);
        }
        int whole = x.size(along);
        int[] sizes = new int[Math.max(0, whole - 1) / size + 1];
        Arrays.fill(sizes, size);
        sizes[sizes.length - 1] = whole - (sizes.length - 1) * size;
        return apply(x, along, sizes);
    }

    /** @throws ShapeException if a size is negative, or if the sum of the sizes is not the size of x */
    public static List<Tensor> apply(Tensor x, int axis, int... sizes) {
        int along = x.shape().axis("split", axis);
        if (Arrays.stream(sizes).anyMatch(size -> size < 0)
                || Arrays.stream(sizes).asLongStream().sum() != x.size(along)) {
            throw new ShapeException("split: expected sizes of at least 0 with the sum " + x.size(along)
                    + ", the size of " + x.shape() + " along axis " + axis + ", got " + Arrays.toString(sizes));
        }
        List<Tensor> parts = new ArrayList<>();
        int start = 0;
        for (int size : sizes) {
            parts.add(x.slice(along, start, start + size));
            start += size;
        }
        return List.copyOf(parts);
    }
}
