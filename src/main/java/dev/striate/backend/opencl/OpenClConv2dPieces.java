package dev.striate.backend.opencl;

import static dev.striate.backend.opencl.OpenClTuning.PANEL;
import static dev.striate.backend.opencl.OpenClTuning.ceilDiv;

import dev.striate.backend.Buffer;
import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.opencl.OpenClConv2d.Finish;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** Launches {@code conv2d_pieces.cl}: convolution in the vector shape. */
final class OpenClConv2dPieces {

    /** Vectors that a work-item multiplies at least, if the work allows: a few microseconds. */
    private static final int ITEM_VECTORS = 1 << 14;
    /** Pieces that a work-item of the weights' gradient sums over, so that rounding does not grow with the batch. */
    private static final int SPLIT_PIECES = 256;
    /** Pixels that a work-item of the weights' gradient sums over, likewise. */
    private static final int SPLIT_PIXELS = 512;
    /** Output channels per group up to which pixels are the lanes of the weights' gradient, not channels. */
    private static final int FEW_CHANNELS = 8;
    /** Input channels and taps that a work-item of the weights' gradient computes at a time. */
    private static final int COLUMNS = 8;
    /** Vectors that a work-item keeps sums in: what leaves registers for the factors. */
    private static final int SUMS = 24;
    /** What pieces of 16 and 8 columns cost in a product: short rows take more loads each. */
    private static final double[] PRODUCT_COSTS = {1, 1.05};
    /** The same for the weights' gradient, where both factors are pieces. */
    private static final double[] GRADIENT_COSTS = {1, 1.2};
    /** What pieces cost that are wider than the grid: it is copied first, and pixels are stored one by one. */
    private static final double WIDER_COST = 1.3;

    private final OpenClRuntime runtime;
    private final IntSupplier copyFloats;

    /** @param copyFloats of copied planes at a time, unless one image has more */
    OpenClConv2dPieces(OpenClRuntime runtime, IntSupplier copyFloats) {
        this.runtime = runtime;
        this.copyFloats = copyFloats;
    }

    /** How a grid of pixels is cut: into rows of so many, as many as fill a vector. */
    private static int pieceColumns(int height, int width, double[] costs) {
        int best = 0;
        double least = Double.MAX_VALUE;
        for (int i = 0; i < costs.length; i++) {
            int columns = PANEL >> i;
            double cost = pieces(height, width, columns) * costs[i] * (width < columns ? WIDER_COST : 1);
            if (cost < least) {
                best = columns;
                least = cost;
            }
        }
        return best;
    }

    private static int lines(int height, int columns) {
        return ceilDiv(height, PANEL / columns);
    }

    private static int pieces(int height, int width, int columns) {
        return lines(height, columns) * ceilDiv(width, columns);
    }

    /** The record that {@code conv2d_geometry.cl} describes. */
    private record Layout(int height, int width, int strideH, int strideW, int top, int left, int rows, int columns) {

        /** What pieces of {@code pieceColumns} pixels read of x. */
        static Layout ofInput(Conv2dGeometry g, int pieceColumns) {
            return new Layout(
                    g.inHeight(),
                    g.inWidth(),
                    g.strideH(),
                    g.strideW(),
                    g.padTop(),
                    g.padLeft(),
                    Math.max(g.outHeight(), PANEL / pieceColumns)
                            + (g.kernelHeight() - 1) * g.dilationH() / g.strideH(),
                    Math.max(g.outWidth(), pieceColumns) + (g.kernelWidth() - 1) * g.dilationW() / g.strideW());
        }

        /** What pieces of x's gradient read of dy. */
        static Layout ofOutputByTaps(Conv2dGeometry g, int pieceColumns) {
            int reachH = (g.kernelHeight() - 1) * g.dilationH() / g.strideH();
            int reachW = (g.kernelWidth() - 1) * g.dilationW() / g.strideW();
            int top = reachH - g.padTop() / g.strideH();
            int left = reachW - g.padLeft() / g.strideW();
            return new Layout(
                    g.outHeight(),
                    g.outWidth(),
                    1,
                    1,
                    top,
                    left,
                    ceilDiv(g.padTop(), g.strideH())
                            + Math.max(ceilDiv(g.inHeight(), g.strideH()), PANEL / pieceColumns)
                            + top,
                    ceilDiv(g.padLeft(), g.strideW())
                            + Math.max(ceilDiv(g.inWidth(), g.strideW()), pieceColumns)
                            + left);
        }

