package dev.striate.backend.cpu;

/**
 * The speeds of the inner loops on one thread: the one table from which it follows which algorithm computes a
 * convolution and whether a call is shared among threads. They are declared, not measured at run time, so that a
 * processor always takes the same algorithms and gives the same bits. Low guesses: only ratios matter for the first
 * decision, and for the second whether sharing pays.
 *
 * @param product          multiply-adds per nanosecond of a matrix product's tile, or of Winograd's products
 * @param dots             the same of dot products, one partial sum per lane
 * @param streamed         the same where both operands come from memory
 * @param packed           elements that are packed per nanosecond
 * @param winogradTile     nanoseconds that one channel's tile takes in both transforms of {@code F(4x2, 3x3)}
 * @param winogradKernel   nanoseconds that transforming a kernel takes
 * @param winogradGradient nanoseconds that one channel's tile takes in the transform of {@code F(3x3, 2x2)}
 */
public record Speeds(
        double product,
        double dots,
        double streamed,
        double packed,
        double winogradTile,
        double winogradKernel,
        double winogradGradient) {

    static final Speeds DECLARED = new Speeds(30, 45, 8, 3, 8.5, 50, 5.7);

    /** How long a product of so many multiply-adds takes, in nanoseconds. */
    public long nanos(double multiplyAdds) {
        return (long) (multiplyAdds / product);
    }
}
