package dev.striate.backend;

/**
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): a bijection of a 128-bit
 * counter under a 64-bit key. Element i of stream s under a seed is lane {@code i mod 4} of the block with key {@code
 * (lo(seed), hi(seed))} and counter {@code (lo(i/4), hi(i/4), lo(s), hi(s))}, so any device can compute any element on
 * its own.
 */
public final class Philox {

    private static final int M0 = 0xD2511F53;
    private static final int M1 = 0xCD9E8D57;
    private static final int W0 = 0x9E3779B9;
    private static final int W1 = 0xBB67AE85;
    private static final long LOW = 0xFFFFFFFFL;

    private Philox() {}

    /** Writes the four lanes of block {@code block} of a stream to {@code lanes}, as unsigned 32-bit values. */
    public static void block(long seed, long stream, long block, int[] lanes) {
        int c0 = (int) block;
        int c1 = (int) (block >>> 32);
        int c2 = (int) stream;
        int c3 = (int) (stream >>> 32);
        int k0 = (int) seed;
        int k1 = (int) (seed >>> 32);
        for (int round = 0; round < 10; round++) {
            long p0 = (M0 & LOW) * (c0 & LOW);
            long p1 = (M1 & LOW) * (c2 & LOW);
            c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            c1 = (int) p1;
            c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c3 = (int) p0;
            k0 += W0;
            k1 += W1;
        }
        lanes[0] = c0;
        lanes[1] = c1;
        lanes[2] = c2;
        lanes[3] = c3;
    }

    /** The top 24 bits as a float in [0, 1). */
    public static float toUnitFloat(int lane) {
        return (lane >>> 8) * 0x1p-24f;
    }
}
