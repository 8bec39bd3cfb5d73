package dev.striate.backend.opencl;

import static dev.striate.backend.opencl.OpenClTuning.ceilDiv;
import static dev.striate.backend.opencl.OpenClTuning.channelsPerItem;
import static dev.striate.backend.opencl.OpenClTuning.with;

import dev.striate.backend.Buffer;
import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.Conv2dKernels;
import dev.striate.backend.LinearKernels;
import dev.striate.backend.opencl.OpenClTuning.Tile;
import org.jspecify.annotations.Nullable;

/** Launches {@code conv2d.cl}, and for few channels {@code conv2d_direct.cl}. */
final class OpenClConv2d implements Conv2dKernels {

    /** Floats of partial weight gradients at most, 64 MiB, unless a single copy is larger. */
    static final int PARTIAL_FLOATS = 1 << 24;
    /**
     * Pixels that a split has at least without tiles, as a multiple: adding up over a group's work-items is to take
     * less than the sums.
     */
    private static final int DIRECT_SPLIT = 4;

    private final OpenClRuntime runtime;
    private final LinearKernels linear;

    OpenClConv2d(OpenClRuntime runtime, LinearKernels linear) {
        this.runtime = runtime;
        this.linear = linear;
    }

    @Override
    public void forward(Conv2dGeometry g, Buffer x, Buffer w, @Nullable Buffer bias, boolean relu, Buffer y) {
        if (g.isLinear()) {
            linear.forward(g.asLinear(), x, w, bias, relu, y);
        } else {
            int pixels = g.batch() * g.outHeight() * g.outWidth();
            product("FORWARD", g, g.outChannelsPerGroup(), 1, pixels, x, w, bias, relu, null, y);
        }
    }

    @Override
    public void inputGradient(
            Conv2dGeometry g, Buffer dy, Buffer w, @Nullable Buffer bias, @Nullable Buffer gate, Buffer dx) {
        if (g.isLinear() && bias == null) {
            linear.inputGradient(g.asLinear(), dy, w, gate, dx);
        } else {
            int phases = Math.multiplyExact(Math.min(g.strideH(), g.inHeight()), Math.min(g.strideW(), g.inWidth()));
            int pixels = g.batch() * ceilDiv(g.inHeight(), g.strideH()) * ceilDiv(g.inWidth(), g.strideW());
            product("INPUT_GRADIENT", g, g.inChannelsPerGroup(), phases, pixels, dy, w, bias, false, gate, dx);
        }
    }

    @Override
    public void weightGradient(Conv2dGeometry g, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias) {
        if (g.isLinear()) {
            linear.weightGradient(g.asLinear(), x, dy, dw, dbias);
        } else {
            weightProduct(g, x, dy, dw, dbias);
        }
    }

    /**
     * The weights' matrix times the source's.
     *
     * @param rows   channels of the result per group
     * @param phases of the result, see {@code conv2d_gather.cl}
     * @param pixels of the largest phase, over the batch
     */
    private void product(
            String pass,
            Conv2dGeometry g,
            int rows,
            int phases,
            int pixels,
            Buffer source,
            Buffer w,
            @Nullable Buffer bias,
            boolean relu,
            @Nullable Buffer gate,
            Buffer result) {
        int fewChannels = get(OpenClParameter.CONV2D_DIRECT_CHANNELS);
        boolean direct = rows <= fewChannels;
        Tile tile = tile(rows, pixels, g.groups());
        String[] options = {
            pass, bias == null ? "NO_BIAS" : "BIAS", stride(g), relu ? "RELU" : gate == null ? "PLAIN" : "GATE"
        };
        String[] macros = direct ? with(options, "ROWS=" + channelsPerItem(fewChannels, rows)) : tile.macros(options);
        int directItems = direct ? get(OpenClParameter.CONV2D_DIRECT_ITEMS) : 0;
        int pieces = ceilDiv(pixels, direct ? directItems * get(OpenClParameter.CONV2D_DIRECT_PIXELS) : tile.columns());
        OpenClLaunch launch = runtime.kernel(direct ? "conv2d_direct" : "conv2d", "product", macros)
                .struct(g)
                .ints(pieces)
                .buffers(source, w, bias == null ? w : bias, gate == null ? result : gate, result);
        int all = Math.multiplyExact(phases, pieces);
        if (direct) {
            launch.runTeams(all, 1, g.groups(), directItems);
        } else {
            launch.runTiles(rows, Math.multiplyExact(all, tile.columns()), g.groups(), tile);
        }
    }

