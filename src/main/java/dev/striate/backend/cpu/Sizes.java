package dev.striate.backend.cpu;

/** Arithmetic on sizes. */
public final class Sizes {

    private Sizes() {}

    public static int ceilDiv(int a, int b) {
        return (int) ((a + (long) b - 1) / b);
    }

    /** The least multiple of {@code unit} that is not below {@code count}. */
    public static int roundUp(int count, int unit) {
        return ceilDiv(count, unit) * unit;
    }
}
