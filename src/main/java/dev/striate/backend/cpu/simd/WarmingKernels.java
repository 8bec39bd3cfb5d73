package dev.striate.backend.cpu.simd;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * {@link PanamaKernels}, each preceded by its scalar twin until it is fast. As long as C2 has not compiled a loop of
 * vectors, each of them is an object and the loop many times slower than the twin. A thread of its own therefore calls
 * one kernel after the other on small data until C2 has compiled it; those that few nets need have another, which
 * starts when one does. A kernel and its twin compute the same bits: it does not matter when the one takes over from
 * the other, and one that C2 never compiles, or not well, leaves the work to its twin for good.
 */
final class WarmingKernels implements SimdKernels {

    /** What a program does first, and the compilation of that, is not to wait for the warm-up. */
    private static final long HEAD_START_MILLIS = 250;
    /** Of the small data. */
    private static final int DEPTH = 32;

    private static final int LENGTH = 256;
    private static final int MOST_CONV_ROWS = 16;
    /** Calls for one reading of the clock. */
    private static final int CALLS = 64;
    /** Readings in a row in which a kernel must be fast: one could be an accident. */
    private static final int PROOF = 8;
    /** How long to wait for a kernel before the next one's turn; each further round waits twice as long. */
    private static final long PATIENCE_MILLIS = 1_500;

    private static final int ROUNDS = 4;

    /** What is rehearsed, in this order: what takes most of a training step comes first. */
    private enum Kernel {
        TILE,
        CONV_TILE,
        COPY_FRAMES,
        ADD_SHIFTED,
        DOT_TILE,
        COPY_LINES,
        RELU,
        RELU_GRADIENT,
        MAX_POOL,
        MAX_POOL_GRADIENT,
        ADAM,
        ADD_SCALED,
        ADD,
        MULTIPLY,
        SCALE_AND_SHIFT,
        SUM,
        SUM_RUNS,
        SUM_OF_SQUARES,
        SUM_AND_DOT,
        NORM_GRADIENT,
        PACK_ACROSS,
        DESCEND,
        DESCEND_WITH_MOMENTUM,
        DOTS,
        EXP,
        SIGMOID,
        TANH,
        LOG,
        ELU,
        ELU_GRADIENT,
        GELU,
        GELU_GRADIENT,
        WINOGRAD_TILE,
        WINOGRAD_INPUT,
        WINOGRAD_OUTPUT,
        WINOGRAD_INPUT_CHANNELS,
        WINOGRAD_GRADIENT,
        WINOGRAD_GRADIENT_TILE,
        COMBINE_LINES,
        LINE_TILE
    }

    private static final EnumSet<Kernel> LOG = EnumSet.of(Kernel.LOG);
    private static final EnumSet<Kernel> ELU = EnumSet.range(Kernel.ELU, Kernel.ELU_GRADIENT);
    private static final EnumSet<Kernel> GELU = EnumSet.range(Kernel.GELU, Kernel.GELU_GRADIENT);
    private static final EnumSet<Kernel> WINOGRAD = EnumSet.range(Kernel.WINOGRAD_TILE, Kernel.WINOGRAD_OUTPUT);
    private static final EnumSet<Kernel> WINOGRAD_CHANNELS =
            EnumSet.range(Kernel.WINOGRAD_INPUT_CHANNELS, Kernel.WINOGRAD_GRADIENT_TILE);
    private static final EnumSet<Kernel> WINOGRAD_LINES = EnumSet.range(Kernel.COMBINE_LINES, Kernel.LINE_TILE);
    /** The others wait until a net needs them: most do without. */
    private static final EnumSet<Kernel> OFTEN = EnumSet.range(Kernel.TILE, Kernel.TANH);

    private final SimdKernels vectorized;
    private final SimdKernels scalar;
    /** A bit for each kernel that runs vectorized. */
    private volatile long warm;
    /** A bit for each kernel whose warm-up has begun. */
    private volatile long started;

    /** @param vectorized {@link PanamaKernels}, which this class does not name because the Vector API may be missing */
    WarmingKernels(SimdKernels vectorized) {
        this.vectorized = vectorized;
        this.scalar = new ScalarKernels(vectorized);
    }

