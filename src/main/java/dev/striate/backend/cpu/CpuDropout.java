package dev.striate.backend.cpu;

import dev.striate.backend.Buffer;
import dev.striate.backend.DropoutKernels;
import dev.striate.backend.Philox;

/** Dropout, by blocks of the four elements that one Philox call decides on. */
final class CpuDropout implements DropoutKernels {

    /** Nanoseconds per block, roughly. */
    private static final long COST = 15;

    private final CpuThreads threads;

    CpuDropout(CpuContext context) {
        this.threads = context.threads();
    }

    @Override
    public void apply(int n, long threshold, float scale, long seed, long stream, Buffer x, Buffer y) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer out = CpuBuffer.of(y);
        int blocks = Sizes.ceilDiv(n, 4);
        threads.forRange(blocks, COST * blocks, (from, to) -> {
            int[] lanes = new int[4];
            for (int block = from; block < to; block++) {
                Philox.block(seed, stream, block, lanes);
                int first = 4 * block;
                for (int lane = 0; lane < Math.min(4, n - first); lane++) {
                    boolean kept = Integer.toUnsignedLong(lanes[lane]) >= threshold;
                    out.array[out.offset + first + lane] = kept ? in.array[in.offset + first + lane] * scale : 0f;
                }
            }
        });
    }
}
