package dev.striate.backend.cpu.simd;

import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * {@link PanamaKernels}, each preceded by its scalar twin until it is fast. As long as C2 has not compiled a loop of vectors,
 * each of them is an object and the loop many times slower than the twin. A thread of its own therefore calls one kernel after
 * the other on small data until C2 has compiled it. A kernel and its twin compute the same bits: it does not matter when the one
 * takes over from the other.
 */
final class WarmingKernels implements SimdKernels {

    /** What a program does first, and the compilation of that, is not to wait for the warm-up. */
    private static final long HEAD_START_MILLIS = 250;
    /** Of the small data. */
    private static final int DEPTH = 32;
    private static final int LENGTH = 256;
    private static final int MOST_CONV_ROWS = 16;
    /** Calls for one reading of the clock. */
    private static final int CALLS = 16;
    /** Readings in a row in which a kernel must be fast: one could be an accident. */
    private static final int PROOF = 8;
    /**
     * After this the rest takes over as it is: on a busy machine the program itself gets it compiled sooner than small data do.
     */
    private static final long LONGEST_MILLIS = 2_000;

    private static final int TILE = 0;
    private static final int CONV_TILE = 1;
    private static final int COPY_LINES = 2;
    private static final int RELU = 3;
    private static final int RELU_GRADIENT = 4;
    private static final int MAX_POOL = 5;
    private static final int ADAM = 6;
    private static final int ADD_SCALED = 7;
    private static final int ADD = 8;
    private static final int MULTIPLY = 9;
    private static final int SCALE_AND_SHIFT = 10;
    private static final int SUM = 11;
    private static final int SUM_OF_SQUARES = 12;
    private static final int SUM_AND_DOT = 13;
    private static final int NORM_GRADIENT = 14;
    private static final int DESCEND = 15;
    private static final int DESCEND_WITH_MOMENTUM = 16;
    private static final int DOTS = 17;
    private static final int COPY_FRAMES = 18;
    private static final int ADD_SHIFTED = 19;
    private static final int DOT_TILE = 20;
    private static final int EXP = 21;
    private static final int SIGMOID = 22;
    private static final int TANH = 23;

    private final SimdKernels vectorized;
    private final SimdKernels scalar;
    /** How many kernels, in the order above, run vectorized. */
    private volatile int warm;
    private boolean started;

    /** @param vectorized {@link PanamaKernels}, which this class does not name because the Vector API may be missing */
    WarmingKernels(SimdKernels vectorized) {
        this.vectorized = vectorized;
        this.scalar = new ScalarKernels(vectorized);
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
        try {
            Thread.sleep(HEAD_START_MILLIS);
            long deadline = System.nanoTime() + LONGEST_MILLIS * 1_000_000;
            for (Consumer<SimdKernels> kernel : program()) {
                rehearse(kernel, deadline);
                warm++;
            }
        } catch (InterruptedException e) {
            // Nobody does that; the kernels that are warm stay so.
            Thread.currentThread().interrupt();
        }
    }

