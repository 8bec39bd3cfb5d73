package dev.striate.optim;

import dev.striate.StriateException;

/** Checks of hyperparameters. */
final class Require {

    private Require() {}

    static float atLeastZero(String name, float value) {
        if (!(value >= 0 && value < Float.POSITIVE_INFINITY)) {
            throw new StriateException(name + ": expected a finite number of at least 0, got " + value);
        }
        return value;
    }

    static float aboveZero(String name, float value) {
        if (!(value > 0 && value < Float.POSITIVE_INFINITY)) {
            throw new StriateException(name + ": expected a finite number above 0, got " + value);
        }
        return value;
    }

    /** At least 0 and below 1. */
    static float fraction(String name, float value) {
        if (!(value >= 0 && value < 1)) {
            throw new StriateException(name + ": expected a number of at least 0 and below 1, got " + value);
        }
        return value;
    }

    static long atLeast(long least, String name, long value) {
        if (value < least) {
            throw new StriateException(name + ": expected at least " + least + ", got " + value);
        }
        return value;
    }
}
