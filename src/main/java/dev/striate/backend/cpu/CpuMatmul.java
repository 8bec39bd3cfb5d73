package dev.striate.backend.cpu;

import dev.striate.backend.Buffer;
import dev.striate.backend.MatmulGeometry;
import dev.striate.backend.MatmulKernels;
import dev.striate.backend.StridedLoop;
import dev.striate.backend.cpu.simd.SimdKernels;
import org.jspecify.annotations.Nullable;

/** Matrix products: {@link CpuGemm} for all but the smallest. Transposing only changes how panels are packed. */
final class CpuMatmul implements MatmulKernels {

    /** Up to this many multiply-adds per product, packing costs more than it brings. */
    private static final long SMALL = 2048;

    /** Multiply-adds per nanosecond where both operands come from memory, a low guess. */
    private static final int DOT_SPEED = 8;

    private final CpuThreads threads;
    private final SimdKernels simd;
    private final CpuGemm gemm;

    CpuMatmul(CpuContext context, CpuGemm gemm) {
        this.threads = context.threads();
        this.simd = context.simd();
        this.gemm = gemm;
    }

    @Override
    public void forward(MatmulGeometry g, Buffer a, Buffer b, @Nullable Buffer bias, Buffer c) {
        Product product = new Product(
                g, CpuBuffer.of(a), CpuBuffer.of(b), bias == null ? null : CpuBuffer.of(bias), CpuBuffer.of(c));
        long work = (long) g.m() * g.n() * g.k();
        if (work <= SMALL) {
            threads.forRange(product.items, product.items * (work + 20), product::multiplyUnpacked);
        } else if (g.m() == 1 && g.transposeB()) {
            // A single row: nothing that packing would let one read twice.
            int all = Math.multiplyExact(product.items, g.n());
            threads.forRange(all, product.items * work / DOT_SPEED, (from, to) -> product.multiplyRow(simd, from, to));
        } else {
            gemm.run(product);
        }
    }

    private static final class Product extends CpuProduct {

        private final StridedLoop batch;
        private final int depth;
        private final CpuBuffer a;
        private final CpuBuffer b;
        private final int aRow;
        private final int aDepth;
        private final int bColumn;
        private final int bDepth;
        private final int base;
        private final float[] output;
        private final @Nullable CpuBuffer bias;

        Product(MatmulGeometry g, CpuBuffer a, CpuBuffer b, @Nullable CpuBuffer bias, CpuBuffer c) {
            super(g.batch().turns(), g.m(), g.n());
            this.batch = g.batch();
            this.depth = g.k();
            this.a = a;
            this.b = b;
            this.aRow = g.transposeA() ? 1 : g.k();
            this.aDepth = g.transposeA() ? g.m() : 1;
            this.bColumn = g.transposeB() ? g.k() : 1;
            this.bDepth = g.transposeB() ? 1 : g.n();
            this.base = c.offset;
            this.output = c.array;
            this.bias = bias;
        }

        @Override
        int depth(int item) {
            return depth;
        }

        @Override
        void packRows(int item, int first, int count, int from, int length, float[] target, int at, int width) {
            int start = a.offset + batch.position(0, item) + first * aRow + from * aDepth;
            CpuGemm.pack(a.array, start, aRow, aDepth, count, length, target, at, width);
        }

        @Override
        void packColumns(int item, int first, int count, int from, int length, float[] target, int at, int width) {
            int start = b.offset + batch.position(1, item) + first * bColumn + from * bDepth;
            CpuGemm.pack(b.array, start, bColumn, bDepth, count, length, target, at, width);
        }

        @Override
        float[] output() {
            return output;
        }

        @Override
        @Nullable CpuBuffer bias() {
            return bias;
        }

        @Override
        int outputBase(int item) {
            return base + item * rows * columns;
        }

        /** Some elements of products of one row each, whose columns of B lie as lines in memory. */
        void multiplyRow(SimdKernels simd, int from, int to) {
            float[] room = new float[simd.tileColumns()];
            for (int i = from; i < to; i++) {
                int item = i / columns;
                int column = i % columns;
                int aStart = a.offset + batch.position(0, item);
                int bStart = b.offset + batch.position(1, item) + column * bColumn;
                float sum = simd.dot(depth, a.array, aStart, b.array, bStart, room);
                output[base + i] = bias == null ? sum : sum + bias.array[bias.offset + column];
            }
        }

        /** The products of some items, element by element. */
        void multiplyUnpacked(int fromItem, int toItem) {
            for (int item = fromItem; item < toItem; item++) {
                int aStart = a.offset + batch.position(0, item);
                int bStart = b.offset + batch.position(1, item);
                int to = outputBase(item);
                for (int row = 0; row < rows; row++) {
                    for (int column = 0; column < columns; column++) {
                        double sum = Sums.dot(
                                a.array, aStart + row * aRow, aDepth, 0, b.array, bStart + column * bColumn, bDepth, depth);
                        output[to++] = (float) (bias == null ? sum : sum + bias.array[bias.offset + column]);
                    }
                }
            }
        }
    }
}
