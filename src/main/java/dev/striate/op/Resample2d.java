package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.kernels;

import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import dev.striate.backend.Resample2dGeometry;
import dev.striate.backend.SparseMatrix;

/**
 * Images whose pixels are interpolated between those of others, row by row and column by column: {@code y = A x B^T}
 * for each plane, with sparse matrices A and B, and {@code dx = A^T dy B}.
 */
final class Resample2d {

    private Resample2d() {}

    /**
     * @param operation the name for messages
     * @param x         {@code (N, C, H, W)}
     * @param rows      where each row of the output lies in the input, from 0 to H - 1
     * @param columns   the same for columns
     */
    static Tensor apply(String operation, Tensor x, double[] rows, double[] columns) {
        Shape image = x.shape();
        Resample2dGeometry g = new Resample2dGeometry(
                image.size(0) * image.size(1),
                SparseMatrix.interpolation(image.size(2), rows),
                SparseMatrix.interpolation(image.size(3), columns));
        Tensor y = run(g, x, Shape.of(image.size(0), image.size(1), rows.length, columns.length));
        return Recorder.of(operation, y)
                .input(x, (dy, saved) -> run(g.transposed(), dy, image))
                .record();
    }

    private static Tensor run(Resample2dGeometry g, Tensor x, Shape shape) {
        Tensor y = allocate(x.device(), shape);
        kernels(x).resample2d().apply(g, buffer(x), buffer(y));
        return y;
    }
}
