package dev.striate.backend.cpu;

import dev.striate.backend.cpu.simd.ConvKernels;
import org.jspecify.annotations.Nullable;

/**
 * The product of weights and {@link Patches} that convolution forward and its input gradient are: {@code (rows, depth)} by
 * {@code (depth, positions)} for each image and group, where depth runs over the taps of a group's channels.
 *
 * <p>A task takes some images. It loads a block of channels that fits the second cache, then goes through the positions block by
 * block; each block stays in the nearest cache while all rows of weights stream past it. Each element is the sum of its blocks of
 * depth in their order, each block one chain, so the bits do not depend on the number of threads, and long sums stay exact.
 */
final class PatchProduct {

    /** Taps that one chain of multiply-adds spans at most, and that a block of channels has unless one channel has more. */
    private static final int DEPTH = 256;
    /** Elements of a block of channels, half a second cache. */
    private static final int MOST_LOADED = 1 << 17;
    /** Multiply-adds per nanosecond, a low guess: what matters is only whether sharing pays. */
    private static final int SPEED = 30;

    /**
     * Where results go: row r of an image's position (y, x) to {@code array[base + image imageStride + r rowStride + y lineStride
     * + x pixelStride]}.
     */
    record Output(float[] array, int base, int imageStride, int rowStride, int lineStride, int pixelStride) {}

    /** Copies the weights of rows {@code first} to {@code first + count}, tap p of row r to {@code at + p width + r - first}. */
    interface Weights {
        void pack(int group, int first, int count, float[] target, int at, int width);
    }

    private final CpuThreads threads;
    private final ConvKernels kernels;
    private final CpuPool pool;
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    PatchProduct(CpuContext context) {
        this.threads = context.threads();
        this.kernels = context.simd().convolution();
        this.pool = context.pool();
    }

    /**
     * @param rows     of weights in a group
     * @param channels of the patches in a group
     * @param bias     one element per row of all groups, or null
     */
    void run(
            Patches patches, int batch, int groups, int rows, int channels, Weights weights, @Nullable CpuBuffer bias,
            Output output) {
        int depth = channels * patches.taps();
        int panelRows = 0;
        int panels = 0;
        for (int row = 0; row < rows; row += kernels.tileRows(rows - row)) {
            panelRows = row + kernels.tileRows(rows - row);
            panels++;
        }
        float[] packed = pool.takeScratch(groups * panelRows * depth);
        float[] summands = pool.takeScratch(groups * rows + panelRows);
        try {
            for (int group = 0; group < groups; group++) {
                for (int row = 0; row < rows; ) {
                    int height = kernels.tileRows(rows - row);
                    int at = (group * panelRows + row) * depth;
                    weights.pack(group, row, Math.min(height, rows - row), packed, at, height);
                    row += height;
                }
            }
            for (int i = 0; i < groups * rows; i++) {
                summands[i] = bias == null ? 0f : bias.array[bias.offset + i];
            }
            long nanos = (long) batch * groups * rows * patches.positions() * (depth + 8L) / SPEED;
            int items = batch * groups;
            // With fewer images than pieces, rows are divided too, though each part then loads the image for itself.
            int parts = Math.min(panels, CpuGemm.ceilDiv(Math.min(threads.count(), threads.pieces(nanos)), items));
            int mostChannels =
                    Math.min(DEPTH / Math.max(1, patches.taps()), MOST_LOADED / Math.max(1, patches.channelLength()));
            int channelsPerBlock = CpuGemm.ceilDiv(channels, CpuGemm.ceilDiv(channels, Math.max(1, mostChannels)));
            Call call = new Call(
                    patches, groups, rows, channels, channelsPerBlock, patches.starts(channelsPerBlock), panelRows, packed,
                    summands, output);
            threads.forRange(items * parts, nanos, (from, to) -> {
                for (int task = from; task < to; task++) {
                    convolve(call, task / parts, task % parts, parts, scratch.get());
                }
            });
        } finally {
            pool.giveScratch(packed);
            pool.giveScratch(summands);
        }
    }

    /** What all tasks of a call share. */
    private record Call(
            Patches patches, int groups, int rows, int channels, int channelsPerBlock, int[] starts, int panelRows,
            float[] packed, float[] summands, Output output) {}