    /**
     * A call of each kernel, in the order of the constants. It goes both ways at every branch, or C2 would leave one way out and
     * the first to take it would find itself in the interpreter. All data are 0.
     */
    private List<Consumer<SimdKernels>> program() {
        int columns = Math.max(vectorized.tileColumns(), vectorized.convolution().blockColumns());
        int rows = Math.max(vectorized.tileRows(), MOST_CONV_ROWS);
        int n = LENGTH + 1;
        float[] a = new float[DEPTH * rows];
        float[] x = new float[Math.max(4 * LENGTH, DEPTH * columns)];
        float[] y = new float[x.length];
        float[] z = new float[x.length];
        int[] starts = new int[DEPTH];
        int[] indices = new int[LENGTH];
        double[] room = new double[vectorized.flat().room()];
        FlatKernels.AdamFactors factors = new FlatKernels.AdamFactors(0.9f, 0.1f, 0.999f, 0.001f, 0.001f, 1f, 1e-8f, 0f, 1f);
        int[] heights = IntStream.rangeClosed(1, MOST_CONV_ROWS).map(vectorized.convolution()::tileRows).distinct().toArray();
        int lanes = vectorized.convolution().lanes();
        List<ConvKernels.Frame> frames = IntStream.of(1, 2, 3)
                .map(vectors -> vectors * lanes)
                .mapToObj(width -> new ConvKernels.Frame(4, width, 1, 3, 1, width - 1, width, 1))
                .toList();
        return List.of(
                k -> {
                    k.tile(DEPTH, a, 0, x, 0, z, 0, 0, y, 0, columns);
                    k.tile(DEPTH, a, 0, x, 0, y, 0, columns, y, 0, columns);
                },
                k -> {
                    for (int height : heights) {
                        k.convolution().tile(height, DEPTH, a, 0, x, 0, starts, 0, y, 0, columns, false, z, 0);
                        k.convolution().tile(height, DEPTH, a, 0, x, 0, starts, 0, y, 0, columns, true, z, 0);
                    }
                },
                k -> k.convolution().copyLines(8, columns / 2, x, -columns, columns / 2, y, 0, columns / 2),
                k -> k.relu(n, x, 0, y, 0),
                k -> k.reluGradient(n, x, 0, y, 0, y, 0),
                k -> k.flat().maxPool2x2(1, 16, 40, 8, 20, x, 0, y, 0, indices, 0),
                k -> k.flat().adam(n, factors, x, 0, y, 0, z, 0, y, n),
                k -> k.addScaled(n, 1f, x, 0, y, 0),
                k -> k.add(n, x, 0, y, 0, y, 0),
                k -> k.multiply(n, x, 0, y, 0, y, 0),
                k -> k.scaleAndShift(n, x, 0, 0f, 1f, 0f, y, 0),
                k -> k.flat().sum(n, x, 0, room),
                k -> k.flat().sumOfSquares(n, x, 0, 0.0, room),
                k -> k.flat().sumAndDot(n, x, 0, 0.0, y, 0, room),
                k -> k.flat().normGradient(n, x, 0, 0f, y, 0, 1f, 0f, 0f, y, 0),
                k -> k.flat().descend(n, 0.1f, 0f, x, 0, y, 0),
                k -> {
                    k.flat().descendWithMomentum(n, 0.1f, 0f, 0.9f, 1f, false, x, 0, y, 0, z, 0);
                    k.flat().descendWithMomentum(n, 0.1f, 0f, 0.9f, 1f, true, x, 0, y, 0, z, 0);
                },
                k -> {
                    k.dots(5, n, x, 0, z, 0, 1, y, 0, a);
                    k.dots(5, n + vectorized.convolution().lanes(), x, 0, z, 0, 1, y, 0, a);
                },
                k -> {
                    for (ConvKernels.Frame frame : frames) {
                        k.convolution().copyFrames(frame, 3, x, -1, 2 * columns, y, 0);
                    }
                },
                k -> {
                    for (int count = 3; count <= 5; count++) {
                        int[] shifts = new int[count];
                        for (int length : new int[] {lanes, 2 * lanes}) {
                            int[] masks = k.convolution().shiftMasks(length, length, shifts);
                            k.convolution().addShifted(8, length, x, 0, length, 0, shifts, masks, 0f, y, 0, 8 * length - 1);
                        }
                    }
                },
                k -> {
                    for (int height = 3; height <= 4; height++) {
                        int tile = k.dotTiles().tileRows(height);
                        k.dotTiles().tile(tile, LENGTH / 2, x, 0, height, 1, z, 0, starts, 0, y, 0);
                    }
                },
                k -> k.functions().exp(n, x, 0, y, 0),
                k -> k.functions().sigmoid(n, x, 0, y, 0),
                k -> k.functions().tanh(n, x, 0, y, 0));
    }

