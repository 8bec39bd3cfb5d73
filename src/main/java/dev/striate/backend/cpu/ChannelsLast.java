package dev.striate.backend.cpu;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.cpu.simd.ConvKernels;
import java.util.Arrays;

/**
 * A copy of a convolution's input as {@code (batch, groups, lines, columns, channels of a group)}, with its padding. Without
 * dilation, what a row of the kernel reads is one run here, all channels of it: patches are put together by copying long runs.
 */
final class ChannelsLast implements AutoCloseable {

    private final CpuPool pool;
    private final ConvKernels kernels;
    private final Conv2dGeometry g;
    private final float[] array;
    private final int channels;
    private final int lines;
    private final int columns;

    ChannelsLast(CpuContext context, Conv2dGeometry g, CpuBuffer x) {
        this.pool = context.pool();
        this.kernels = context.simd().convolution();
        this.g = g;
        this.channels = g.inChannelsPerGroup();
        this.lines = (g.outHeight() - 1) * g.strideH() + (g.kernelHeight() - 1) * g.dilationH() + 1;
        this.columns = (g.outWidth() - 1) * g.strideW() + (g.kernelWidth() - 1) * g.dilationW() + 1;
        int imageGroups = g.batch() * g.groups();
        int length = Math.multiplyExact(imageGroups, lines * columns * channels);
        this.array = pool.takeScratch(Math.addExact(length, kernels.blockColumns()));
        context.threads().forRange(imageGroups, length, (from, to) -> {
            for (int i = from; i < to; i++) {
                transpose(x, i);
            }
        });
    }

    private void transpose(CpuBuffer x, int imageGroup) {
        int plane = g.inHeight() * g.inWidth();
        int firstX = Math.min(columns, g.padLeft());
        int endX = Math.max(firstX, Math.min(columns, g.padLeft() + g.inWidth()));
        for (int line = 0; line < lines; line++) {
            int at = (imageGroup * lines + line) * columns * channels;
            int y = line - g.padTop();
            if (y < 0 || y >= g.inHeight()) {
                Arrays.fill(array, at, at + columns * channels, 0f);
                continue;
            }
            Arrays.fill(array, at, at + firstX * channels, 0f);
            int from = x.offset + imageGroup * channels * plane + y * g.inWidth() + firstX - g.padLeft();
            CpuGemm.pack(x.array, from, plane, 1, channels, endX - firstX, array, at + firstX * channels, channels);
            Arrays.fill(array, at + endX * channels, at + columns * channels, 0f);
        }
    }

    @Override
    public void close() {
        pool.giveScratch(array);
    }

    /**
     * Packs a panel of patches: its width runs over (tap row, tap column, channel) from {@code first} on, its depth over the
     * positions of the batch from {@code from} on.
     */
    void pack(int group, int first, int count, int from, int length, float[] target, int at, int width) {
        int run = g.dilationW() == 1 ? g.kernelWidth() * channels : channels;
        int runsPerLine = g.kernelWidth() * channels / run;
        int firstRun = first / run;
        int runs = (first + count - 1) / run - firstRun + 1;
        int[] starts = new int[runs];
        int[] lengths = new int[runs];
        for (int i = 0; i < runs; i++) {
            int number = firstRun + i;
            int skipped = Math.max(0, first - number * run);
            int line = number / runsPerLine * g.dilationH();
            starts[i] = (line * columns + number % runsPerLine * g.dilationW()) * channels + skipped;
            lengths[i] = Math.min((number + 1) * run, first + count) - number * run - skipped;
        }
        int positions = g.outHeight() * g.outWidth();
        for (int done = 0; done < length; ) {
            int image = (from + done) / positions;
            int y = (from + done) % positions / g.outWidth();
            int x = (from + done) % positions % g.outWidth();
            int stretch = Math.min(g.outWidth() - x, length - done);
            int line = (image * g.groups() + group) * lines + y * g.strideH();
            kernels.packRuns(
                    stretch, array, (line * columns + x * g.strideW()) * channels, g.strideW() * channels, runs, starts, lengths,
                    target, at + done * width, width);
            done += stretch;
        }
    }
}