    /** One image and group; of its panels of rows those whose number has the remainder {@code part} modulo {@code parts}. */
    private void convolve(Call call, int item, int part, int parts, Scratch own) {
        Patches patches = call.patches;
        int image = item / call.groups;
        int group = item % call.groups;
        int taps = patches.taps();
        int channelsPerBlock = call.channelsPerBlock;
        int slack = 2 * kernels.blockColumns();
        float[] loaded = own.loaded(channelsPerBlock * patches.channelLength() + slack);
        boolean neighbours = call.output.pixelStride == 1 && call.output.lineStride == patches.gridWidth();
        int outputBase = call.output.base + image * call.output.imageStride + group * call.rows * call.output.rowStride;
        for (int channel = 0; channel < call.channels; channel += channelsPerBlock) {
            int count = Math.min(channelsPerBlock, call.channels - channel);
            patches.load(kernels, image, group * call.channels + channel, count, loaded);
            int chains = Math.max(1, CpuGemm.ceilDiv(count * taps, DEPTH));
            int chainLength = CpuGemm.ceilDiv(count * taps, chains);
            for (int chain = 0; chain < chains; chain++) {
                int from = chain * chainLength;
                int length = Math.min(chainLength, count * taps - from);
                Chain sum = new Chain(call, group, channel * taps + from, from, length, channel + chain > 0);
                for (int block = 0; block < patches.positions(); block += kernels.blockColumns()) {
                    int columns = Math.min(kernels.blockColumns(), patches.positions() - block);
                    multiplyBlock(sum, loaded, block, columns, part, parts, outputBase, neighbours, own);
                }
            }
        }
    }

    /** A part of the sums: {@code length} taps from the {@code first} of what is loaded on, which have weights from there on. */
    private record Chain(Call call, int group, int weight, int first, int length, boolean add) {}

    private void multiplyBlock(
            Chain sum, float[] loaded, int firstColumn, int columns, int part, int parts, int outputBase, boolean neighbours,
            Scratch own) {
        Call call = sum.call;
        Output output = call.output;
        int depth = call.channels * call.patches.taps();
        for (int row = 0, panel = 0; row < call.rows; panel++) {
            int height = kernels.tileRows(call.rows - row);
            if (panel % parts == part) {
                int width = kernels.tileColumns(height);
                int rows = Math.min(height, call.rows - row);
                int a = (sum.group * call.panelRows + row) * depth + sum.weight * height;
                int bias = sum.group * call.rows + row;
                for (int done = 0; done < columns; done += width) {
                    int column = firstColumn + done;
                    int live = Math.min(width, columns - done);
                    if (neighbours && rows == height && live == width) {
                        int at = outputBase + row * output.rowStride + column;
                        kernels.tile(
                                height, sum.length, call.packed, a, loaded, column, call.starts, sum.first, output.array, at,
                                output.rowStride, sum.add, call.summands, bias);
                    } else {
                        float[] tile = own.tile(height * width);
                        int base = outputBase + row * output.rowStride;
                        if (sum.add) {
                            move(call, base, column, rows, live, tile, width, false);
                        }
                        kernels.tile(
                                height, sum.length, call.packed, a, loaded, column, call.starts, sum.first, tile, 0, width,
                                sum.add, call.summands, bias);
                        move(call, base, column, rows, live, tile, width, true);
                    }
                }
            }
            row += height;
        }
    }

    /** Copies some columns of some rows from a tile to where they belong in the output, or back. */
    private static void move(
            Call call, int base, int firstColumn, int rows, int columns, float[] tile, int tileWidth, boolean out) {
        Output output = call.output;
        int gridWidth = call.patches.gridWidth();
        for (int done = 0; done < columns; ) {
            int y = (firstColumn + done) / gridWidth;
            int x = (firstColumn + done) % gridWidth;
            int run = Math.min(gridWidth - x, columns - done);
            int step = output.pixelStride;
            for (int row = 0; row < rows; row++) {
                int place = base + row * output.rowStride + y * output.lineStride + x * step;
                int at = row * tileWidth + done;
                if (out) {
                    for (int i = 0; i < run; i++) {
                        output.array[place + i * step] = tile[at + i];
                    }
                } else {
                    for (int i = 0; i < run; i++) {
                        tile[at + i] = output.array[place + i * step];
                    }
                }
            }
            done += run;
        }
    }

    /** One thread's working arrays, which grow to the largest asked for. */
    private static final class Scratch {

        private float[] loaded = new float[0];
        private float[] tile = new float[0];

        float[] loaded(int length) {
            if (loaded.length < length) {
                loaded = new float[length];
            }
            return loaded;
        }

        float[] tile(int length) {
            if (tile.length < length) {
                tile = new float[length];
            }
            return tile;
        }
    }
}
