package dev.striate.bench;

/**
 * What one call of a benchmark comes to, so that its time becomes a speed.
 *
 * @param flops multiplications and additions of products and convolutions; 0 where there are none
 * @param bytes what must at least be read and written, each tensor once; 0 where that says nothing
 */
record Cost(double flops, double bytes) {

    static Cost ofFlops(double flops) {
        return new Cost(flops, 0);
    }

    /** Of so many float32 elements read and written. */
    static Cost ofElements(double elements) {
        return new Cost(0, 4 * elements);
    }
}
