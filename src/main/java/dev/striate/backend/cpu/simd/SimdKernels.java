package dev.striate.backend.cpu.simd;

/**
 * The inner loops whose speed decides everything, in one of two versions. Both compute each element by the same sequence of
 * operations wherever it stands in a call, so cutting work into pieces never changes a bit.
 */
public interface SimdKernels {

    /** What runs, for people: {@code Vector API 512 bit}. */
    String description();

    /** The inner loops of convolution. */
    ConvKernels convolution();

    /** The loops beside the products, in the same version. */
    FlatKernels flat();

    /** Exponentials and their like, in the same version. */
    FunctionKernels functions();

    /** Rows of the tile that {@link #tile} computes. */
    int tileRows();

    /** Columns of the tile that {@link #tile} computes. */
    int tileColumns();

    /**
     * One tile of a matrix product, from operands packed so that both are read front to back: {@code c (+)= a b}.
     *
     * @param depth the length summed over, 0 or more
     * @param a     {@code (depth, tileRows)} from {@code aOffset} on
     * @param b     {@code (depth, tileColumns)} from {@code bOffset} on
     * @param c     the tile's first element is at {@code cOffset}, its rows are {@code cStride} apart
     * @param add   whether to add to what {@code c} holds rather than replace it
     */
    void tile(int depth, float[] a, int aOffset, float[] b, int bOffset, float[] c, int cOffset, int cStride, boolean add);

    /**
     * The sum of {@code a b}, as several partial sums side by side.
     *
     * @param room at least half of {@link #tileColumns} elements to work in
     */
    float dot(int n, float[] a, int aOffset, float[] b, int bOffset, float[] room);

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
