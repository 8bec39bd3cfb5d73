package dev.striate.backend.cpu.simd;

import org.jspecify.annotations.Nullable;

/**
 * The inner loops whose speed decides everything, in one of two versions. Both compute each element by the same
 * sequence of operations wherever it stands in a call, so cutting work into pieces never changes a bit.
 */
public interface SimdKernels {

    /** What runs, for people: {@code Vector API 512 bit}. */
    String description();

    /**
     * Shows the Java virtual machine all kinds of vectors before it compiles the library's own methods, which they
     * share. One that turns up later makes the code for the others fail a check of its class. C2 adds these failures up
     * over all that it inlines in a kernel, and at 100 no longer trusts what it knows of classes: it then boxes the
     * vectors of the kernel's end.
     */
    default void acquaint() {}

    /** The inner loops of convolution. */
    ConvKernels convolution();

    /** The loops beside the products, in the same version. */
    FlatKernels flat();

    /** Tiles of dot products, or null in plain Java: C2 does not vectorize sums by itself. */
    @Nullable
    DotTiles dotTiles();

    /**
     * What Winograd's convolution is made of, or null in plain Java: without broad vectors, combining costs what is
     * saved.
     */
    @Nullable
    WinogradKernels winograd();

    /** Exponentials and their like, in the same version. */
    FunctionKernels functions();

    /** Rows of the tile that {@link #tile} computes fastest, a multiple of 4. */
    int tileRows();

    /** Columns of the tile that {@link #tile} computes. */
    int tileColumns();

    /**
     * One tile of a matrix product, from operands packed so that both are read front to back: {@code c = a b + d}. The
     * sum along the depth is complete before {@code d} is added.
     *
     * @param rows  {@link #tileRows}, or 4 for what is left below such tiles
     * @param depth the length summed over, even, 0 or more
     * @param a     four rows after four, {@code (rows / 4, depth, 4)} from {@code aOffset} on
     * @param b     {@code (depth, tileColumns)} from {@code bOffset} on
     * @param d     the first element is at {@code dOffset}, rows are {@code dStride} apart: 0 repeats one row. May be
     *     the same tile of {@code c}
     * @param c     the tile's first element is at {@code cOffset}, its rows are {@code cStride} apart
     */
    void tile(
            int rows,
            int depth,
            float[] a,
            int aOffset,
            float[] b,
            int bOffset,
            float[] d,
            int dOffset,
            int dStride,
            float[] c,
            int cOffset,
            int cStride);

    /**
     * The sums of {@code a b} for some lines of {@code b}, each as several partial sums side by side.
     *
     * @param lines   how many sums
     * @param n       elements of {@code a} and of each line
     * @param step    from one line's first element to the next one's
     * @param y       gets a sum per line from {@code yOffset} on
     * @param room    twice {@link #tileColumns} elements to work in
     */
    void dots(
            int lines,
            int n,
            float[] a,
            int aOffset,
            float[] b,
            int bOffset,
            int step,
            float[] y,
            int yOffset,
            float[] room);

    /** {@code y = a + b}; {@code y} may be either. */
    void add(int n, float[] a, int aOffset, float[] b, int bOffset, float[] y, int yOffset);

    /** {@code y = a b}, element by element; {@code y} may be either. */
    void multiply(int n, float[] a, int aOffset, float[] b, int bOffset, float[] y, int yOffset);

    /** {@code y += scale x}. */
    void addScaled(int n, float scale, float[] x, int xOffset, float[] y, int yOffset);

    /** {@code y = scale (x - center) + shift}; {@code y} may be {@code x}. */
    void scaleAndShift(int n, float[] x, int xOffset, float center, float scale, float shift, float[] y, int yOffset);

    /** {@code y = max(x, 0)}, NaN stays NaN; {@code y} may be {@code x}. */
    void relu(int n, float[] x, int xOffset, float[] y, int yOffset);

    /** {@code dx = dy} where {@code y > 0}, else {@code 0 dy}; {@code dx} may be {@code dy}. */
    void reluGradient(int n, float[] y, int yOffset, float[] dy, int dyOffset, float[] dx, int dxOffset);
}
