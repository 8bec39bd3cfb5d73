package dev.striate.backend.cpu;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.cpu.simd.ConvKernels;
import dev.striate.backend.cpu.simd.FlatKernels;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The weight gradient of a convolution whose groups have one input channel each. An output channel then has no more
 * weights than taps, too few for a matrix product: each is a dot product of a plane of {@code dy} and what the tap
 * read, which lies in one run of {@link Patches}. One output channel per task; the images are added in their order.
 */
final class DepthwiseWeightGradient {

    /** Multiply-adds per nanosecond, a low guess: what matters is only whether sharing pays. */
    private static final int SPEED = 10;

    private final CpuThreads threads;
    private final ConvKernels kernels;
    private final FlatKernels flat;
    private final CpuPool pool;

    DepthwiseWeightGradient(CpuContext context) {
        this.threads = context.threads();
        this.kernels = context.simd().convolution();
        this.flat = context.simd().flat();
        this.pool = context.pool();
    }

    /** @param dbias one element per output channel, or null */
    void run(Conv2dGeometry g, CpuBuffer x, CpuBuffer dy, CpuBuffer dw, @Nullable CpuBuffer dbias) {
        Patches patches = Patches.read(g, x, Integer.MAX_VALUE);
        int positions = patches.positions();
        int taps = patches.taps();
        int[] starts = patches.starts(1);
        int multiplier = g.outChannelsPerGroup();
        long work = (long) g.batch() * g.outChannels() * positions * taps / SPEED;
        threads.forRange(g.outChannels(), work, (from, to) -> {
            double[] sums = new double[taps];
            FlatKernels.Room room = flat.room();
            float[] loaded = pool.takeScratch(patches.channelLength() + kernels.lanes());
            try {
                for (int channel = from; channel < to; channel++) {
                    Arrays.fill(sums, 0);
                    double biasSum = 0;
                    for (int image = 0; image < g.batch(); image++) {
                        patches.load(kernels, image, channel / multiplier, 1, 1, loaded, 0);
                        int plane = dy.offset + (image * g.outChannels() + channel) * positions;
                        for (int tap = 0; tap < taps; tap++) {
                            flat.sumAndDot(positions, loaded, starts[tap], 0, dy.array, plane, room);
                            sums[tap] += room.dot();
                        }
                        biasSum += room.sum();
                    }
                    for (int tap = 0; tap < taps; tap++) {
                        dw.array[dw.offset + channel * taps + tap] = (float) sums[tap];
                    }
                    if (dbias != null) {
                        dbias.array[dbias.offset + channel] = (float) biasSum;
                    }
                }
            } finally {
                pool.giveScratch(loaded);
            }
        });
    }
}
