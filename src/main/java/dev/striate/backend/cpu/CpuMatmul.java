package dev.striate.backend.cpu;

import dev.striate.backend.Buffer;
import dev.striate.backend.MatmulGeometry;
import dev.striate.backend.MatmulKernels;
import dev.striate.backend.cpu.simd.SimdKernels;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Matrix products: {@link CpuGemm}, but for those in which packing an operand would cost more than the product itself.
 * Which way one is computed depends on its shape alone.
 */
final class CpuMatmul implements MatmulKernels {

    /** Up to this many multiply-adds per product, even a call of a vectorized loop costs more than it brings. */
    private static final long SMALL = 512;
    /** Up to this many rows, the dot products of lines of A with lines of B are computed where these lie. */
    private static final int FEW_ROWS = 4;

    private final CpuContext context;
    private final CpuThreads threads;
    private final SimdKernels simd;
    private final CpuGemm gemm;

    CpuMatmul(CpuContext context, CpuGemm gemm) {
        this.context = context;
        this.threads = context.threads();
        this.simd = context.simd();
        this.gemm = gemm;
    }

    @Override
    public void forward(MatmulGeometry g, Buffer a, Buffer b, @Nullable Buffer bias, Buffer c) {
        CpuProduct product =
                new CpuProduct(g, CpuBuffer.of(a), CpuBuffer.of(b), CpuBuffer.ofNullable(bias), CpuBuffer.of(c));
        long work = (long) g.m() * g.n() * g.k();
        boolean linesByLines = g.m() <= FEW_ROWS && product.aDepth == 1 && product.bDepth == 1;
        if (work <= SMALL) {
            threads.forRange(
                    product.items, product.items * (work + 20), (from, to) -> multiplyUnpacked(product, from, to));
        } else if (linesByLines || g.m() == 1) {
            CpuThreads.Range columns = (from, to) -> {
                if (linesByLines) {
                    multiplyLines(product, from, to);
                } else {
                    addLines(product, from, to);
                }
            };
            long nanos = (long) (product.items * work / context.speeds().streamed());
            threads.forRange(Math.multiplyExact(product.items, g.n()), nanos, columns);
        } else {
            gemm.run(product);
        }
    }

    /** Some columns, counted through all products: each row's dot products with lines of B. */
    private void multiplyLines(CpuProduct product, int from, int to) {
        float[] scratch = gemm.tile();
        for (int i = from, end; i < to; i = end) {
            int item = i / product.columns;
            int column = i % product.columns;
            end = Math.min(to, (item + 1) * product.columns);
            for (int row = 0; row < product.rows; row++) {
                int at = product.cStart(item) + row * product.columns + column;
                simd.products()
                        .dots(
                                end - i,
                                product.depth,
                                product.a,
                                product.aStart(item) + row * product.aRow,
                                product.b,
                                product.bStart(item) + column * product.bColumn,
                                product.bColumn,
                                product.c,
                                at,
                                scratch);
                if (product.bias != null) {
                    simd.elementwise()
                            .add(
                                    end - i,
                                    product.c,
                                    at,
                                    product.bias.array,
                                    product.bias.offset + column,
                                    product.c,
                                    at);
                }
            }
        }
    }

    /** Some columns, counted through all products of one row each: that row is a sum of lines of B. */
    private void addLines(CpuProduct product, int from, int to) {
        for (int i = from, end; i < to; i = end) {
            int item = i / product.columns;
            int column = i % product.columns;
            end = Math.min(to, (item + 1) * product.columns);
            int at = product.cStart(item) + column;
            int line = product.bStart(item) + column;
            if (product.bias == null) {
                Arrays.fill(product.c, at, at + end - i, 0f);
            } else {
                System.arraycopy(product.bias.array, product.bias.offset + column, product.c, at, end - i);
            }
            for (int p = 0; p < product.depth; p++, line += product.bDepth) {
                simd.elementwise()
                        .addScaled(end - i, product.a[product.aStart(item) + p], product.b, line, product.c, at);
            }
        }
    }

    /** The products of some items, element by element. */
    private static void multiplyUnpacked(CpuProduct product, int fromItem, int toItem) {
        for (int item = fromItem; item < toItem; item++) {
            int aStart = product.aStart(item);
            int bStart = product.bStart(item);
            int to = product.cStart(item);
            for (int row = 0; row < product.rows; row++) {
                for (int column = 0; column < product.columns; column++) {
                    double sum = Sums.dot(
                            product.a,
                            aStart + row * product.aRow,
                            product.aDepth,
                            0,
                            product.b,
                            bStart + column * product.bColumn,
                            product.bDepth,
                            product.depth);
                    CpuBuffer bias = product.bias;
                    product.c[to++] = (float) (bias == null ? sum : sum + bias.array[bias.offset + column]);
                }
            }
        }
    }
}
