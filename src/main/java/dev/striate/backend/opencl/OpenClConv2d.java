package dev.striate.backend.opencl;

import static dev.striate.backend.opencl.OpenClTuning.PANEL;
import static dev.striate.backend.opencl.OpenClTuning.ceilDiv;

import dev.striate.backend.Buffer;
import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.Conv2dKernels;
import org.jspecify.annotations.Nullable;

/** Launches {@code conv2d.cl}. */
final class OpenClConv2d implements Conv2dKernels {

    /** Floats of scratch memory for panels at a time, 4 MiB: what is packed is used while it is in the cache. */
    private static final int PANEL_FLOATS = 1 << 20;
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

    OpenClConv2d(OpenClRuntime runtime) {
        this.runtime = runtime;
    }

    /** What a kernel does with an element of the result before it writes it. */
    private enum Finish {
        PLAIN,
        /** {@code max(it, 0)}. */
        RELU,
        /** 0 where another buffer is not above 0. */
        GATE
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
        forward(g, x, w, bias, Finish.PLAIN, y);
    }

    @Override
    public void forwardRelu(Conv2dGeometry g, Buffer x, Buffer w, @Nullable Buffer bias, Buffer y) {
        forward(g, x, w, bias, Finish.RELU, y);
    }

    private void forward(Conv2dGeometry g, Buffer x, Buffer w, @Nullable Buffer bias, Finish finish, Buffer y) {
        int pixels = g.batch() * g.outHeight() * g.outWidth();
        product("FORWARD", g, g.outChannelsPerGroup(), g.inChannelsPerGroup(), pixels, x, w, bias, finish, y, y);
    }

    @Override
    public void inputGradient(Conv2dGeometry g, Buffer dy, Buffer w, @Nullable Buffer bias, Buffer dx) {
        inputGradient(g, dy, w, bias, Finish.PLAIN, dx, dx);
    }

    @Override
    public void gatedInputGradient(Conv2dGeometry g, Buffer dy, Buffer w, Buffer gate, Buffer dx) {
        inputGradient(g, dy, w, null, Finish.GATE, gate, dx);
    }

    private void inputGradient(
            Conv2dGeometry g, Buffer dy, Buffer w, @Nullable Buffer bias, Finish finish, Buffer gate, Buffer dx) {
        int pixels = g.batch() * g.inHeight() * g.inWidth();
        product("INPUT_GRADIENT", g, g.inChannelsPerGroup(), g.outChannelsPerGroup(), pixels, dy, w, bias, finish, gate, dx);
    }

    /**
     * The weights' matrix times the source's.
     *
     * @param rows        channels of the result per group
     * @param sumChannels channels of the source per group
     * @param pixels      pixels of the result, over the batch
     * @param gate        looked at for {@link Finish#GATE} only
     */
    private void product(
            String pass, Conv2dGeometry g, int rows, int sumChannels, int pixels, Buffer source, Buffer w, @Nullable Buffer bias,
            Finish finish, Buffer gate, Buffer result) {
        String withBias = bias == null ? "NO_BIAS" : "BIAS";
        String stride = g.strideH() == 1 && g.strideW() == 1 ? "UNIT_STRIDE" : "ANY_STRIDE";
        Buffer addend = bias == null ? w : bias;
        if (runtime.isTiled()) {
            int tile = OpenClTuning.tile(rows, pixels, g.groups());
            runtime.kernel("conv2d", "product", pass, withBias, stride, finish.name(), "TILE=" + tile)
                    .struct(fields(g))
                    .buffers(source, w, addend, gate, result)
                    .runTiles(rows, pixels, g.groups(), tile);
            return;
        }
        int rowsPerItem = OpenClTuning.rowsPerItem(rows);
        int panels = ceilDiv(pixels, PANEL);
        int panelFloats = PANEL * sumChannels * g.kernelHeight() * g.kernelWidth() * g.groups();
        int chunk = Math.min(panels, Math.max(1, PANEL_FLOATS / panelFloats));
        OpenClBuffer packed = runtime.scratch(Math.multiplyExact(chunk, panelFloats));
        try {
            for (int first = 0; first < panels; first += chunk) {
                int count = Math.min(chunk, panels - first);
                runtime.kernel("conv2d", "pack", pass, withBias, stride, finish.name(), "ROWS=" + rowsPerItem)
                        .struct(fields(g))
                        .ints(first, count)
                        .buffers(source, packed)
                        .runAlone(count, g.groups());
                runtime.kernel("conv2d", "product", pass, withBias, stride, finish.name(), "ROWS=" + rowsPerItem)
                        .struct(fields(g))
                        .ints(first, count)
                        .buffers(packed, w, addend, gate, result)
                        .runAlone(ceilDiv(rows, rowsPerItem), count, g.groups());
            }
        } finally {
            packed.release();
        }
    }