    /**
     * Calls a kernel until it is about as fast as its twin or faster, or time is up. A boxing loop is never: it is several times
     * slower even where the twin is not compiled yet.
     */
    private void rehearse(Consumer<SimdKernels> kernel, long deadline) throws InterruptedException {
        for (int fast = 0; fast < PROOF && System.nanoTime() < deadline; ) {
            fast = nanos(kernel, vectorized) < 2 * nanos(kernel, scalar) ? fast + 1 : 0;
            if (fast == 0) {
                Thread.sleep(1);
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
    public ConvKernels convolution() {
        return new Convolution();
    }

    @Override
    public FlatKernels flat() {
        return new Flat();
    }

    @Override
    public DotTiles dotTiles() {
        return new Dots();
    }

    @Override
    public FunctionKernels functions() {
        return new Functions();
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
            int depth, float[] a, int aOffset, float[] b, int bOffset, float[] d, int dOffset, int dStride,
            float[] c, int cOffset, int cStride) {
        current(TILE).tile(depth, a, aOffset, b, bOffset, d, dOffset, dStride, c, cOffset, cStride);
    }

    @Override
    public void dots(
            int lines, int n, float[] a, int aOffset, float[] b, int bOffset, int step, float[] y, int yOffset, float[] room) {
        current(DOTS).dots(lines, n, a, aOffset, b, bOffset, step, y, yOffset, room);
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

    private final class Convolution implements ConvKernels {

        @Override
        public int lanes() {
            return vectorized.convolution().lanes();
        }

        @Override
        public int blockColumns() {
            return vectorized.convolution().blockColumns();
        }

        @Override
        public int tileRows(int rows) {
            return vectorized.convolution().tileRows(rows);
        }

        @Override
        public int tileColumns(int tileRows) {
            return vectorized.convolution().tileColumns(tileRows);
        }

        @Override
        public int halfColumns(int tileRows) {
            return vectorized.convolution().halfColumns(tileRows);
        }

        @Override
        public void tile(
                int tileRows, int depth, float[] a, int aOffset, float[] x, int xOffset, int secondX, int[] starts,
                int firstStart, float[] c, int cOffset, int cStride, int secondC, boolean add, float[] bias, int biasOffset) {
            current(CONV_TILE).convolution().tile(
                    tileRows, depth, a, aOffset, x, xOffset, secondX, starts, firstStart, c, cOffset, cStride, secondC, add, bias,
                    biasOffset);
        }

        @Override
        public void copyLines(int lines, int length, float[] source, int from, int step, float[] target, int at, int targetStep) {
            current(COPY_LINES).convolution().copyLines(lines, length, source, from, step, target, at, targetStep);
        }

        @Override
        public void copyFrames(Frame frame, int channels, float[] source, int from, int channelStep, float[] target, int at) {
            current(COPY_FRAMES).convolution().copyFrames(frame, channels, source, from, channelStep, target, at);
        }

        @Override
        public void addShifted(
                int lines, int length, float[] x, int xOffset, int xLength, int xStep, int[] shifts, int[] masks, float start,
                float[] y, int yOffset, int yEnd) {
            current(ADD_SHIFTED).convolution()
                    .addShifted(lines, length, x, xOffset, xLength, xStep, shifts, masks, start, y, yOffset, yEnd);
        }
    }

    private final class Dots implements DotTiles {

        @Override
        public int lanes() {
            return vectorized.dotTiles().lanes();
        }

        @Override
        public int tileRows(int rows) {
            return vectorized.dotTiles().tileRows(rows);
        }

        @Override
        public int tileTaps(int tileRows) {
            return vectorized.dotTiles().tileTaps(tileRows);
        }

        @Override
        public void tile(
                int tileRows, int positions, float[] dy, int dyOffset, int rows, int rowStep, float[] x, int xOffset,
                int[] starts, int firstStart, float[] sums, int at) {
            current(DOT_TILE).dotTiles().tile(
                    tileRows, positions, dy, dyOffset, rows, rowStep, x, xOffset, starts, firstStart, sums, at);
        }
    }

    private final class Flat implements FlatKernels {

        @Override
        public int room() {
            return vectorized.flat().room();
        }

        @Override
        public double sum(int n, float[] x, int xOffset, double[] room) {
            return current(SUM).flat().sum(n, x, xOffset, room);
        }

        @Override
        public double sumOfSquares(int n, float[] x, int xOffset, double center, double[] room) {
            return current(SUM_OF_SQUARES).flat().sumOfSquares(n, x, xOffset, center, room);
        }

        @Override
        public void sumAndDot(int n, float[] x, int xOffset, double center, float[] y, int yOffset, double[] room) {
            current(SUM_AND_DOT).flat().sumAndDot(n, x, xOffset, center, y, yOffset, room);
        }

        @Override
        public void normGradient(
                int n, float[] x, int xOffset, float mean, float[] dy, int dyOffset, float factor, float shiftShare,
                float scaleShare, float[] dx, int dxOffset) {
            current(NORM_GRADIENT).flat()
                    .normGradient(n, x, xOffset, mean, dy, dyOffset, factor, shiftShare, scaleShare, dx, dxOffset);
        }

        @Override
        public void maxPool2x2(
                int planes, int inHeight, int inWidth, int outHeight, int outWidth, float[] x, int xOffset, float[] y,
                int yOffset, int[] indices, int indexOffset) {
            current(MAX_POOL).flat().maxPool2x2(
                    planes, inHeight, inWidth, outHeight, outWidth, x, xOffset, y, yOffset, indices, indexOffset);
        }

        @Override
        public void descend(int n, float rate, float weightDecay, float[] g, int gOffset, float[] w, int wOffset) {
            current(DESCEND).flat().descend(n, rate, weightDecay, g, gOffset, w, wOffset);
        }

        @Override
        public void descendWithMomentum(
                int n, float rate, float weightDecay, float momentum, float undamped, boolean nesterov, float[] g, int gOffset,
                float[] v, int vOffset, float[] w, int wOffset) {
            current(DESCEND_WITH_MOMENTUM).flat().descendWithMomentum(
                    n, rate, weightDecay, momentum, undamped, nesterov, g, gOffset, v, vOffset, w, wOffset);
        }

        @Override
        public void adam(
                int n, AdamFactors factors, float[] g, int gOffset, float[] m, int mOffset, float[] v, int vOffset, float[] w,
                int wOffset) {
            current(ADAM).flat().adam(n, factors, g, gOffset, m, mOffset, v, vOffset, w, wOffset);
        }
    }

    private final class Functions implements FunctionKernels {

        @Override
        public void exp(int n, float[] x, int xOffset, float[] y, int yOffset) {
            current(EXP).functions().exp(n, x, xOffset, y, yOffset);
        }

        @Override
        public void sigmoid(int n, float[] x, int xOffset, float[] y, int yOffset) {
            current(SIGMOID).functions().sigmoid(n, x, xOffset, y, yOffset);
        }

        @Override
        public void tanh(int n, float[] x, int xOffset, float[] y, int yOffset) {
            current(TANH).functions().tanh(n, x, xOffset, y, yOffset);
        }
    }
}
