package dev.striate.backend.cpu.conv;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.cpu.CpuBuffer;
import dev.striate.backend.cpu.CpuContext;

/**
 * The input gradient of stride 1 on small images as a product of {@code (input channels, tap columns)} by {@code
 * (output channels, tap rows)} with patches of one column, whose lines are as long as those of {@code dy}; the tap
 * columns of an input channel are then shifted and added, see {@link PatchProduct.Shifts}. So the padding on the left
 * and right is never multiplied, and {@code dy} is copied once instead of once for each tap column.
 */
final class ShiftedInputGradient implements ConvAlgorithm<Pass> {

    /** Elements of rows that are to be shifted, at most: half a second cache. */
    private static final int MOST_SHIFTED = 1 << 17;

    private final CpuContext context;
    private final PatchProduct product;

    ShiftedInputGradient(CpuContext context) {
        this.context = context;
        this.product = new PatchProduct(context);
    }

    @Override
    public String name() {
        return "shifted";
    }

    @Override
    public boolean fits(Conv2dGeometry g) {
        return g.strideH() == 1
                && g.strideW() == 1
                && g.kernelWidth() > 1
                && (long) g.inChannelsPerGroup() * g.kernelWidth() * g.inHeight() * g.outWidth() <= MOST_SHIFTED;
    }

    @Override
    public double nanos(Conv2dGeometry g) {
        double weights = (double) g.outChannels() * g.inChannelsPerGroup() * g.kernelHeight() * g.kernelWidth();
        return weights
                * g.batch()
                * g.inHeight()
                * g.outWidth()
                / context.speeds().product();
    }

    @Override
    public void run(Conv2dGeometry g, Pass operands) {
        CpuBuffer w = operands.weights();
        CpuBuffer dx = operands.output();
        int rows = g.inChannelsPerGroup() * g.kernelWidth();
        Axis y = PatchConv2d.Phase.of(0, Axis.vertical(g)).axis();
        Axis oneColumn = new Axis(g.outWidth(), g.outWidth(), 1, new int[1]);
        Patches patches = new Patches(operands.images(), g.outChannels(), y, oneColumn, product.neighbours(rows));
        int kernel = g.kernelHeight() * g.kernelWidth();
        int step = g.inChannelsPerGroup() * kernel;
        PatchProduct.Weights weights = (group, first, count, packed, at, width) -> {
            for (int i = 0; i < count; i++) {
                int row = first + i;
                int start = w.offset + group * g.outChannelsPerGroup() * step;
                start += row / g.kernelWidth() * kernel + row % g.kernelWidth();
                int to = at + i;
                for (int channel = 0; channel < g.outChannelsPerGroup(); channel++) {
                    for (int ky = 0; ky < g.kernelHeight(); ky++) {
                        packed[to] = w.array[start + channel * step + ky * g.kernelWidth()];
                        to += width;
                    }
                }
            }
        };
        int plane = g.inHeight() * g.inWidth();
        PatchProduct.Output output =
                new PatchProduct.Output(dx.array, dx.offset, g.inChannels() * plane, plane, g.inWidth(), 1);
        int[] columns = PatchConv2d.Phase.of(0, Axis.horizontal(g)).axis().offsets();
        PatchProduct.Shifts shifts = new PatchProduct.Shifts(columns, g.inWidth());
        int depth = g.outChannelsPerGroup();
        product.run(new PatchProduct.Operands(g, patches, rows, depth, weights, operands, output, shifts));
    }
}
