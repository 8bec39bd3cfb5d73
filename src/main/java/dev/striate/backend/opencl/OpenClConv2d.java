package dev.striate.backend.opencl;

import static dev.striate.backend.opencl.OpenClTuning.PANEL;
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
    /** The same for CPU devices. */
    private static final int SPLIT_ITEMS = 64;
    /** Panels that a work-item sums over at most, so that rounding does not grow with the batch. */
    private static final int SPLIT_PANELS = 256;

    private final OpenClRuntime runtime;
    private final OpenClReduce sums;

    OpenClConv2d(OpenClRuntime runtime, OpenClReduce sums) {
        this.runtime = runtime;
        this.sums = sums;
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
        int pixels = g.batch() * g.outHeight() * g.outWidth();
        product("FORWARD", g, g.outChannelsPerGroup(), g.inChannelsPerGroup(), pixels, x, w, bias, y);
    }

    @Override
    public void inputGradient(Conv2dGeometry g, Buffer dy, Buffer w, @Nullable Buffer bias, Buffer dx) {
        int pixels = g.batch() * g.inHeight() * g.inWidth();
        product("INPUT_GRADIENT", g, g.inChannelsPerGroup(), g.outChannelsPerGroup(), pixels, dy, w, bias, dx);
    }

    /**
     * The weights' matrix times the source's.
     *
     * @param rows        channels of the result per group
     * @param sumChannels channels of the source per group
     * @param pixels      pixels of the result, over the batch
     */
    private void product(
            String pass, Conv2dGeometry g, int rows, int sumChannels, int pixels, Buffer source, Buffer w, @Nullable Buffer bias,
            Buffer result) {
        String withBias = bias == null ? "NO_BIAS" : "BIAS";
        String stride = g.strideH() == 1 && g.strideW() == 1 ? "UNIT_STRIDE" : "ANY_STRIDE";
        Buffer addend = bias == null ? w : bias;
        if (runtime.isTiled()) {
            int tile = tile(rows, pixels, g.groups());
            runtime.kernel("conv2d", "product", pass, withBias, stride, "TILE=" + tile)
                    .struct(fields(g))
                    .buffers(source, w, addend, result)
                    .runTiles(rows, pixels, g.groups(), tile);
            return;
        }
        int rowsPerItem = OpenClTuning.rowsPerItem(runtime.parameters().get(OpenClParameter.CONV2D_MOST_ROWS), rows);
        int panels = ceilDiv(pixels, PANEL);
        int panelFloats = PANEL * sumChannels * g.kernelHeight() * g.kernelWidth() * g.groups();
        int chunk = Math.min(panels, Math.max(1, packedFloats() / panelFloats));
        OpenClBuffer packed = runtime.scratch(Math.multiplyExact(chunk, panelFloats));
        try {
            for (int first = 0; first < panels; first += chunk) {
                int count = Math.min(chunk, panels - first);
                runtime.kernel("conv2d", "pack", pass, withBias, stride, "ROWS=" + rowsPerItem)
                        .struct(fields(g))
                        .ints(first, count)
                        .buffers(source, packed)
                        .runAlone(count, g.groups());
                runtime.kernel("conv2d", "product", pass, withBias, stride, "ROWS=" + rowsPerItem)
                        .struct(fields(g))
                        .ints(first, count)
                        .buffers(packed, w, addend, result)
                        .runAlone(ceilDiv(rows, rowsPerItem), count, g.groups());
            }
        } finally {
            packed.release();
        }
    }

    @Override
    public void weightGradient(Conv2dGeometry g, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias) {
        if (dbias != null) {
            int plane = g.outHeight() * g.outWidth();
            StridedLoop channels = StridedLoop.of(new int[] {g.outChannels()}, new int[] {plane});
            StridedLoop elements =
                    StridedLoop.of(new int[] {g.batch(), plane}, new int[] {g.outChannels() * plane, 1});
            sums.sum(channels, elements, 1, dy, dbias);
        }
        int rows = g.outChannelsPerGroup();
        int columns = g.inChannelsPerGroup() * g.kernelHeight() * g.kernelWidth();
        if (runtime.isTiled()) {
            tiledWeightGradient(g, rows, columns, x, dy, dw);
        } else {
            panelWeightGradient(g, rows, columns, x, dy, dw);
        }
    }

    private void tiledWeightGradient(Conv2dGeometry g, int rows, int columns, Buffer x, Buffer dy, Buffer dw) {
        int pixels = g.batch() * g.outHeight() * g.outWidth();
        int weights = g.groups() * rows * columns;
        int tile = tile(rows, columns, g.groups());
        int tiles = ceilDiv(rows, tile) * ceilDiv(columns, tile) * g.groups();
        int wanted = Math.min(ceilDiv(SPLIT_GROUPS, tiles), ceilDiv(pixels, SPLIT_PIXELS));
        int pixelsPerSplit = ceilDiv(pixels, atMostPartialFloats(wanted, weights));
        int splits = ceilDiv(pixels, pixelsPerSplit);
        OpenClBuffer partial = splits == 1 ? OpenClBuffer.of(dw) : runtime.scratch(Math.multiplyExact(splits, weights));
        try {
            runtime.kernel("conv2d", "weightProduct", "WEIGHT_GRADIENT", "TILE=" + tile)
                    .struct(fields(g))
                    .ints(splits, pixelsPerSplit)
                    .buffers(x, dy, partial)
                    .runTiles(rows, columns, g.groups() * splits, tile);
            join(splits, weights, partial, dw, "WEIGHT_GRADIENT", "TILE=" + tile);
        } finally {
            releaseUnless(dw, partial);
        }
    }

    private void panelWeightGradient(Conv2dGeometry g, int rows, int columns, Buffer x, Buffer dy, Buffer dw) {
        int panels = ceilDiv(g.batch() * g.outHeight() * g.outWidth(), PANEL);
        int weights = g.groups() * rows * columns;
        int xFloats = PANEL * columns * g.groups();
        int dyFloats = PANEL * g.outChannels();
        int chunk = Math.min(panels, Math.max(1, packedFloats() / (xFloats + dyFloats)));
        int blocks = ceilDiv(rows, 4) * ceilDiv(columns, 4) * g.groups();
        int wanted = Math.min(chunk, Math.max(ceilDiv(SPLIT_ITEMS, blocks), ceilDiv(chunk, SPLIT_PANELS)));
        int splits = atMostPartialFloats(wanted, weights);
        OpenClBuffer packedX = runtime.scratch(Math.multiplyExact(chunk, xFloats));
        OpenClBuffer packedDy = runtime.scratch(Math.multiplyExact(chunk, dyFloats));
        OpenClBuffer partial = splits == 1 ? OpenClBuffer.of(dw) : runtime.scratch(Math.multiplyExact(splits, weights));
        try {
            for (int first = 0; first < panels; first += chunk) {
                int count = Math.min(chunk, panels - first);
                runtime.kernel("conv2d", "pack", "WEIGHT_GRADIENT")
                        .struct(fields(g))
                        .ints(first, count)
                        .buffers(x, packedX)
                        .runAlone(count, g.groups());
                runtime.kernel("conv2d", "packOutput", "WEIGHT_GRADIENT")
                        .struct(fields(g))
                        .ints(first)
                        .buffers(dy, packedDy)
                        .runAlone(count);
                runtime.kernel("conv2d", "weightProduct", "WEIGHT_GRADIENT")
                        .struct(fields(g))
                        .ints(count, splits, first == 0 ? 0 : 1)
                        .buffers(packedX, packedDy, partial)
                        .runAlone(ceilDiv(columns, 4), ceilDiv(rows, 4), g.groups() * splits);
            }
            join(splits, weights, partial, dw, "WEIGHT_GRADIENT");
        } finally {
            packedX.release();
            packedDy.release();
            releaseUnless(dw, partial);
        }
    }

    private int tile(int rows, int columns, int products) {
        OpenClParameters parameters = runtime.parameters();
        return OpenClTuning.tile(parameters.get(OpenClParameter.CONV2D_SMALL_TILE),
                parameters.get(OpenClParameter.CONV2D_LARGE_TILE), rows, columns, products);
    }

    private int packedFloats() {
        return runtime.parameters().get(OpenClParameter.CONV2D_PACKED_KIB) * (1024 / Float.BYTES);
    }

    private static int atMostPartialFloats(int splits, int weights) {
        return Math.max(1, Math.min(splits, PARTIAL_FLOATS / weights));
    }

    private void join(int splits, int weights, Buffer partial, Buffer dw, String... macros) {
        if (splits > 1) {
            runtime.kernel("conv2d", "joinSplits", macros)
                    .ints(weights, splits)
                    .buffers(partial, dw)
                    .runItems(weights);
        }
    }

    private static void releaseUnless(Buffer result, OpenClBuffer partial) {
        if (partial != result) {
            partial.release();
        }
    }
}
