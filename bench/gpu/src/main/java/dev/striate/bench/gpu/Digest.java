package dev.striate.bench.gpu;

import dev.striate.bench.common.Check;
import dev.striate.bench.common.HashData;

/**
 * What the other side's process reports of a result.
 *
 * @param name the name of the result
 * @param sum  the sum of all values with the signs of {@link HashData#sign}; a loss itself
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

    /**
     * Compares this digest with that of the other side. The differences of many values add up like their squares, so
     * that the digest of many may differ by no more than a value, relative to its norm.
     */
    Check check(Digest other, double allowed) {
        return new Check(name, sum, other.sum, Math.abs(sum - other.sum) / Math.max(norm, other.norm), allowed);
    }
}
