package dev.striate.backend.cpu.simd;

import java.util.List;
import java.util.function.Consumer;

/**
 * {@link PanamaKernels}, each preceded by its scalar twin until it is fast. As long as C2 has not compiled a loop of vectors, each
 * of them is an object and the loop many times slower than the twin. A thread of its own therefore calls one kernel after the
 * other on small data until C2 has compiled it. A kernel and its twin compute the same bits: it does not matter when the one takes
 * over from the other.
 */
final class WarmingKernels implements SimdKernels {

    /** What a program does first, and the compilation of that, is not to wait for the warm-up. */
    private static final long HEAD_START_MILLIS = 250;
    /** Of the small data. */
    private static final int DEPTH = 32;
    private static final int LENGTH = 256;
    /** Calls for one reading of the clock. */
    private static final int CALLS = 16;
    /** Readings in a row in which a kernel must be fast: one could be an accident. */
    private static final int PROOF = 8;

    private static final int TILE = 0;
    private static final int COPY_RUNS = 1;
    private static final int GATHER = 2;
    private static final int RELU = 3;
    private static final int RELU_GRADIENT = 4;
    private static final int ADD_SCALED = 5;
    private static final int ADD = 6;
    private static final int MULTIPLY = 7;
    private static final int SCALE_AND_SHIFT = 8;

    private final SimdKernels vectorized;
    private final SimdKernels scalar;
    /** How many kernels, in the order above, run vectorized. */
    private volatile int warm;
    private boolean started;

    /** @param vectorized {@link PanamaKernels}, which this class does not name because the Vector API may be missing */
    WarmingKernels(SimdKernels vectorized) {
        this.vectorized = vectorized;
        this.scalar = new ScalarKernels(vectorized.tileColumns());
    }

    /** The kernels without their twins. */
    SimdKernels vectorized() {
        return vectorized;
    }

    /** Starts the warm-up, unless it has been started before. */
    synchronized void warmUp() {
        if (!started) {
            started = true;
            Thread thread = new Thread(this::rehearseAll, "striate-warm-up");
            thread.setDaemon(true);
            thread.start();
        }
    }

    private void rehearseAll() {
        int columns = vectorized.tileColumns();
        int length = Math.max(LENGTH, DEPTH * columns);
        float[] a = new float[DEPTH * vectorized.tileRows()];
        float[] x = new float[length];
        float[] y = new float[length];
        int[] starts = new int[Math.max(DEPTH, columns)];
        // In the order of the constants; both ways through every branch, or C2 leaves one out and returns to the interpreter there.
        List<Consumer<SimdKernels>> kernels = List.of(
                k -> {
                    k.tile(DEPTH, a, 0, x, 0, y, 0, columns, false);
                    k.tile(DEPTH, a, 0, x, 0, y, 0, columns, true);
                },
                k -> k.copyRuns(DEPTH, x, 0, starts, 0, y, 0),
                k -> k.gather(DEPTH, x, 0, starts, 0, y, 0),
                k -> k.relu(LENGTH + 1, x, 0, y, 0),
                k -> k.reluGradient(LENGTH + 1, x, 0, y, 0, y, 0),
                k -> k.addScaled(LENGTH + 1, 1f, x, 0, y, 0),
                k -> k.add(LENGTH + 1, x, 0, y, 0, y, 0),
                k -> k.multiply(LENGTH + 1, x, 0, y, 0, y, 0),
                k -> k.scaleAndShift(LENGTH + 1, x, 0, 0f, 1f, 0f, y, 0));
        try {
            Thread.sleep(HEAD_START_MILLIS);
            for (Consumer<SimdKernels> kernel : kernels) {
                rehearse(kernel);
                warm++;
            }
        } catch (InterruptedException e) {
            // Nobody does that; the kernels that are warm stay so.
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Calls a kernel until it is about as fast as its twin or faster. A boxing loop is never: it is several times slower even
     * where the twin is not compiled yet.
     */
    private void rehearse(Consumer<SimdKernels> kernel) throws InterruptedException {
        long start = System.nanoTime();
        for (int fast = 0; fast < PROOF; ) {
            fast = nanos(kernel, vectorized) < 2 * nanos(kernel, scalar) ? fast + 1 : 0;
            if (fast == 0) {
                // Where C2 never comes, in a JVM that only interprets, say, this ends up costing next to nothing.
                Thread.sleep(1 + (System.nanoTime() - start) / 50_000_000);
            }
        }
    }

    private static long nanos(Consumer<SimdKernels> kernel, SimdKernels on) {
        long start = System.nanoTime();
        for (int i = 0; i < CALLS; i++) {
            kernel.accept(on);
        }
        return System.nanoTime() - start;
    }

    private SimdKernels current(int kernel) {
        return warm > kernel ? vectorized : scalar;
    }

    @Override
    public String description() {
        return vectorized.description();
    }

    @Override
    public int tileRows() {
        return vectorized.tileRows();
    }

    @Override
    public int tileColumns() {
        return vectorized.tileColumns();
    }

    @Override
    public void tile(
            int depth, float[] a, int aOffset, float[] b, int bOffset, float[] c, int cOffset, int cStride, boolean add) {
        current(TILE).tile(depth, a, aOffset, b, bOffset, c, cOffset, cStride, add);
    }

    @Override
    public void copyRuns(int runs, float[] source, int base, int[] starts, int firstStart, float[] target, int at) {
        current(COPY_RUNS).copyRuns(runs, source, base, starts, firstStart, target, at);
    }

    @Override
    public void gather(int count, float[] source, int base, int[] starts, int firstStart, float[] target, int at) {
        current(GATHER).gather(count, source, base, starts, firstStart, target, at);
    }

    @Override
    public void add(int n, float[] a, int aOffset, float[] b, int bOffset, float[] y, int yOffset) {
        current(ADD).add(n, a, aOffset, b, bOffset, y, yOffset);
    }

    @Override
    public void multiply(int n, float[] a, int aOffset, float[] b, int bOffset, float[] y, int yOffset) {
        current(MULTIPLY).multiply(n, a, aOffset, b, bOffset, y, yOffset);
    }

    @Override
    public void addScaled(int n, float scale, float[] x, int xOffset, float[] y, int yOffset) {
        current(ADD_SCALED).addScaled(n, scale, x, xOffset, y, yOffset);
    }

    @Override
    public void scaleAndShift(int n, float[] x, int xOffset, float center, float scale, float shift, float[] y, int yOffset) {
        current(SCALE_AND_SHIFT).scaleAndShift(n, x, xOffset, center, scale, shift, y, yOffset);
    }

    @Override
    public void relu(int n, float[] x, int xOffset, float[] y, int yOffset) {
        current(RELU).relu(n, x, xOffset, y, yOffset);
    }

    @Override
    public void reluGradient(int n, float[] y, int yOffset, float[] dy, int dyOffset, float[] dx, int dxOffset) {
        current(RELU_GRADIENT).reluGradient(n, y, yOffset, dy, dyOffset, dx, dxOffset);
    }
}
