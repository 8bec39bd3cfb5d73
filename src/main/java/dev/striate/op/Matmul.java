package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.kernels;
import static dev.striate.internal.Internals.requireSameDevice;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import dev.striate.backend.MatmulGeometry;
import dev.striate.backend.StridedLoop;
import java.util.Arrays;

/**
 * The matrix product of the last two axes, {@code (..., m, k)} times {@code (..., k, n)} to {@code (..., m, n)}; the
 * leading axes broadcast. Either factor can be transposed. A vector on the left counts as a row, on the right as a
 * column, and its axis is removed from the result. For {@code C = A B}: {@code dA = dC B^T}, {@code dB = A^T dC}.
 */
public final class Matmul {

    private Matmul() {}

    /** @throws ShapeException if the shapes do not fit, or if a factor is a scalar or a transposed vector */
    public static Tensor apply(Tensor a, Tensor b, boolean transposeA, boolean transposeB) {
        requireSameDevice("matmul", a, b);
        int rankA = a.shape().rank();
        int rankB = b.shape().rank();
        if (rankA == 0 || rankB == 0 || (rankA == 1 && transposeA) || (rankB == 1 && transposeB)) {
            throw misfit(
                    a,
                    b,
                    transposeA,
                    transposeB,
                    "expected matrices, batches of matrices, or vectors that are not transposed");
        }
        if (rankA == 1) {
            try (Tensor row = a.reshape(1, a.size(0));
                    Tensor product = apply(row, b, false, transposeB)) {
                return dropAxis(product, rankB == 1 ? -1 : -2);
            }
        }
        if (rankB == 1) {
            try (Tensor column = b.reshape(b.size(0), 1);
                    Tensor product = apply(a, column, transposeA, false)) {
                return dropAxis(product, -1);
            }
        }
        if (rankA > 2 && rankB == 2 && !transposeA && a.size(-1) > 0) {
            // All matrices of the batch have the same right factor, so this is one product with more rows.
            int[] sizes = a.shape().toArray();
            try (Tensor rows = a.reshape(-1, sizes[rankA - 1]);
                    Tensor product = product(rows, b, false, transposeB)) {
                sizes[rankA - 1] = product.size(1);
                return product.reshape(sizes);
            }
        }
        return product(a, b, transposeA, transposeB);
    }

    private static Tensor dropAxis(Tensor x, int axis) {
        int dropped = x.shape().axis(axis);
        int[] sizes = new int[x.shape().rank() - 1];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = x.size(i < dropped ? i : i + 1);
        }
        return x.reshape(sizes);
    }

    private static Tensor product(Tensor a, Tensor b, boolean transposeA, boolean transposeB) {
        Shape sa = a.shape();
        Shape sb = b.shape();
        int m = sa.size(transposeA ? -1 : -2);
        int k = sa.size(transposeA ? -2 : -1);
        int n = sb.size(transposeB ? -2 : -1);
        if (sb.size(transposeB ? -1 : -2) != k) {
            throw misfit(
                    a,
                    b,
                    transposeA,
                    transposeB,
                    "the inner sizes " + k + " and " + sb.size(transposeB ? -1 : -2) + " differ");
        }
        Shape batchA = batch(sa);
        Shape batchB = batch(sb);
        Shape batch = Shape.broadcast("matmul", batchA, batchB);
        int[] sizes = Arrays.copyOf(batch.toArray(), batch.rank() + 2);
        sizes[batch.rank()] = m;
        sizes[batch.rank() + 1] = n;
        StridedLoop loop = StridedLoop.of(
                batch.toArray(),
                scaled(batchA.broadcastStrides(batch), m * k),
                scaled(batchB.broadcastStrides(batch), k * n));
        MatmulGeometry g = new MatmulGeometry(loop, m, n, k, transposeA, transposeB);
        Tensor c = allocate(a.device(), Shape.of(sizes));
        if (k == 0) {
            c.fill(0);
        } else {
            kernels(c).matmul().forward(g, buffer(a), buffer(b), null, buffer(c));
        }
        return Recorder.of("matmul", c)
                .input(a, (dc, saved) -> Sum.to(gradientOfA(dc, saved.get(0), transposeA, transposeB), sa), b)
                .input(b, (dc, saved) -> Sum.to(gradientOfB(saved.get(0), dc, transposeA, transposeB), sb), a)
                .record();
    }

    private static Tensor gradientOfA(Tensor dc, Tensor b, boolean transposeA, boolean transposeB) {
        return transposeA ? product(b, dc, transposeB, true) : product(dc, b, false, !transposeB);
    }

    private static Tensor gradientOfB(Tensor a, Tensor dc, boolean transposeA, boolean transposeB) {
        return transposeB ? product(dc, a, true, transposeA) : product(a, dc, !transposeA, false);
    }

    private static Shape batch(Shape matrices) {
        return Shape.of(Arrays.copyOf(matrices.toArray(), matrices.rank() - 2));
    }

    private static int[] scaled(int[] strides, int factor) {
        for (int i = 0; i < strides.length; i++) {
            strides[i] *= factor;
        }
        return strides;
    }

    private static ShapeException misfit(Tensor a, Tensor b, boolean transposeA, boolean transposeB, String reason) {
        return new ShapeException("matmul: " + a.shape() + (transposeA ? " transposed" : "") + " times " + b.shape()
                + (transposeB ? " transposed" : "") + ": " + reason);
    }
}
