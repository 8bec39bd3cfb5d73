package dev.striate.backend.cpu.conv;

import static dev.striate.backend.cpu.Sizes.ceilDiv;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.cpu.CpuBuffer;
import dev.striate.backend.cpu.CpuContext;
import dev.striate.backend.cpu.CpuThreads;
import dev.striate.backend.cpu.simd.ReductionKernels;

/**
 * A weight gradient as a sum over images: for each group {@code dy} by patches, {@code (output channels, positions)} by
 * {@code (positions, taps)}; and the bias gradient, the sums of {@code dy}.
 *
 * <p>The sum is cut into chunks of whole images. Their number follows from the geometry alone, and they are added in
 * order: the bits do not depend on the number of threads.
 */
abstract class WeightGradient implements ConvAlgorithm<WeightPass> {

    /** Positions that one partial sum spans at least, and the most partial sums. */
    private static final int POSITIONS_PER_CHUNK = 2048;

    private static final int MOST_CHUNKS = 32;
    /** The most elements that all partial sums may take. */
    private static final int MOST_PARTIALS = 1 << 21;

    final CpuContext context;

    WeightGradient(CpuContext context) {
        this.context = context;
    }

    /** How the sums of some images are computed, in one call. */
    interface Sums {

        /** Panels that the output channels of a group are divided into. */
        int panels();

        /** From the sums of an output channel to those of the next. */
        int rowLength();

        /** Elements of a group's sums, row by row, a row for each output channel. */
        int length();

        /** Writes the sums of a share's panels over its images to {@code sums[at]} and on. */
        void sum(Share share, float[] sums, int at);

        /** Brings the sums of an output channel into the order of its weights. */
        void unpack(float[] sums, int at, float[] dw, int to);
    }

    /** Some images and a group, and of its panels those whose number has the remainder {@code part} modulo parts. */
    record Share(int group, int firstImage, int endImage, int part, int parts) {}

    abstract Sums sums(Conv2dGeometry g, WeightPass operands);

    /** Multiply-adds of the definition. */
    static double multiplyAdds(Conv2dGeometry g) {
        double taps = (double) g.inChannelsPerGroup() * g.kernelHeight() * g.kernelWidth();
        return g.outChannels() * taps * g.batch() * g.outHeight() * g.outWidth();
    }

    @Override
    public void run(Conv2dGeometry g, WeightPass operands) {
        Sums form = sums(g, operands);
        int positions = g.outHeight() * g.outWidth();
        int partial = g.groups() * form.length();
        long wanted = Math.min(MOST_PARTIALS / partial, (long) g.batch() * positions / POSITIONS_PER_CHUNK);
        int most = (int) Math.max(1, Math.min(wanted, Math.min(MOST_CHUNKS, g.batch())));
        // A power of two, for that is what threads mostly are: five chunks would take two of them as long as six.
        int imagesPerChunk = ceilDiv(g.batch(), Integer.highestOneBit(most));
        int chunks = ceilDiv(g.batch(), imagesPerChunk);
        int items = chunks * g.groups();
        long nanos = (long) nanos(g);
        CpuThreads threads = context.threads();
        // With fewer chunks than threads, rows are divided too, though each part then copies the images for itself.
        int parts = Math.min(form.panels(), ceilDiv(Math.min(threads.count(), threads.pieces(nanos)), items));
        double[] biasSums = new double[operands.dbias() == null ? 0 : chunks * g.outChannels()];
        float[] partials = context.pool().takeScratch(chunks * partial);
        try {
            threads.forRange(items * parts, nanos, (from, to) -> {
                for (int task = from; task < to; task++) {
                    int item = task / parts;
                    int first = item / g.groups() * imagesPerChunk;
                    int end = Math.min(g.batch(), first + imagesPerChunk);
                    Share share = new Share(item % g.groups(), first, end, task % parts, parts);
                    if (biasSums.length > 0) {
                        // Before the products, so that they find it in the cache.
                        sumBias(g, operands.dy(), share, biasSums, item / g.groups() * g.outChannels());
                    }
                    form.sum(share, partials, item * form.length());
                }
            });
            threads.forRange(g.outChannels(), (long) chunks * operands.dw().length(), (from, to) -> {
                for (int channel = from; channel < to; channel++) {
                    join(g, form, chunks, channel, partials, operands.dw());
                }
            });
        } finally {
            context.pool().giveScratch(partials);
        }
        CpuBuffer dbias = operands.dbias();
        for (int channel = 0; dbias != null && channel < g.outChannels(); channel++) {
            double sum = 0;
            for (int chunk = 0; chunk < chunks; chunk++) {
                sum += biasSums[chunk * g.outChannels() + channel];
            }
            dbias.array[dbias.offset + channel] = (float) sum;
        }
    }

    private void sumBias(Conv2dGeometry g, CpuBuffer dy, Share share, double[] sums, int at) {
        ReductionKernels reductions = context.simd().reductions();
        ReductionKernels.Accumulator accumulator = reductions.accumulator();
        int positions = g.outHeight() * g.outWidth();
        int imageStep = g.outChannels() * positions;
        int images = share.endImage - share.firstImage;
        for (int row = share.part; row < g.outChannelsPerGroup(); row += share.parts) {
            int channel = share.group * g.outChannelsPerGroup() + row;
            int from = dy.offset + share.firstImage * imageStep + channel * positions;
            sums[at + channel] = reductions.sumRuns(images, positions, imageStep, dy.array, from, accumulator);
        }
    }

    /** Adds the chunks' sums of an output channel. */
    private void join(Conv2dGeometry g, Sums form, int chunks, int channel, float[] partials, CpuBuffer dw) {
        int rows = g.outChannelsPerGroup();
        int at = channel / rows * form.length() + channel % rows * form.rowLength();
        for (int chunk = 1; chunk < chunks; chunk++) {
            int other = chunk * g.groups() * form.length() + at;
            context.simd().elementwise().add(form.rowLength(), partials, at, partials, other, partials, at);
        }
        form.unpack(partials, at, dw.array, dw.offset + channel * (dw.length() / g.outChannels()));
    }
}