        /** Pieces of dy itself. */
        static Layout ofOutput(Conv2dGeometry g, int pieceColumns) {
            return new Layout(
                    g.outHeight(),
                    g.outWidth(),
                    1,
                    1,
                    0,
                    0,
                    Math.max(g.outHeight(), PANEL / pieceColumns),
                    Math.max(g.outWidth(), pieceColumns));
        }

        /** x in rows, for reading it a number at a time. */
        static Layout ofInputInRows(Conv2dGeometry g) {
            int rows = (g.outHeight() - 1) * g.strideH() + (g.kernelHeight() - 1) * g.dilationH() + 1;
            int columns = (g.outWidth() - 1) * g.strideW() + (g.kernelWidth() - 1) * g.dilationW() + 1;
            boolean inside = g.padTop() == 0 && g.padLeft() == 0 && rows <= g.inHeight() && columns <= g.inWidth();
            return new Layout(
                    g.inHeight(),
                    g.inWidth(),
                    1,
                    1,
                    g.padTop(),
                    g.padLeft(),
                    inside ? g.inHeight() : rows,
                    inside ? g.inWidth() : columns);
        }

        /** Whether the copy would be the same as the source. */
        boolean isSource() {
            return strideH == 1 && strideW == 1 && top == 0 && left == 0 && rows == height && columns == width;
        }

        /**
         * Elements of a plane; in a copy an odd number of cache lines, so that planes do not compete for places in the
         * cache.
         */
        int plane() {
            int elements = Math.multiplyExact(strideH * strideW, Math.multiplyExact(rows, columns));
            return isSource() ? elements : PANEL * (ceilDiv(elements, PANEL) | 1);
        }

        int[] fields() {
            return new int[] {height, width, strideH, strideW, top, left, rows, columns, plane()};
        }
    }

    private int channelsPerItem(int channels) {
        return OpenClTuning.channelsPerItem(runtime.parameters().get(OpenClParameter.CONV2D_MOST_ROWS), channels);
    }

    /** The images that are copied at a time; all of them where nothing is. */
    private int imagesAtATime(int batch, int floatsPerImage) {
        return floatsPerImage == 0 ? batch : Math.min(batch, Math.max(1, copyFloats.getAsInt() / floatsPerImage));
    }

    private static int copiedFloats(Layout layout, int channels) {
        return layout.isSource() ? 0 : Math.multiplyExact(layout.plane(), channels);
    }

    private @Nullable OpenClBuffer copyOf(Layout layout, int channels, int images) {
        int floats = Math.multiplyExact(images, copiedFloats(layout, channels));
        return floats == 0 ? null : runtime.scratch(floats);
    }

    /** Copies some images, if there is a copy. */
    private void layOut(
            Layout layout, int channels, int firstImage, int images, Buffer source, @Nullable OpenClBuffer copy) {
        if (copy != null) {
            runtime.kernel("conv2d_layout", "layOut")
                    .struct(layout.fields())
                    .ints(firstImage * channels)
                    .buffers(source, copy)
                    .runAlone(images * channels);
        }
    }

    void forward(Conv2dGeometry g, Buffer x, Buffer w, @Nullable Buffer bias, Finish finish, Buffer y) {
        int pieceColumns = pieceColumns(g.outHeight(), g.outWidth(), PRODUCT_COSTS);
        product(
                "FORWARD",
                g,
                Layout.ofInput(g, pieceColumns),
                pieceColumns,
                pieces(g.outHeight(), g.outWidth(), pieceColumns),
                1,
                g.inChannels(),
                g.outChannels(),
                x,
                w,
                bias,
                finish,
                y,
                y);
    }

    void inputGradient(
            Conv2dGeometry g, Buffer dy, Buffer w, @Nullable Buffer bias, Finish finish, Buffer gate, Buffer dx) {
        int height = ceilDiv(g.inHeight(), g.strideH());
        int width = ceilDiv(g.inWidth(), g.strideW());
        int pieceColumns = pieceColumns(height, width, PRODUCT_COSTS);
        product(
                "INPUT_GRADIENT",
                g,
                Layout.ofOutputByTaps(g, pieceColumns),
                pieceColumns,
                pieces(height, width, pieceColumns),
                g.strideH() * g.strideW(),
                g.outChannels(),
                g.inChannels(),
                dy,
                w,
                bias,
                finish,
                gate,
                dx);
    }