    /** The kernels without their twins. */
    SimdKernels vectorized() {
        return vectorized;
    }

    /** Starts the warm-up of what every net may need, unless it has been started before. */
    void warmUp() {
        warmUp(OFTEN, HEAD_START_MILLIS);
    }

    private void warmUp(EnumSet<Kernel> kernels, long delayMillis) {
        long bits = kernels.stream().mapToLong(kernel -> 1L << kernel.ordinal()).sum();
        synchronized (this) {
            if ((started & bits) != 0) {
                return;
            }
            started |= bits;
        }
        Thread thread = new Thread(() -> rehearseAll(delayMillis, kernels), "striate-warm-up");
        thread.setDaemon(true);
        thread.start();
    }

    private void rehearseAll(long delayMillis, EnumSet<Kernel> kernels) {
        try {
            Thread.sleep(delayMillis);
            vectorized.acquaint();
            Map<Kernel, Consumer<SimdKernels>> program = program();
            List<Kernel> cold = new ArrayList<>(kernels);
            for (int round = 0; round < ROUNDS && !cold.isEmpty(); round++) {
                for (Kernel kernel : List.copyOf(cold)) {
                    if (rehearse(Objects.requireNonNull(program.get(kernel)), PATIENCE_MILLIS << round)) {
                        setWarm(kernel);
                        cold.remove(kernel);
                    }
                }
            }
        } catch (InterruptedException e) {
            // Nobody does that; the kernels that are warm stay so.
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void setWarm(Kernel kernel) {
        warm |= 1L << kernel.ordinal();
    }

    /**
     * A call of each kernel. It goes both ways at every branch, or C2 would leave one way out and the first to take it
     * would find itself in the interpreter. All data are 0.
     */
    @SuppressWarnings("NullAway") // Only kernels in plain Java have no dot tiles and no Winograd.
    private Map<Kernel, Consumer<SimdKernels>> program() {
        int columns =
                Math.max(vectorized.tileColumns(), vectorized.convolution().blockColumns());
        int rows = Math.max(vectorized.tileRows(), MOST_CONV_ROWS);
        int n = LENGTH + 1;
        float[] a = new float[DEPTH * rows];
        float[] x = new float[Math.max(4 * LENGTH, DEPTH * columns)];
        float[] y = new float[x.length];
        float[] z = new float[x.length];
        long[] pairs = new long[DEPTH * rows];
        int[] starts = new int[DEPTH];
        int[] indices = new int[LENGTH];
        int[] lengths = {3, LENGTH, n};
        FlatKernels.Room room = vectorized.flat().room();
        FlatKernels.AdamFactors factors =
                new FlatKernels.AdamFactors(0.9f, 0.1f, 0.999f, 0.001f, 0.001f, 1f, 1e-8f, 0f, 1f);
        int[] heights = IntStream.rangeClosed(1, MOST_CONV_ROWS)
                .map(vectorized.convolution()::tileRows)
                .distinct()
                .toArray();
        int lanes = vectorized.convolution().lanes();
        // Lines below a vector, of two, of three and of more, with and without margins.
        List<ConvKernels.Frame> frames = IntStream.of(lanes - 2, 2 * lanes, 3 * lanes, 4 * lanes)
                .boxed()
                .flatMap(width -> Stream.of(
                        new ConvKernels.Frame(4, width, 1, 3, 1, width - 1, width, 1),
                        new ConvKernels.Frame(4, width, 1, 3, 0, width, width, 1)))
                .toList();
        Map<Kernel, Consumer<SimdKernels>> program = new EnumMap<>(Kernel.class);
        program.put(Kernel.TILE, k -> {
            for (int height : new int[] {vectorized.tileRows(), 4}) {
                k.tile(height, DEPTH, a, 0, x, 0, z, 0, 0, y, 0, columns);
                k.tile(height, DEPTH, a, 0, x, 0, y, 0, columns, y, 0, columns);
            }
        });
        program.put(Kernel.CONV_TILE, k -> {
            for (int height : heights) {
                k.convolution().tile(height, DEPTH, a, 0, x, 0, starts, 0, y, 0, columns, false, z, 0);
                k.convolution().tile(height, DEPTH, a, 0, x, 0, starts, 0, y, 0, columns, true, z, 0);
            }
        });
        program.put(Kernel.COPY_FRAMES, k -> {
            for (ConvKernels.Frame frame : frames) {
                // Up to the last element of the source, beyond which no vector may be read.
                int channelStep = 2 * frame.width();
                k.convolution().copyFrames(frame, 3, x, x.length - 3 * channelStep, channelStep, y, 0);
            }
        });
        program.put(Kernel.ADD_SHIFTED, k -> {
            for (int count = 3; count <= 5; count++) {
                int[] shifts = new int[count];
                for (int length : new int[] {lanes, 2 * lanes}) {
                    int[] masks = k.convolution().shiftMasks(length, length, shifts);
                    k.convolution().addShifted(8, length, x, 0, length, 0, shifts, masks, 0f, y, 0, 8 * length - 1);
                }
            }
        });
        program.put(Kernel.DOT_TILE, k -> {
            for (int height = 3; height <= 4; height++) {
                int tile = k.dotTiles().tileRows(height);
                k.dotTiles().tile(tile, LENGTH / 2, x, 0, height, 1, z, 0, starts, 0, y, 0);
            }
        });
        program.put(Kernel.COPY_LINES, k -> {
            for (int vectors = 1; vectors <= 3; vectors++) {
                int length = vectors * lanes;
                k.convolution().copyLines(8, length, x, 0, length, y, 0, length);
            }
            k.convolution().copyLines(1, lanes, x, -1, lanes, y, 0, lanes);
        });
        program.put(Kernel.PACK_ACROSS, k -> {
            k.convolution().packAcross(8, 2 * lanes + 1, x, 0, 2 * lanes + 1, y, 0, 8);
            k.convolution().packAcross(4, 2 * lanes + 1, x, 0, 2 * lanes + 1, y, 0, 4);
            k.convolution().packAcross(lanes + 1, 2 * lanes + 1, x, 0, 2 * lanes + 1, y, 0, lanes + 1);
        });
        program.put(Kernel.RELU, k -> k.relu(n, x, 0, y, 0));
        program.put(Kernel.RELU_GRADIENT, k -> k.reluGradient(n, x, 0, y, 0, y, 0));
        // Lines of more and of less than a vector, and so narrow ones that it holds whole windows.
        int narrow = lanes / 2;
        program.put(Kernel.MAX_POOL, k -> {
            k.flat().maxPool2x2(1, 16, 40, 8, 20, x, 0, y, 0, indices, 0);
            k.flat().maxPool2x2(3, narrow, narrow, narrow / 2, narrow / 2, x, 0, y, 0, indices, 0);
        });
        program.put(Kernel.MAX_POOL_GRADIENT, k -> {
            k.flat().maxPool2x2Gradient(1, 8, 4 * lanes + 3, 4, 2 * lanes + 1, x, 0, indices, 0, y, 0);
            k.flat().maxPool2x2Gradient(1, 8, lanes + 6, 4, lanes / 2 + 3, x, 0, indices, 0, y, 0);
            k.flat().maxPool2x2Gradient(3, narrow, narrow, narrow / 2, narrow / 2, x, 0, indices, 0, y, 0);
        });
        program.put(Kernel.ADAM, k -> k.flat().adam(n, factors, x, 0, y, 0, z, 0, y, n));
        // Lines of less than a vector, of one and of more, with and without a column left over.
        program.put(Kernel.WINOGRAD_INPUT, k -> {
            for (int tiles : new int[] {lanes / 2 - 1, lanes / 2, lanes}) {
                k.winograd().combineInput(2, tiles, x, 0, 2 * tiles + 2, y, 0, 4 * lanes);
            }
        });
        program.put(Kernel.WINOGRAD_TILE, k -> k.winograd().tile(DEPTH, pairs, 0, x, 0, columns, y, 0, columns));
        int[] widths = {lanes - 1, lanes, 2 * lanes - 1, 2 * lanes};
        float[] outputRoom = new float[vectorized.winograd().outputRoom(2, lanes)];
        program.put(Kernel.WINOGRAD_OUTPUT, k -> {
            for (int width : widths) {
                k.winograd().combineOutput(2, (width + 1) / 2, x, 0, 4 * lanes, 0f, y, 0, 7, width, outputRoom);
            }
        });
        program.put(
                Kernel.WINOGRAD_INPUT_CHANNELS,
                k -> k.winograd().combineInputChannels(2, lanes, x, 0, 6 * lanes, y, 0, 2 * lanes));
        program.put(Kernel.WINOGRAD_GRADIENT, k -> {
            for (int width : widths) {
                k.winograd().combineGradient(2, x, 0, 3, width, y, 0, 4 * lanes);
            }
        });
        program.put(Kernel.WINOGRAD_GRADIENT_TILE, k -> {
            k.winograd().gradientTile(DEPTH, x, 0, starts, x, 0, columns, y, 0, columns, false);
            k.winograd().gradientTile(DEPTH, x, 0, starts, x, 0, columns, y, 0, columns, true);
        });
        program.put(Kernel.COMBINE_LINES, k -> {
            for (int width : new int[] {lanes - 2, lanes, 2 * lanes - 2}) {
                k.winograd().combineLines(4, width, x, 0, 2 * lanes, y, 0, 8 * lanes);
            }
        });
        program.put(Kernel.LINE_TILE, k -> {
            for (int wanted = 1; wanted <= WinogradKernels.LINE_ROWS; wanted++) {
                k.winograd()
                        .lineTile(
                                DEPTH / 2, pairs, 0, x, 0, lanes, 2 * lanes, starts, wanted, x, 0, y, 0, lanes,
                                2 * lanes);
            }
        });
        program.put(Kernel.ADD_SCALED, k -> k.addScaled(n, 1f, x, 0, y, 0));
        program.put(Kernel.ADD, k -> k.add(n, x, 0, y, 0, y, 0));
        program.put(Kernel.MULTIPLY, k -> k.multiply(n, x, 0, y, 0, y, 0));
        program.put(Kernel.SCALE_AND_SHIFT, k -> k.scaleAndShift(n, x, 0, 0f, 1f, 0f, y, 0));
        program.put(Kernel.SUM, k -> {
            for (int length : lengths) {
                k.flat().sum(length, x, 0, room);
            }
        });
        program.put(Kernel.SUM_RUNS, k -> {
            k.flat().sumRuns(9, LENGTH / 4, 1, x, 0, room);
            k.flat().sumRuns(9, LENGTH / 4 + 1, 1, x, 0, room);
        });
        program.put(Kernel.SUM_OF_SQUARES, k -> {
            for (int length : lengths) {
                k.flat().sumOfSquares(length, x, 0, 0.0, room);
            }
        });
        program.put(Kernel.SUM_AND_DOT, k -> {
            for (int length : lengths) {
                k.flat().sumAndDot(length, x, 0, 0.0, y, 0, room);
            }
        });
        program.put(Kernel.NORM_GRADIENT, k -> k.flat().normGradient(n, x, 0, 0f, y, 0, 1f, 0f, 0f, y, 0));
        program.put(Kernel.DESCEND, k -> k.flat().descend(n, 0.1f, 0f, x, 0, y, 0));
        program.put(Kernel.DESCEND_WITH_MOMENTUM, k -> {
            k.flat().descendWithMomentum(n, 0.1f, 0f, 0.9f, 1f, false, x, 0, y, 0, z, 0);
            k.flat().descendWithMomentum(n, 0.1f, 0f, 0.9f, 1f, true, x, 0, y, 0, z, 0);
        });
        program.put(Kernel.DOTS, k -> {
            k.dots(5, n, x, 0, z, 0, 1, y, 0, a);
            k.dots(5, n + lanes, x, 0, z, 0, 1, y, 0, a);
        });
        program.put(Kernel.EXP, k -> k.functions().exp(n, x, 0, y, 0));
        program.put(Kernel.SIGMOID, k -> k.functions().sigmoid(n, x, 0, y, 0));
        program.put(Kernel.TANH, k -> k.functions().tanh(n, x, 0, y, 0));
        program.put(Kernel.LOG, k -> k.functions().log(n, x, 0, y, 0));
        program.put(Kernel.ELU, k -> k.functions().elu(n, 1f, x, 0, y, 0));
        program.put(Kernel.ELU_GRADIENT, k -> k.functions().eluGradient(n, 1f, x, 0, y, 0, y, 0));
        program.put(Kernel.GELU, k -> k.functions().gelu(n, x, 0, y, 0));
        program.put(Kernel.GELU_GRADIENT, k -> k.functions().geluGradient(n, x, 0, y, 0, y, 0));
        return program;
    }

    /**
     * Calls a kernel until it is about as fast as its twin or faster. A boxing loop is never: it is several times
     * slower even where the twin is not compiled yet.
     *
     * @return false if it is not by that time
     */
    private boolean rehearse(Consumer<SimdKernels> kernel, long patienceMillis) throws InterruptedException {
        long deadline = System.nanoTime() + patienceMillis * 1_000_000;
        for (int fast = 0; fast < PROOF; ) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            fast = nanos(kernel, vectorized) < 2 * nanos(kernel, scalar) ? fast + 1 : 0;
            if (fast == 0) {
                Thread.sleep(1);
            }
        }
        return true;
    }

    private static long nanos(Consumer<SimdKernels> kernel, SimdKernels on) {
        long start = System.nanoTime();
        for (int i = 0; i < CALLS; i++) {
            kernel.accept(on);
        }
        return System.nanoTime() - start;
    }

    /** Starts the warm-up of kernels that few nets need, of which this is one, unless it has been started before. */
    private void warmUpOnce(EnumSet<Kernel> kernels, Kernel one, long delayMillis) {
        if ((started >> one.ordinal() & 1) == 0) {
            warmUp(kernels, delayMillis);
        }
    }

    private SimdKernels current(Kernel kernel) {
        return (warm >> kernel.ordinal() & 1) != 0 ? vectorized : scalar;
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
    public WinogradKernels winograd() {
        return new Winograd();
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
            int cStride) {
        current(Kernel.TILE).tile(rows, depth, a, aOffset, b, bOffset, d, dOffset, dStride, c, cOffset, cStride);
    }

    @Override
    public void dots(
            int lines,
            int n,
            float[] a,
            int aOffset,
            float[] b,
            int bOffset,
            int step,
            float[] y,
            int yOffset,
            float[] room) {
        current(Kernel.DOTS).dots(lines, n, a, aOffset, b, bOffset, step, y, yOffset, room);
    }

    @Override
    public void add(int n, float[] a, int aOffset, float[] b, int bOffset, float[] y, int yOffset) {
        current(Kernel.ADD).add(n, a, aOffset, b, bOffset, y, yOffset);
    }

    @Override
    public void multiply(int n, float[] a, int aOffset, float[] b, int bOffset, float[] y, int yOffset) {
        current(Kernel.MULTIPLY).multiply(n, a, aOffset, b, bOffset, y, yOffset);
    }

    @Override
    public void addScaled(int n, float scale, float[] x, int xOffset, float[] y, int yOffset) {
        current(Kernel.ADD_SCALED).addScaled(n, scale, x, xOffset, y, yOffset);
    }

    @Override
    public void scaleAndShift(
            int n, float[] x, int xOffset, float center, float scale, float shift, float[] y, int yOffset) {
        current(Kernel.SCALE_AND_SHIFT).scaleAndShift(n, x, xOffset, center, scale, shift, y, yOffset);
    }

    @Override
    public void relu(int n, float[] x, int xOffset, float[] y, int yOffset) {
        current(Kernel.RELU).relu(n, x, xOffset, y, yOffset);
    }

    @Override
    public void reluGradient(int n, float[] y, int yOffset, float[] dy, int dyOffset, float[] dx, int dxOffset) {
        current(Kernel.RELU_GRADIENT).reluGradient(n, y, yOffset, dy, dyOffset, dx, dxOffset);
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
                int tileRows,
                int depth,
                float[] a,
                int aOffset,
                float[] x,
                int xOffset,
                int secondX,
                int[] starts,
                int firstStart,
                float[] c,
                int cOffset,
                int cStride,
                int secondC,
                boolean add,
                float[] bias,
                int biasOffset) {
            current(Kernel.CONV_TILE)
                    .convolution()
                    .tile(
                            tileRows,
                            depth,
                            a,
                            aOffset,
                            x,
                            xOffset,
                            secondX,
                            starts,
                            firstStart,
                            c,
                            cOffset,
                            cStride,
                            secondC,
                            add,
                            bias,
                            biasOffset);
        }

        @Override
        public void copyLines(
                int lines, int length, float[] source, int from, int step, float[] target, int at, int targetStep) {
            current(Kernel.COPY_LINES)
                    .convolution()
                    .copyLines(lines, length, source, from, step, target, at, targetStep);
        }

        @Override
        public void packAcross(
                int lines, int length, float[] source, int from, int step, float[] target, int at, int targetStep) {
            current(Kernel.PACK_ACROSS)
                    .convolution()
                    .packAcross(lines, length, source, from, step, target, at, targetStep);
        }

        @Override
        public void copyFrames(
                Frame frame, int channels, float[] source, int from, int channelStep, float[] target, int at) {
            current(Kernel.COPY_FRAMES)
                    .convolution()
                    .copyFrames(frame, channels, source, from, channelStep, target, at);
        }

        @Override
        public void addShifted(
                int lines,
                int length,
                float[] x,
                int xOffset,
                int xLength,
                int xStep,
                int[] shifts,
                int[] masks,
                float start,
                float[] y,
                int yOffset,
                int yEnd) {
            current(Kernel.ADD_SHIFTED)
                    .convolution()
                    .addShifted(lines, length, x, xOffset, xLength, xStep, shifts, masks, start, y, yOffset, yEnd);
        }
    }

    @SuppressWarnings("NullAway") // As program().
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
                int tileRows,
                int positions,
                float[] dy,
                int dyOffset,
                int rows,
                int rowStep,
                float[] x,
                int xOffset,
                int[] starts,
                int firstStart,
                float[] sums,
                int at) {
            current(Kernel.DOT_TILE)
                    .dotTiles()
                    .tile(tileRows, positions, dy, dyOffset, rows, rowStep, x, xOffset, starts, firstStart, sums, at);
        }
    }

    @SuppressWarnings("NullAway") // As program().
    private final class Winograd implements WinogradKernels {

        @Override
        public void prepare() {
            warmUpOnce(WINOGRAD, Kernel.WINOGRAD_TILE, 0);
        }

        @Override
        public void prepareChannels() {
            warmUpOnce(WINOGRAD_CHANNELS, Kernel.WINOGRAD_GRADIENT, 0);
        }

        @Override
        public void prepareLines() {
            warmUpOnce(WINOGRAD_LINES, Kernel.LINE_TILE, HEAD_START_MILLIS);
        }

        @Override
        public int lanes() {
            return vectorized.winograd().lanes();
        }

        @Override
        public int tileRows() {
            return vectorized.winograd().tileRows();
        }

        @Override
        public int tileColumns() {
            return vectorized.winograd().tileColumns();
        }

        @Override
        public void combineInput(
                int lines, int tiles, float[] x, int xOffset, int xStep, float[] v, int vOffset, int planeStep) {
            current(Kernel.WINOGRAD_INPUT)
                    .winograd()
                    .combineInput(lines, tiles, x, xOffset, xStep, v, vOffset, planeStep);
        }

        @Override
        public void tile(
                int depth,
                long[] u,
                int uOffset,
                float[] v,
                int vOffset,
                int vStep,
                float[] m,
                int mOffset,
                int mStep) {
            current(Kernel.WINOGRAD_TILE).winograd().tile(depth, u, uOffset, v, vOffset, vStep, m, mOffset, mStep);
        }

        @Override
        public void combineOutput(
                int lines,
                int tiles,
                float[] m,
                int mOffset,
                int planeStep,
                float bias,
                float[] y,
                int yOffset,
                int yLines,
                int width,
                float[] room) {
            current(Kernel.WINOGRAD_OUTPUT)
                    .winograd()
                    .combineOutput(lines, tiles, m, mOffset, planeStep, bias, y, yOffset, yLines, width, room);
        }

        @Override
        public void combineInputChannels(
                int tiles, int channels, float[] x, int xOffset, int lineStep, float[] v, int vOffset, int planeStep) {
            current(Kernel.WINOGRAD_INPUT_CHANNELS)
                    .winograd()
                    .combineInputChannels(tiles, channels, x, xOffset, lineStep, v, vOffset, planeStep);
        }

        @Override
        public void combineGradient(
                int lines, float[] d, int dOffset, int dLines, int width, float[] z, int zOffset, int planeStep) {
            current(Kernel.WINOGRAD_GRADIENT)
                    .winograd()
                    .combineGradient(lines, d, dOffset, dLines, width, z, zOffset, planeStep);
        }

        @Override
        public int gradientRows() {
            return vectorized.winograd().gradientRows();
        }

        @Override
        public void gradientTile(
                int depth,
                float[] z,
                int zOffset,
                int[] starts,
                float[] v,
                int vOffset,
                int vStep,
                float[] c,
                int cOffset,
                int cStep,
                boolean add) {
            current(Kernel.WINOGRAD_GRADIENT_TILE)
                    .winograd()
                    .gradientTile(depth, z, zOffset, starts, v, vOffset, vStep, c, cOffset, cStep, add);
        }

        @Override
        public void combineLines(
                int lines, int width, float[] x, int xOffset, int xStep, float[] v, int vOffset, int planeStep) {
            current(Kernel.COMBINE_LINES)
                    .winograd()
                    .combineLines(lines, width, x, xOffset, xStep, v, vOffset, planeStep);
        }

        @Override
        public void lineTile(
                int depth,
                long[] u,
                int uOffset,
                float[] v,
                int vOffset,
                int secondV,
                int planeStep,
                int[] starts,
                int rows,
                float[] bias,
                int biasOffset,
                float[] y,
                int yOffset,
                int secondY,
                int yStep) {
            current(Kernel.LINE_TILE)
                    .winograd()
                    .lineTile(
                            depth,
                            u,
                            uOffset,
                            v,
                            vOffset,
                            secondV,
                            planeStep,
                            starts,
                            rows,
                            bias,
                            biasOffset,
                            y,
                            yOffset,
                            secondY,
                            yStep);
        }
    }

    private final class Flat implements FlatKernels {

        @Override
        public Room room() {
            return vectorized.flat().room();
        }

        @Override
        public double sum(int n, float[] x, int xOffset, Room room) {
            return current(Kernel.SUM).flat().sum(n, x, xOffset, room);
        }

        @Override
        public double sumRuns(int runs, int n, int step, float[] x, int xOffset, Room room) {
            return current(Kernel.SUM_RUNS).flat().sumRuns(runs, n, step, x, xOffset, room);
        }

        @Override
        public double sumOfSquares(int n, float[] x, int xOffset, double center, Room room) {
            return current(Kernel.SUM_OF_SQUARES).flat().sumOfSquares(n, x, xOffset, center, room);
        }

        @Override
        public void sumAndDot(int n, float[] x, int xOffset, double center, float[] y, int yOffset, Room room) {
            current(Kernel.SUM_AND_DOT).flat().sumAndDot(n, x, xOffset, center, y, yOffset, room);
        }

        @Override
        public void normGradient(
                int n,
                float[] x,
                int xOffset,
                float mean,
                float[] dy,
                int dyOffset,
                float factor,
                float shiftShare,
                float scaleShare,
                float[] dx,
                int dxOffset) {
            current(Kernel.NORM_GRADIENT)
                    .flat()
                    .normGradient(n, x, xOffset, mean, dy, dyOffset, factor, shiftShare, scaleShare, dx, dxOffset);
        }

        @Override
        public void maxPool2x2(
                int planes,
                int inHeight,
                int inWidth,
                int outHeight,
                int outWidth,
                float[] x,
                int xOffset,
                float[] y,
                int yOffset,
                int[] indices,
                int indexOffset) {
            current(Kernel.MAX_POOL)
                    .flat()
                    .maxPool2x2(
                            planes,
                            inHeight,
                            inWidth,
                            outHeight,
                            outWidth,
                            x,
                            xOffset,
                            y,
                            yOffset,
                            indices,
                            indexOffset);
        }

        @Override
        public void maxPool2x2Gradient(
                int planes,
                int inHeight,
                int inWidth,
                int outHeight,
                int outWidth,
                float[] dy,
                int dyOffset,
                int[] indices,
                int indexOffset,
                float[] dx,
                int dxOffset) {
            current(Kernel.MAX_POOL_GRADIENT)
                    .flat()
                    .maxPool2x2Gradient(
                            planes,
                            inHeight,
                            inWidth,
                            outHeight,
                            outWidth,
                            dy,
                            dyOffset,
                            indices,
                            indexOffset,
                            dx,
                            dxOffset);
        }

        @Override
        public void descend(int n, float rate, float weightDecay, float[] g, int gOffset, float[] w, int wOffset) {
            current(Kernel.DESCEND).flat().descend(n, rate, weightDecay, g, gOffset, w, wOffset);
        }

        @Override
        public void descendWithMomentum(
                int n,
                float rate,
                float weightDecay,
                float momentum,
                float undamped,
                boolean nesterov,
                float[] g,
                int gOffset,
                float[] v,
                int vOffset,
                float[] w,
                int wOffset) {
            current(Kernel.DESCEND_WITH_MOMENTUM)
                    .flat()
                    .descendWithMomentum(
                            n, rate, weightDecay, momentum, undamped, nesterov, g, gOffset, v, vOffset, w, wOffset);
        }

        @Override
        public void adam(
                int n,
                AdamFactors factors,
                float[] g,
                int gOffset,
                float[] m,
                int mOffset,
                float[] v,
                int vOffset,
                float[] w,
                int wOffset) {
            current(Kernel.ADAM).flat().adam(n, factors, g, gOffset, m, mOffset, v, vOffset, w, wOffset);
        }
    }

    private final class Functions implements FunctionKernels {

        @Override
        public void exp(int n, float[] x, int xOffset, float[] y, int yOffset) {
            current(Kernel.EXP).functions().exp(n, x, xOffset, y, yOffset);
        }

        @Override
        public void sigmoid(int n, float[] x, int xOffset, float[] y, int yOffset) {
            current(Kernel.SIGMOID).functions().sigmoid(n, x, xOffset, y, yOffset);
        }

        @Override
        public void tanh(int n, float[] x, int xOffset, float[] y, int yOffset) {
            current(Kernel.TANH).functions().tanh(n, x, xOffset, y, yOffset);
        }

        @Override
        public void log(int n, float[] x, int xOffset, float[] y, int yOffset) {
            warmUpOnce(LOG, Kernel.LOG, 0);
            current(Kernel.LOG).functions().log(n, x, xOffset, y, yOffset);
        }

        @Override
        public void elu(int n, float alpha, float[] x, int xOffset, float[] y, int yOffset) {
            warmUpOnce(ELU, Kernel.ELU, 0);
            current(Kernel.ELU).functions().elu(n, alpha, x, xOffset, y, yOffset);
        }

        @Override
        public void eluGradient(
                int n, float alpha, float[] x, int xOffset, float[] dy, int dyOffset, float[] dx, int dxOffset) {
            warmUpOnce(ELU, Kernel.ELU, 0);
            current(Kernel.ELU_GRADIENT).functions().eluGradient(n, alpha, x, xOffset, dy, dyOffset, dx, dxOffset);
        }

        @Override
        public void gelu(int n, float[] x, int xOffset, float[] y, int yOffset) {
            warmUpOnce(GELU, Kernel.GELU, 0);
            current(Kernel.GELU).functions().gelu(n, x, xOffset, y, yOffset);
        }

        @Override
        public void geluGradient(int n, float[] x, int xOffset, float[] dy, int dyOffset, float[] dx, int dxOffset) {
            warmUpOnce(GELU, Kernel.GELU, 0);
            current(Kernel.GELU_GRADIENT).functions().geluGradient(n, x, xOffset, dy, dyOffset, dx, dxOffset);
        }
    }
}
