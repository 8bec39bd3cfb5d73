package dev.striate.backend.cpu;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.cpu.simd.FlatKernels;
import dev.striate.backend.cpu.simd.WinogradKernels;
import org.jspecify.annotations.Nullable;

/**
 * The weight gradient of a convolution: for each group {@code dy} by patches, {@code (output channels, positions)} by
 * {@code (positions, taps)}, summed over the batch; and the bias gradient, the sums of {@code dy}, while that is in the
 * cache.
 *
 * <p>Few weights over many positions are summed along these, {@link PositionWeightGradient}, where next to nothing is
 * packed: the first layers of most nets. All others go to {@link ChannelWeightGradient}, which packs {@code dy} but
 * keeps one sum per weight, not one per lane; or, for kernels of 3x3 and many channels, to {@link
 * WinogradWeightGradient}, and for those of 1x1 to {@link PointwiseWeightGradient}.
 *
 * <p>The sum over all positions is cut into chunks of whole images. Their number follows from the geometry alone, and
 * they are added in order: the bits do not depend on the number of threads.
 */
final class WeightGradient {

    /** Positions that one partial sum spans at least, and the most partial sums. */
    private static final int POSITIONS_PER_CHUNK = 2048;

    private static final int MOST_CHUNKS = 32;
    /** The most elements that all partial sums may take. */
    private static final int MOST_PARTIALS = 1 << 21;
    /** Multiply-adds per nanosecond, a low guess: what matters is only whether sharing pays. */
    private static final int SPEED = 30;

    private final CpuContext context;
    private final PositionWeightGradient alongPositions;
    private final ChannelWeightGradient alongChannels;
    private final PointwiseWeightGradient pointwise;
    private final @Nullable WinogradWeightGradient winograd;

    WeightGradient(CpuContext context, CpuGemm gemm) {
        this.context = context;
        this.alongPositions = new PositionWeightGradient(context);
        this.alongChannels = new ChannelWeightGradient(context);
        this.pointwise = new PointwiseWeightGradient(context, gemm);
        WinogradKernels kernels = WinogradConv2d.kernels(context);
        this.winograd = kernels == null ? null : new WinogradWeightGradient(context, kernels);
    }

    /** How the sums of some images are computed, for one call. */
    interface Form {

        /** Panels that the output channels of a group are divided into. */
        int panels();

        /** Elements of a group's sums, row by row, a row for each output channel. */
        int partialLength();

        /** From the sums of an output channel to those of the next. */
        int rowLength();

        /** Writes the sums of those panels whose number has the remainder {@code part} modulo {@code parts}. */
        void sum(int group, int firstImage, int endImage, int part, int parts, Partial to);

        /** Brings the sums of an output channel into the order of its weights. */
        void unpack(float[] sums, int at, float[] dw, int to);
    }

    /**
     * Where the sums of a group over some images go.
     *
     * @param at     the group's first sum
     * @param bias   sums of {@code dy}, zero before, or null where they are not wanted
     * @param biasAt the group's first among them
     * @param room   for {@link FlatKernels#sumRuns}
     */
    record Partial(float[] sums, int at, double @Nullable [] bias, int biasAt, FlatKernels.Room room) {

        /**
         * Adds the {@code dy} of some images, {@code imageStep} apart, to the bias gradients of the group's output
         * channels from {@code row} on.
         */
        void addBias(
                FlatKernels flat,
                int row,
                int count,
                int images,
                int imageStep,
                float[] dy,
                int offset,
                int positions) {
            if (bias != null) {
                for (int i = 0; i < count; i++) {
                    bias[biasAt + row + i] +=
                            flat.sumRuns(images, positions, imageStep, dy, offset + i * positions, room);
                }
            }
        }
    }

    /** @param dbias one element per output channel, or null */
    void run(Conv2dGeometry g, CpuBuffer x, CpuBuffer dy, CpuBuffer dw, @Nullable CpuBuffer dbias) {
        Form form = form(g, x, dy);
        int positions = g.outHeight() * g.outWidth();
        int partial = g.groups() * form.partialLength();
        long wanted = Math.min(MOST_PARTIALS / partial, (long) g.batch() * positions / POSITIONS_PER_CHUNK);
        int most = (int) Math.max(1, Math.min(wanted, Math.min(MOST_CHUNKS, g.batch())));
        // A power of two, for that is what threads mostly are: five chunks would take two of them as long as six.
        int imagesPerChunk = CpuGemm.ceilDiv(g.batch(), Integer.highestOneBit(most));
        int chunks = CpuGemm.ceilDiv(g.batch(), imagesPerChunk);
        int items = chunks * g.groups();
        long nanos = ((long) g.batch() * positions + 8) * dw.length() / SPEED;
        CpuThreads threads = context.threads();
        // With fewer chunks than threads, rows are divided too, though each part then copies the images for itself.
        int parts = Math.min(form.panels(), CpuGemm.ceilDiv(Math.min(threads.count(), threads.pieces(nanos)), items));
        double[] biasSums = dbias == null ? null : new double[chunks * g.outChannels()];
        float[] partials = context.pool().takeScratch(chunks * partial);
        try {
            threads.forRange(items * parts, nanos, (from, to) -> {
                FlatKernels.Room room = context.simd().flat().room();
                for (int task = from; task < to; task++) {
                    int item = task / parts;
                    int firstImage = item / g.groups() * imagesPerChunk;
                    int endImage = Math.min(g.batch(), firstImage + imagesPerChunk);
                    Partial sums = new Partial(
                            partials, item * form.partialLength(), biasSums, item * g.outChannelsPerGroup(), room);
                    form.sum(item % g.groups(), firstImage, endImage, task % parts, parts, sums);
                }
            });
            threads.forRange(g.outChannels(), (long) chunks * dw.length(), (from, to) -> {
                for (int channel = from; channel < to; channel++) {
                    join(g, form, chunks, channel, partials, dw);
                }
            });
        } finally {
            context.pool().giveScratch(partials);
        }
        if (dbias != null && biasSums != null) {
            for (int channel = 0; channel < g.outChannels(); channel++) {
                double sum = 0;
                for (int chunk = 0; chunk < chunks; chunk++) {
                    sum += biasSums[chunk * g.outChannels() + channel];
                }
                dbias.array[dbias.offset + channel] = (float) sum;
            }
        }
    }

    private Form form(Conv2dGeometry g, CpuBuffer x, CpuBuffer dy) {
        if (winograd != null && WinogradWeightGradient.pays(g)) {
            return winograd.form(g, x, dy);
        }
        if (alongPositions.pays(g)) {
            return alongPositions.form(g, x, dy);
        }
        return pointwise.pays(g) ? pointwise.form(g, x, dy) : alongChannels.form(g, x, dy);
    }

    /** Adds the chunks' sums of an output channel. */
    private void join(Conv2dGeometry g, Form form, int chunks, int channel, float[] partials, CpuBuffer dw) {
        int rows = g.outChannelsPerGroup();
        int length = form.rowLength();
        int at = channel / rows * form.partialLength() + channel % rows * length;
        for (int chunk = 1; chunk < chunks; chunk++) {
            int other = chunk * g.groups() * form.partialLength() + at;
            context.simd().elementwise().add(length, partials, at, partials, other, partials, at);
        }
        form.unpack(partials, at, dw.array, dw.offset + channel * (dw.length() / g.outChannels()));
    }
}
