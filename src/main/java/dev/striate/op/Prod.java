package dev.striate.op;

import dev.striate.Shape;
import dev.striate.Tensor;
import java.util.stream.IntStream;

/**
 * The product over axes, made of element-wise products of the first half of the factors and the second. The gradient of
 * a factor is the product of the others: nothing is divided by it, and it may be 0.
 */
public final class Prod {

    private Prod() {}

    /** @param axes the axes to reduce; all of them if empty */
    public static Tensor apply(Tensor x, int[] axes, boolean keepAxes) {
        ReduceLoops loops = ReduceLoops.of("prod", x.shape(), axes, keepAxes);
        Shape output = loops.output();
        boolean[] reduced = ReduceLoops.reduced("prod", x.shape(), axes);
        int rank = x.shape().rank();
        int[] order = IntStream.concat(
                        IntStream.range(0, rank).filter(axis -> reduced[axis]),
                        IntStream.range(0, rank).filter(axis -> !reduced[axis]))
                .toArray();
        try (Tensor permuted = x.permute(order);
                Tensor rows = permuted.reshape(loops.reduced().turns(), output.elements());
                Tensor product = ofRows(rows)) {
            return product.reshape(output.toArray());
        }
    }

    /** {@code (rows, columns)} to {@code (1, columns)}. */
    private static Tensor ofRows(Tensor x) {
        int rows = x.size(0);
        if (rows == 0) {
            try (Tensor zeros = x.sum(new int[] {0}, true)) {
                return zeros.add(1);
            }
        }
        if (rows == 1) {
            return x.reshape(1, -1);
        }
        int half = rows / 2;
        Tensor product;
        try (Tensor first = x.slice(0, 0, half);
                Tensor second = x.slice(0, half, 2 * half);
                Tensor products = first.mul(second)) {
            product = ofRows(products);
        }
        if (rows % 2 == 0) {
            return product;
        }
        try (product;
                Tensor last = x.slice(0, rows - 1, rows)) {
            return product.mul(last);
        }
    }
}
