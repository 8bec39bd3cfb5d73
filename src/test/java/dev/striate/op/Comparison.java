package dev.striate.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import org.jspecify.annotations.Nullable;

/** Holds what a device gave against what was expected. */
final class Comparison {

    private Comparison() {}

    /** Compares all results, integers (which must be equal) and gradients of a case. */
    static void check(String what, CaseRun expected, CaseRun actual, Accuracy.Tolerances tolerances) {
        assertEquals(expected.outputs().length, actual.outputs().length, what + ": number of results");
        for (int i = 0; i < expected.indices().length; i++) {
            assertArrayEquals(expected.indices()[i], actual.indices()[i], what + ": indices " + i);
        }
        for (int i = 0; i < expected.outputs().length; i++) {
            check(
                    what + ", result " + i,
                    expected.outputs()[i],
                    actual.outputs()[i],
                    tolerances.outputs()[i]);
        }
        for (int i = 0; i < expected.gradients().length; i++) {
            if (expected.gradients()[i] != null) {
                check(
                        what + ", gradient of input " + i,
                        expected.gradients()[i],
                        actual.gradients()[i],
                        tolerances.gradients()[i]);
            }
        }
    }

    /**
     * Compares element by element. NaN must be NaN, infinity the same infinity, and what no float32 can hold, infinity.
     */
    static void check(String what, double[] expected, double @Nullable [] actual, double[] tolerance) {
        if (actual == null) {
            fail(what + " is missing");
            return;
        }
        assertEquals(expected.length, actual.length, what + ": number of elements");
        int wrong = 0;
        int first = -1;
        double worst = 0;
        for (int i = 0; i < expected.length; i++) {
            if (!isNear(expected[i], actual[i], tolerance[i])) {
                wrong++;
                first = first < 0 ? i : first;
                worst = Math.max(worst, Math.abs(expected[i] - actual[i]) / tolerance[i]);
            }
        }
        if (wrong > 0) {
            fail(what + ": " + wrong + " of " + expected.length + " elements are wrong, at worst by " + (float) worst
                    + " times what is allowed; the first is element " + first + ": expected " + expected[first]
                    + ", got "
                    + actual[first] + ", allowed is a difference of " + tolerance[first]);
        }
    }

    private static boolean isNear(double expected, double actual, double tolerance) {
        if (Double.isNaN(expected)) {
            return Double.isNaN(actual);
        }
        if (Math.abs(expected) > Float.MAX_VALUE) {
            return actual == Math.signum(expected) * Double.POSITIVE_INFINITY;
        }
        return Math.abs(expected - actual) <= tolerance;
    }
}