    private void product(
            String pass,
            Conv2dGeometry g,
            Layout layout,
            int pieceColumns,
            int piecesPerImage,
            int phases,
            int sourceChannels,
            int resultChannels,
            Buffer source,
            Buffer w,
            @Nullable Buffer bias,
            Finish finish,
            Buffer gate,
            Buffer result) {
        int rows = resultChannels / g.groups();
        int channels = sourceChannels / g.groups();
        int area = g.kernelHeight() * g.kernelWidth();
        int rowsPerItem = channelsPerItem(rows);
        int rowBlocks = ceilDiv(rows, rowsPerItem);
        int piecesPerItem = rowsPerItem <= 2 ? 4 : 2;
        boolean isForward = pass.equals("FORWARD");
        int chunk = imagesAtATime(g.batch(), copiedFloats(layout, sourceChannels));
        OpenClBuffer packed =
                runtime.scratch(Math.multiplyExact(g.groups() * rowBlocks * rowsPerItem, channels * area));
        OpenClBuffer copy = copyOf(layout, sourceChannels, chunk);
        try {
            runtime.kernel("conv2d_layout", "prepare")
                    .struct(
                            g.groups(),
                            rows,
                            rowsPerItem,
                            channels,
                            area,
                            isForward ? channels * area : area,
                            isForward ? area : rows * area)
                    .struct(layout.fields())
                    .buffers(w, source, packed, copy == null ? packed : copy)
                    .runAlone(g.groups() * rowBlocks + (copy == null ? 0 : chunk * sourceChannels));
            int blockVectors = Math.multiplyExact(channels * area, rowsPerItem * piecesPerItem);
            int blocksPerItem = Math.max(1, ITEM_VECTORS / blockVectors);
            String[] macros = {
                pass,
                bias == null ? "NO_BIAS" : "BIAS",
                finish.name(),
                OpenClConv2d.stride(g),
                "PIECE_COLUMNS=" + pieceColumns,
                "ROWS=" + rowsPerItem,
                "PIECES=" + piecesPerItem
            };
            for (int first = 0; first < g.batch(); first += chunk) {
                int images = Math.min(chunk, g.batch() - first);
                int blocks = ceilDiv(images * piecesPerImage, piecesPerItem * blocksPerItem);
                if (first > 0) {
                    layOut(layout, sourceChannels, first, images, source, copy);
                }
                runtime.kernel("conv2d_pieces", "product", macros)
                        .struct(OpenClConv2d.fields(g))
                        .struct(layout.fields())
                        .ints(first, images, blocksPerItem)
                        .buffers(copy == null ? source : copy, packed, bias == null ? w : bias, gate, result)
                        .runAlone(rowBlocks, blocks, g.groups() * phases);
            }
        } finally {
            packed.release();
            release(copy);
        }
    }

    void weightGradient(Conv2dGeometry g, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias) {
        if (g.outChannelsPerGroup() <= FEW_CHANNELS) {
            weightGradientOfPieces(g, x, dy, dw, dbias);
        } else {
            weightGradientOfChannels(g, x, dy, dw, dbias);
        }
    }

    private void weightGradientOfPieces(Conv2dGeometry g, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias) {
        int rows = g.outChannelsPerGroup();
        int columns = g.inChannelsPerGroup() * g.kernelHeight() * g.kernelWidth();
        int weights = g.outChannels() * columns;
        int partialFloats = weights + (dbias == null ? 0 : g.outChannels());
        int pieceColumns = pieceColumns(g.outHeight(), g.outWidth(), GRADIENT_COSTS);
        Layout xLayout = Layout.ofInput(g, pieceColumns);
        Layout dyLayout = Layout.ofOutput(g, pieceColumns);
        int chunk = imagesAtATime(
                g.batch(), copiedFloats(xLayout, g.inChannels()) + copiedFloats(dyLayout, g.outChannels()));
        int rowsPerItem = channelsPerItem(rows);
        int columnsPerItem = Math.min(8, SUMS / rowsPerItem);
        int linesPerImage = lines(g.outHeight(), pieceColumns);
        int linesPerSplit = Math.max(
                Math.max(1, SPLIT_PIECES / ceilDiv(g.outWidth(), pieceColumns)),
                perSplit(chunk * linesPerImage, partialFloats));
        int splits = ceilDiv(chunk * linesPerImage, linesPerSplit);
        String bias = dbias == null ? "NO_BIAS" : "BIAS";
        OpenClBuffer xCopy = copyOf(xLayout, g.inChannels(), chunk);
        OpenClBuffer dyCopy = copyOf(dyLayout, g.outChannels(), chunk);
        OpenClBuffer partial = runtime.scratch(Math.multiplyExact(splits, partialFloats));
        try {
            for (int first = 0; first < g.batch(); first += chunk) {
                int images = Math.min(chunk, g.batch() - first);
                layOut(xLayout, g.inChannels(), first, images, x, xCopy);
                layOut(dyLayout, g.outChannels(), first, images, dy, dyCopy);
                runtime.kernel(
                                "conv2d_pieces",
                                "weightProduct",
                                "WEIGHT_GRADIENT",
                                bias,
                                OpenClConv2d.stride(g),
                                "PIECE_COLUMNS=" + pieceColumns,
                                "ROWS=" + rowsPerItem,
                                "COLUMNS=" + columnsPerItem)
                        .struct(OpenClConv2d.fields(g))
                        .struct(xLayout.fields())
                        .struct(dyLayout.fields())
                        .ints(xCopy == null ? first : 0, dyCopy == null ? first : 0, images)
                        .ints(splits, linesPerSplit, first == 0 ? 0 : 1)
                        .buffers(xCopy == null ? x : xCopy, dyCopy == null ? dy : dyCopy, partial)
                        .runAlone(ceilDiv(columns, columnsPerItem), ceilDiv(rows, rowsPerItem), g.groups() * splits);
            }
            runtime.kernel("conv2d_layout", "joinSplits")
                    .ints(partialFloats, weights, splits)
                    .buffers(partial, dw, dbias == null ? dw : dbias)
                    .runVectors(partialFloats);
        } finally {
            release(xCopy);
            release(dyCopy);
            partial.release();
        }
    }

