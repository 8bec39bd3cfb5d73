package dev.striate.backend.opencl;

import static dev.striate.backend.opencl.OpenClTuning.ceilDiv;

import dev.striate.backend.Buffer;
import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.Conv2dKernels;
import dev.striate.backend.StridedLoop;
import org.jspecify.annotations.Nullable;

/** Launches {@code conv2d.cl}. */
final class OpenClConv2d implements Conv2dKernels {

    /** Floats of partial weight gradients at most, 64 MiB, unless a single copy is larger. */
    private static final int PARTIAL_FLOATS = 1 << 24;
    /** Pixels that a split of a weight gradient has at least. */
    private static final int SPLIT_PIXELS = 256;
    /** Work-groups that a weight gradient is split into, about: enough for any GPU. */
    private static final int SPLIT_GROUPS = 1024;
    private final OpenClRuntime runtime;
    private final OpenClReduce sums;
    private final OpenClConv2dPieces pieces;

    OpenClConv2d(OpenClRuntime runtime, OpenClReduce sums) {
        this.runtime = runtime;
        this.sums = sums;
        this.pieces = new OpenClConv2dPieces(runtime);
    }

    /** A geometry as the kernels read it. */
    static int[] fields(Conv2dGeometry g) {
        return new int[] {
            g.batch(), g.inChannels(), g.inHeight(), g.inWidth(), g.outChannels(), g.outHeight(), g.outWidth(),
            g.kernelHeight(), g.kernelWidth(), g.strideH(), g.strideW(), g.padTop(), g.padLeft(), g.dilationH(), g.dilationW(),
            g.groups()
        };
    }

    @Override
    public void forward(Conv2dGeometry g, Buffer x, Buffer w, @Nullable Buffer bias, Buffer y) {
        if (runtime.isTiled()) {
            tiledProduct("FORWARD", g, g.outChannelsPerGroup(), g.batch() * g.outHeight() * g.outWidth(), x, w, bias, y);
        } else {
            pieces.forward(g, x, w, bias, y);
        }
    }

    @Override
    public void inputGradient(Conv2dGeometry g, Buffer dy, Buffer w, @Nullable Buffer bias, Buffer dx) {
        if (runtime.isTiled()) {
            tiledProduct("INPUT_GRADIENT", g, g.inChannelsPerGroup(), g.batch() * g.inHeight() * g.inWidth(), dy, w, bias, dx);
        } else {
            pieces.inputGradient(g, dy, w, bias, dx);
        }
    }

    @Override
    public void weightGradient(Conv2dGeometry g, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias) {
        if (!runtime.isTiled()) {
            pieces.weightGradient(g, x, dy, dw, dbias);
            return;
        }
        if (dbias != null) {
            int plane = g.outHeight() * g.outWidth();
            StridedLoop channels = StridedLoop.of(new int[] {g.outChannels()}, new int[] {plane});
            StridedLoop elements =
                    StridedLoop.of(new int[] {g.batch(), plane}, new int[] {g.outChannels() * plane, 1});
            sums.sum(channels, elements, 1, dy, dbias);
        }
        tiledWeightGradient(g, x, dy, dw);
    }

    /**
     * The weights' matrix times the source's.
     *
     * @param rows   channels of the result per group
     * @param pixels pixels of the result, over the batch
     */
    private void tiledProduct(
            String pass, Conv2dGeometry g, int rows, int pixels, Buffer source, Buffer w, @Nullable Buffer bias, Buffer result) {
        int tile = OpenClTuning.tile(rows, pixels, g.groups());
        runtime.kernel(
                        "conv2d", "product", pass, bias == null ? "NO_BIAS" : "BIAS",
                        g.strideH() == 1 && g.strideW() == 1 ? "UNIT_STRIDE" : "ANY_STRIDE", "TILE=" + tile)
                .struct(fields(g))
                .buffers(source, w, bias == null ? w : bias, result)
                .runTiles(rows, pixels, g.groups(), tile);
    }

    private void tiledWeightGradient(Conv2dGeometry g, Buffer x, Buffer dy, Buffer dw) {
        int rows = g.outChannelsPerGroup();
        int columns = g.inChannelsPerGroup() * g.kernelHeight() * g.kernelWidth();
        int pixels = g.batch() * g.outHeight() * g.outWidth();
        int weights = g.groups() * rows * columns;
        int tile = OpenClTuning.tile(rows, columns, g.groups());
        int tiles = ceilDiv(rows, tile) * ceilDiv(columns, tile) * g.groups();
        int wanted = Math.min(ceilDiv(SPLIT_GROUPS, tiles), ceilDiv(pixels, SPLIT_PIXELS));
        int pixelsPerSplit = ceilDiv(pixels, Math.max(1, Math.min(wanted, PARTIAL_FLOATS / weights)));
        int splits = ceilDiv(pixels, pixelsPerSplit);
        OpenClBuffer partial = splits == 1 ? OpenClBuffer.of(dw) : runtime.scratch(Math.multiplyExact(splits, weights));
        try {
            runtime.kernel("conv2d", "weightProduct", "WEIGHT_GRADIENT", "TILE=" + tile)
                    .struct(fields(g))
                    .ints(splits, pixelsPerSplit)
                    .buffers(x, dy, partial)
                    .runTiles(rows, columns, g.groups() * splits, tile);
            if (splits > 1) {
                runtime.kernel("conv2d_layout", "joinSplits")
                        .ints(weights, weights, splits)
                        .buffers(partial, dw, dw)
                        .runVectors(weights);
            }
        } finally {
            if (splits > 1) {
                partial.release();
            }
        }
    }
}
