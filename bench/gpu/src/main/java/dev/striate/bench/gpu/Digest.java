package dev.striate.bench.gpu;

/**
 * What is left of a result for the comparison of both sides.
 *
 * @param name what it is
 * @param sum  of all values with the signs of {@link HashData#sign}; a loss itself
 * @param norm the square root of the sum of squares, to which differences are relative
 */
record Digest(String name, double sum, double norm) {

    static Digest of(String name, float[] values) {
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < values.length; i++) {
            sum += (double) values[i] * HashData.sign(i);
            squares += (double) values[i] * values[i];
        }
        return new Digest(name, sum, Math.sqrt(squares));
    }

    static Digest ofLoss(int step, float loss) {
        return new Digest("loss_" + step, loss, Math.abs(loss));
    }

    /** How far another side's is from this, relative. */
    double difference(Digest other) {
        return Math.abs(sum - other.sum) / Math.max(norm, other.norm);
    }

    /**
     * How far two float32 sums of n random terms may lie apart, relative to their root mean square: each addition errs
     * by 2^-24 of the partial sum, at random. The differences of many such values add up like their squares, so that
     * the digest of many differs by no more, relative to its norm.
     */
    static double rounding(double terms) {
        return 8 * Math.sqrt(terms) * 0x1p-24;
    }
}