    private void weightGradientOfChannels(Conv2dGeometry g, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias) {
        int rows = g.outChannelsPerGroup();
        int columns = g.inChannelsPerGroup() * g.kernelHeight() * g.kernelWidth();
        int vectors = rows > PANEL ? 2 : 1;
        int blocks = ceilDiv(rows, vectors * PANEL);
        int lanes = blocks * vectors * PANEL;
        int plane = g.outHeight() * g.outWidth();
        Layout layout = Layout.ofInputInRows(g);
        int chunk = imagesAtATime(g.batch(), copiedFloats(layout, g.inChannels()) + g.groups() * plane * lanes);
        int partialFloats = Math.multiplyExact(g.groups() * lanes, columns + 1);
        int pixelsPerSplit = Math.max(SPLIT_PIXELS, perSplit(chunk * plane, partialFloats));
        int splits = ceilDiv(chunk * plane, pixelsPerSplit);
        OpenClBuffer copy = copyOf(layout, g.inChannels(), chunk);
        OpenClBuffer turned = runtime.scratch(Math.multiplyExact(chunk * g.groups(), plane * lanes));
        OpenClBuffer partial = runtime.scratch(Math.multiplyExact(splits, partialFloats));
        String[] macros = {"COLUMNS=" + COLUMNS, "VECTORS=" + vectors, dbias == null ? "NO_BIAS" : "BIAS"};
        try {
            for (int first = 0; first < g.batch(); first += chunk) {
                int images = Math.min(chunk, g.batch() - first);
                layOut(layout, g.inChannels(), first, images, x, copy);
                runtime.kernel("conv2d_channels", "turn", macros)
                        .ints(rows, plane, lanes, first, g.groups())
                        .buffers(dy, turned)
                        .runAlone(lanes / PANEL, images * g.groups());
                runtime.kernel("conv2d_channels", "weightProduct", macros)
                        .struct(OpenClConv2d.fields(g))
                        .struct(layout.fields())
                        .ints(lanes, copy == null ? first : 0, images, splits, pixelsPerSplit, first == 0 ? 0 : 1)
                        .buffers(copy == null ? x : copy, turned, partial)
                        .runAlone(ceilDiv(columns, COLUMNS), blocks, g.groups() * splits);
            }
            runtime.kernel("conv2d_channels", "joinSplits", macros)
                    .ints(rows, columns, lanes, splits)
                    .buffers(partial, dw, dbias == null ? dw : dbias)
                    .runAlone(columns + (dbias == null ? 0 : 1), lanes / PANEL, g.groups());
        } finally {
            release(copy);
            turned.release();
            partial.release();
        }
    }

    /** What a split has at least, for the partial sums of all of them to fit. */
    private static int perSplit(int all, int partialFloats) {
        return ceilDiv(all, Math.max(1, OpenClConv2d.PARTIAL_FLOATS / partialFloats));
    }

    private static void release(@Nullable OpenClBuffer scratch) {
        if (scratch != null) {
            scratch.release();
        }
    }
}