    /** The macro that says how the kernels may step. */
    private static String stride(Conv2dGeometry g) {
        return g.strideH() == 1 && g.strideW() == 1 ? "UNIT_STRIDE" : "ANY_STRIDE";
    }

    private static String withSums(@Nullable Buffer dbias) {
        return dbias == null ? "NO_SUMS" : "DY_SUMS";
    }

    private void weightProduct(Conv2dGeometry g, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias) {
        int rows = g.outChannelsPerGroup();
        int weights = g.inChannelsPerGroup() * g.kernelHeight() * g.kernelWidth();
        // The gradient of the bias is one more column: x counts as 1 there.
        int columns = dbias == null ? weights : weights + 1;
        int pixels = g.batch() * g.outHeight() * g.outWidth();
        int sums = g.groups() * rows * columns;
        int fewChannels = get(OpenClParameter.CONV2D_DIRECT_CHANNELS);
        boolean direct = rows <= fewChannels;
        int rowsPerItem = direct ? channelsPerItem(fewChannels, rows) : 0;
        int columnsPerItem = direct ? channelsPerItem(directColumns(rowsPerItem), columns) : 0;
        int splitPixels = get(OpenClParameter.CONV2D_SPLIT_PIXELS);
        // As many groups as there are tiles in all splits.
        Tile tile = tile(rows, columns, Math.multiplyExact(g.groups(), ceilDiv(pixels, splitPixels)));
        int pieces = direct
                ? ceilDiv(columns, columnsPerItem)
                : ceilDiv(rows, tile.rows()) * ceilDiv(columns, tile.columns());
        int wanted = Math.min(
                ceilDiv(get(OpenClParameter.CONV2D_SPLIT_GROUPS), pieces * g.groups()),
                ceilDiv(pixels, direct ? DIRECT_SPLIT * splitPixels : splitPixels));
        int pixelsPerSplit = ceilDiv(pixels, atMostPartialFloats(wanted, sums));
        int splits = ceilDiv(pixels, pixelsPerSplit);
        String[] options = {"WEIGHT_GRADIENT", withSums(dbias)};
        String[] macros =
                direct ? with(options, "ROWS=" + rowsPerItem, "COLUMNS=" + columnsPerItem) : tile.macros(options);
        String program = direct ? "conv2d_direct" : "conv2d";
        OpenClBuffer partial = splits == 1 ? OpenClBuffer.of(dw) : runtime.scratch(Math.multiplyExact(splits, sums));
        try {
            OpenClLaunch launch = runtime.kernel(program, "weightProduct", macros)
                    .struct(g)
                    .ints(splits, pixelsPerSplit)
                    .buffers(x, dy, partial, dw, dbias == null ? dw : dbias);
            if (direct) {
                launch.runTeams(pieces, 1, g.groups() * splits, get(OpenClParameter.CONV2D_DIRECT_ITEMS));
            } else {
                launch.runTiles(rows, columns, g.groups() * splits, tile);
            }
            if (splits > 1) {
                runtime.kernel(program, "joinSplits", macros)
                        .struct(g)
                        .ints(splits)
                        .buffers(partial, dw, dbias == null ? dw : dbias)
                        .runItems(sums);
            }
        } finally {
            if (splits > 1) {
                partial.release();
            }
        }
    }

    private Tile tile(int rows, int columns, int products) {
        return runtime.parameters()
                .tile(OpenClParameter.CONV2D_SMALL_TILE, OpenClParameter.CONV2D_LARGE_TILE, rows, columns, products);
    }

    private int directColumns(int rowsPerItem) {
        return Math.min(
                get(OpenClParameter.CONV2D_DIRECT_COLUMNS), get(OpenClParameter.CONV2D_DIRECT_SUMS) / rowsPerItem);
    }

    private int get(OpenClParameter parameter) {
        return runtime.parameters().get(parameter);
    }

    private static int atMostPartialFloats(int splits, int sums) {
        return Math.max(1, Math.min(splits, PARTIAL_FLOATS / sums));
    }
}
