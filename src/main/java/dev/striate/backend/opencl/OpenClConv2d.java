package dev.striate.backend.opencl;

import static dev.striate.backend.opencl.OpenClTuning.ceilDiv;

import dev.striate.backend.Buffer;
import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.Conv2dKernels;
import dev.striate.backend.LinearKernels;
import org.jspecify.annotations.Nullable;

/** Launches {@code conv2d.cl}. */
final class OpenClConv2d implements Conv2dKernels {

    /** Floats of partial weight gradients at most, 64 MiB, unless a single copy is larger. */
    static final int PARTIAL_FLOATS = 1 << 24;
    /** Pixels that a split of a weight gradient has at least. */
    private static final int SPLIT_PIXELS = 256;
    /** Work-groups that a weight gradient is split into, about: enough for any GPU. */
    private static final int SPLIT_GROUPS = 1024;

    private final OpenClRuntime runtime;
    private final LinearKernels linear;
    private final OpenClConv2dPieces pieces;

    OpenClConv2d(OpenClRuntime runtime, LinearKernels linear) {
        this.runtime = runtime;
        this.linear = linear;
        this.pieces = new OpenClConv2dPieces(
                runtime, () -> runtime.parameters().get(OpenClParameter.CONV2D_PACKED_KIB) * (1024 / Float.BYTES));
    }

    /** What a kernel does with an element of the result before it writes it. */
    enum Finish {
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
        if (g.isLinear()) {
            linear.forward(g.asLinear(), x, w, bias, finish == Finish.RELU, y);
        } else if (runtime.isTiled()) {
            int pixels = g.batch() * g.outHeight() * g.outWidth();
            tiledProduct("FORWARD", g, g.outChannelsPerGroup(), pixels, x, w, bias, finish, y, y);
        } else {
            pieces.forward(g, x, w, bias, finish, y);
        }
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
        if (g.isLinear() && bias == null) {
            linear.inputGradient(g.asLinear(), dy, w, finish == Finish.GATE ? gate : null, dx);
        } else if (runtime.isTiled()) {
            int pixels = g.batch() * g.inHeight() * g.inWidth();
            tiledProduct("INPUT_GRADIENT", g, g.inChannelsPerGroup(), pixels, dy, w, bias, finish, gate, dx);
        } else {
            pieces.inputGradient(g, dy, w, bias, finish, gate, dx);
        }
    }

    @Override
    public void weightGradient(Conv2dGeometry g, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias) {
        if (g.isLinear()) {
            linear.weightGradient(g.asLinear(), x, dy, dw, dbias);
        } else if (runtime.isTiled()) {
            tiledWeightGradient(g, x, dy, dw, dbias);
        } else {
            pieces.weightGradient(g, x, dy, dw, dbias);
        }
    }

    /**
     * The weights' matrix times the source's.
     *
     * @param rows   channels of the result per group
     * @param pixels pixels of the result, over the batch
     * @param gate   looked at for {@link Finish#GATE} only
     */
    private void tiledProduct(
            String pass, Conv2dGeometry g, int rows, int pixels, Buffer source, Buffer w, @Nullable Buffer bias, Finish finish,
            Buffer gate, Buffer result) {
        int tile = tile(rows, pixels, g.groups());
        String withBias = bias == null ? "NO_BIAS" : "BIAS";
        runtime.kernel("conv2d", "product", OpenClTuning.tileMacros(tile, pass, withBias, stride(g), finish.name()))
                .struct(fields(g))
                .buffers(source, w, bias == null ? w : bias, gate, result)
                .runTiles(rows, pixels, g.groups(), tile);
    }

    /** The macro that says how the kernels may step. */
    static String stride(Conv2dGeometry g) {
        return g.strideH() == 1 && g.strideW() == 1 ? "UNIT_STRIDE" : "ANY_STRIDE";
    }

    private static String withSums(@Nullable Buffer dbias) {
        return dbias == null ? "NO_SUMS" : "DY_SUMS";
    }

    private void tiledWeightGradient(Conv2dGeometry g, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias) {
        int rows = g.outChannelsPerGroup();
        int weights = g.inChannelsPerGroup() * g.kernelHeight() * g.kernelWidth();
        // The gradient of the bias is one more column: x counts as 1 there.
        int columns = dbias == null ? weights : weights + 1;
        int pixels = g.batch() * g.outHeight() * g.outWidth();
        int sums = g.groups() * rows * columns;
        int tile = tile(rows, columns, g.groups());
        int tiles = ceilDiv(rows, tile) * ceilDiv(columns, tile) * g.groups();
        int wanted = Math.min(ceilDiv(SPLIT_GROUPS, tiles), ceilDiv(pixels, SPLIT_PIXELS));
        int pixelsPerSplit = ceilDiv(pixels, atMostPartialFloats(wanted, sums));
        int splits = ceilDiv(pixels, pixelsPerSplit);
        String[] macros = OpenClTuning.tileMacros(tile, "WEIGHT_GRADIENT", withSums(dbias));
        OpenClBuffer partial = splits == 1 ? OpenClBuffer.of(dw) : runtime.scratch(Math.multiplyExact(splits, sums));
        try {
            runtime.kernel("conv2d", "weightProduct", macros)
                    .struct(fields(g))
                    .ints(splits, pixelsPerSplit)
                    .buffers(x, dy, partial, dw, dbias == null ? dw : dbias)
                    .runTiles(rows, columns, g.groups() * splits, tile);
            if (splits > 1) {
                join(g, splits, sums, partial, dw, dbias, macros);
            }
        } finally {
            if (splits > 1) {
                partial.release();
            }
        }
    }

    private int tile(int rows, int columns, int products) {
        OpenClParameters parameters = runtime.parameters();
        return OpenClTuning.tile(parameters.get(OpenClParameter.CONV2D_SMALL_TILE),
                parameters.get(OpenClParameter.CONV2D_LARGE_TILE), rows, columns, products);
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
}
