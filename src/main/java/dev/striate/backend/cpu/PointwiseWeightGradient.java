package dev.striate.backend.cpu;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.MatmulGeometry;
import dev.striate.backend.StridedLoop;
import dev.striate.backend.cpu.simd.FlatKernels;

/**
 * {@link WeightGradient} of a 1x1 convolution with stride 1: for each image and group the product of {@code dy}, {@code
 * (output channels, positions)}, and the transposed image, {@code (positions, input channels)}, both read where they
 * lie.
 */
final class PointwiseWeightGradient {

    /** Positions of an image from which on its product is long enough for what begins and ends it. */
    private static final int FEW_POSITIONS = 64;

    private final CpuGemm gemm;
    private final FlatKernels flat;

    PointwiseWeightGradient(CpuContext context, CpuGemm gemm) {
        this.gemm = gemm;
        this.flat = context.simd().flat();
    }

    boolean pays(Conv2dGeometry g) {
        return CpuConv2d.isPointwise(g) && g.outHeight() * g.outWidth() >= FEW_POSITIONS;
    }

    /** What is computed for these operands. */
    WeightGradient.Form form(Conv2dGeometry g, CpuBuffer x, CpuBuffer dy) {
        return new Call(g, x, dy);
    }

    private final class Call implements WeightGradient.Form {

        private final Conv2dGeometry g;
        private final CpuBuffer dy;
        private final int rows;
        private final int channels;
        private final int positions;
        private final int panelRows;
        private final CpuProduct product;

        Call(Conv2dGeometry g, CpuBuffer x, CpuBuffer dy) {
            this.g = g;
            this.dy = dy;
            this.rows = g.outChannelsPerGroup();
            this.channels = g.inChannelsPerGroup();
            this.positions = g.outHeight() * g.outWidth();
            this.panelRows = gemm.tileRows();
            int[] sizes = {g.batch(), g.groups()};
            int[] gradientSteps = {g.outChannels() * positions, rows * positions};
            int[] imageSteps = {g.inChannels() * positions, channels * positions};
            StridedLoop items = StridedLoop.of(sizes, gradientSteps, imageSteps);
            this.product =
                    new CpuProduct(new MatmulGeometry(items, rows, channels, positions, false, true), dy, x, null, dy);
        }

        @Override
        public int panels() {
            return CpuGemm.ceilDiv(rows, panelRows);
        }

        @Override
        public int partialLength() {
            return rows * channels;
        }

        @Override
        public int rowLength() {
            return channels;
        }

        @Override
        public void sum(int group, int firstImage, int endImage, int part, int parts, WeightGradient.Partial to) {
            // Neighbours, for a part to be one product.
            int panelsPerPart = CpuGemm.ceilDiv(panels(), parts);
            int first = Math.min(rows, part * panelsPerPart * panelRows);
            int end = Math.min(rows, first + panelsPerPart * panelRows);
            if (first == end) {
                return;
            }
            for (int image = firstImage; image < endImage; image++) {
                gemm.accumulate(
                        product, image * g.groups() + group, first, end, to.sums(), to.at(), image > firstImage);
            }
            int imageStep = g.outChannels() * positions;
            int start = dy.offset + firstImage * imageStep + (group * rows + first) * positions;
            to.addBias(flat, first, end - first, endImage - firstImage, imageStep, dy.array, start, positions);
        }

        @Override
        public void unpack(float[] sums, int at, float[] dw, int to) {
            System.arraycopy(sums, at, dw, to, channels);
        }
    }
}