    @Override
    public void weightGradient(Conv2dGeometry g, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias) {
        int rows = g.outChannelsPerGroup();
        int weights = g.inChannelsPerGroup() * g.kernelHeight() * g.kernelWidth();
        if (runtime.isTiled()) {
            tiledWeightGradient(g, rows, dbias == null ? weights : weights + 1, x, dy, dw, dbias);
        } else {
            panelWeightGradient(g, rows, dbias == null ? weights : weights + 1, x, dy, dw, dbias);
        }
    }

    private static String withSums(@Nullable Buffer dbias) {
        return dbias == null ? "NO_SUMS" : "DY_SUMS";
    }

    /** @param columns the sums over pixels that are made for one channel of dy */
    private void tiledWeightGradient(
            Conv2dGeometry g, int rows, int columns, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias) {
        int pixels = g.batch() * g.outHeight() * g.outWidth();
        int sums = g.groups() * rows * columns;
        int tile = OpenClTuning.tile(rows, columns, g.groups());
        int tiles = ceilDiv(rows, tile) * ceilDiv(columns, tile) * g.groups();
        int wanted = Math.min(ceilDiv(SPLIT_GROUPS, tiles), ceilDiv(pixels, SPLIT_PIXELS));
        int pixelsPerSplit = ceilDiv(pixels, atMostPartialFloats(wanted, sums));
        int splits = ceilDiv(pixels, pixelsPerSplit);
        OpenClBuffer partial = splits == 1 ? OpenClBuffer.of(dw) : runtime.scratch(Math.multiplyExact(splits, sums));
        try {
            runtime.kernel("conv2d", "weightProduct", "WEIGHT_GRADIENT", withSums(dbias), "TILE=" + tile)
                    .struct(fields(g))
                    .ints(splits, pixelsPerSplit)
                    .buffers(x, dy, partial, dw, dbias == null ? dw : dbias)
                    .runTiles(rows, columns, g.groups() * splits, tile);
            if (splits > 1) {
                join(g, splits, sums, partial, dw, dbias, "WEIGHT_GRADIENT", withSums(dbias), "TILE=" + tile);
            }
        } finally {
            releaseUnless(dw, partial);
        }
    }

    /** @param columns the sums over pixels that are made for one channel of dy */
    private void panelWeightGradient(
            Conv2dGeometry g, int rows, int columns, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias) {
        int panels = ceilDiv(g.batch() * g.outHeight() * g.outWidth(), PANEL);
        int sums = g.groups() * rows * columns;
        int xFloats = PANEL * columns * g.groups();
        int dyFloats = PANEL * g.outChannels();
        int chunk = Math.min(panels, Math.max(1, PANEL_FLOATS / (xFloats + dyFloats)));
        int blocks = ceilDiv(rows, 4) * ceilDiv(columns, 4) * g.groups();
        int wanted = Math.min(chunk, Math.max(ceilDiv(SPLIT_ITEMS, blocks), ceilDiv(chunk, SPLIT_PANELS)));
        int splits = atMostPartialFloats(wanted, sums);
        boolean joins = splits > 1 || dbias != null;
        OpenClBuffer packedX = runtime.scratch(Math.multiplyExact(chunk, xFloats));
        OpenClBuffer packedDy = runtime.scratch(Math.multiplyExact(chunk, dyFloats));
        OpenClBuffer partial = joins ? runtime.scratch(Math.multiplyExact(splits, sums)) : OpenClBuffer.of(dw);
        try {
            for (int first = 0; first < panels; first += chunk) {
                int count = Math.min(chunk, panels - first);
                runtime.kernel("conv2d", "pack", "WEIGHT_GRADIENT", withSums(dbias))
                        .struct(fields(g))
                        .ints(first, count)
                        .buffers(x, packedX)
                        .runAlone(count, g.groups());
                runtime.kernel("conv2d", "packOutput", "WEIGHT_GRADIENT", withSums(dbias))
                        .struct(fields(g))
                        .ints(first)
                        .buffers(dy, packedDy)
                        .runAlone(count);
                runtime.kernel("conv2d", "weightProduct", "WEIGHT_GRADIENT", withSums(dbias))
                        .struct(fields(g))
                        .ints(count, splits, first == 0 ? 0 : 1)
                        .buffers(packedX, packedDy, partial)
                        .runAlone(ceilDiv(columns, 4), ceilDiv(rows, 4), g.groups() * splits);
            }
            if (joins) {
                join(g, splits, sums, partial, dw, dbias, "WEIGHT_GRADIENT", withSums(dbias));
            }
        } finally {
            packedX.release();
            packedDy.release();
            releaseUnless(dw, partial);
        }
    }

    private static int atMostPartialFloats(int splits, int sums) {
        return Math.max(1, Math.min(splits, PARTIAL_FLOATS / sums));
    }

    private void join(
            Conv2dGeometry g, int splits, int sums, Buffer partial, Buffer dw, @Nullable Buffer dbias, String... macros) {
        runtime.kernel("conv2d", "joinSplits", macros)
                .struct(fields(g))
                .ints(splits)
                .buffers(partial, dw, dbias == null ? dw : dbias)
                .runItems(sums);
    }

    private static void releaseUnless(Buffer result, OpenClBuffer partial) {
        if (partial != result) {
            partial.release();
        }
    }
}
