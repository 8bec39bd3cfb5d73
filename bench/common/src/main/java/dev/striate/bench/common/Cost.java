package dev.striate.bench.common;

/**
 * The work of one call; 0 where a figure has no meaning.
 *
 * @param flops  multiplications and additions of products and convolutions
 * @param bytes  bytes that must be read or written at least, each tensor once
 * @param images images that the call trains on or classifies
 */
public record Cost(double flops, double bytes, int images) {

    public static final Cost NONE = new Cost(0, 0, 0);

    public static Cost ofFlops(double flops) {
        return new Cost(flops, 0, 0);
    }

    /** The cost of reading or writing a number of float32 elements. */
    public static Cost ofElements(double elements) {
        return new Cost(0, Float.BYTES * elements, 0);
    }
}
