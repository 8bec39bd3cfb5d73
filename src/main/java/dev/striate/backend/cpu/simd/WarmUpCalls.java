package dev.striate.backend.cpu.simd;

import dev.striate.backend.Pool2dGeometry;
import dev.striate.backend.UnaryFunction;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Calls of kernels on small data, by which {@link WarmUp} makes C2 compile them. */
final class WarmUpCalls {

    private static final int DEPTH = 32;

    private static final int LENGTH = 256;
    private static final int MOST_CONV_ROWS = 16;

    private WarmUpCalls() {}

    /**
     * Returns a call of each kernel. It takes both sides of every branch; otherwise, C2 would omit one, and the first
     * call that takes it would return to the interpreter. All data are 0. The calls themselves allocate nothing, so
     * every allocated byte belongs to a boxed vector.
     */
    static Map<String, Consumer<SimdKernels>> of(SimdKernels vectorized) {
        int columns = Math.max(
                vectorized.products().tileColumns(), vectorized.convolution().blockColumns());
        int rows = Math.max(vectorized.products().tileRows(), MOST_CONV_ROWS);
        int n = LENGTH + 1;
        float[] a = new float[DEPTH * rows];
        float[] x = new float[Math.max(4 * LENGTH, DEPTH * columns)];
        float[] y = new float[x.length];
        float[] z = new float[x.length];
        long[] pairs = new long[DEPTH * rows];
        int[] starts = new int[DEPTH];
        int[] indices = new int[LENGTH];
        int[] lengths = {3, LENGTH, n};
        ReductionKernels.Accumulator accumulator = vectorized.reductions().accumulator();
        ElementwiseKernels.AdamFactors factors =
                new ElementwiseKernels.AdamFactors(0.9f, 0.1f, 0.999f, 0.001f, 0.001f, 1f, 1e-8f, 0f, 1f);
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
        Map<String, Consumer<SimdKernels>> program = new HashMap<>();
        program.put("ProductKernels.tile", k -> {
            for (int height : new int[] {vectorized.products().tileRows(), 4}) {
                k.products().tile(height, DEPTH, a, 0, x, 0, z, 0, 0, y, 0, columns);
                k.products().tile(height, DEPTH, a, 0, x, 0, y, 0, columns, y, 0, columns);
            }
        });
        program.put("ConvKernels.tile", k -> {
            for (int height : heights) {
                k.convolution().tile(height, DEPTH, a, 0, x, 0, starts, 0, y, 0, columns, false, z, 0);
                k.convolution().tile(height, DEPTH, a, 0, x, 0, starts, 0, y, 0, columns, true, z, 0);
            }
        });
        program.put("ConvKernels.copyFrames", k -> {
            for (ConvKernels.Frame frame : frames) {
                // Up to the last element of the source, beyond which no vector may be read.
                int channelStep = 2 * frame.width();
                k.convolution().copyFrames(frame, 3, x, x.length - 3 * channelStep, channelStep, y, 0);
            }
        });
        for (int count = 3; count <= 5; count++) {
            for (int length : new int[] {lanes, 2 * lanes}) {
                int[] shifts = new int[count];
                int[] masks = vectorized.convolution().shiftMasks(length, length, shifts);
                program.merge(
                        "ConvKernels.addShifted",
                        k -> k.convolution()
                                .addShifted(8, length, x, 0, length, 0, shifts, masks, 0f, y, 0, 8 * length - 1),
                        Consumer::andThen);
            }
        }
        // Two turns of the loop: C2 unrolls one that it saw making more, and is then short of registers if there are
        // 16.
        program.put("DotTiles.tile", k -> {
            for (int height = 3; height <= 4; height++) {
                int tile = k.dotTiles().tileRows(height);
                k.dotTiles().tile(tile, 2 * lanes, x, 0, height, 1, z, 0, starts, 0, y, 0);
            }
        });
        program.put("ConvKernels.copyLines", k -> {
            for (int vectors = 1; vectors <= 3; vectors++) {
                int length = vectors * lanes;
                k.convolution().copyLines(8, length, x, 0, length, y, 0, length);
            }
            k.convolution().copyLines(1, lanes, x, -1, lanes, y, 0, lanes);
        });
        program.put("ConvKernels.packAcross", k -> {
            k.convolution().packAcross(8, 2 * lanes + 1, x, 0, 2 * lanes + 1, y, 0, 8);
            k.convolution().packAcross(4, 2 * lanes + 1, x, 0, 2 * lanes + 1, y, 0, 4);
            k.convolution().packAcross(lanes + 1, 2 * lanes + 1, x, 0, 2 * lanes + 1, y, 0, lanes + 1);
        });
        // Lines of more and of less than a vector, and so narrow ones that it holds whole windows.
        List<Pool2dGeometry> windows = List.of(
                Pool2dGeometry.twoByTwo(1, 8, 4 * lanes + 3),
                Pool2dGeometry.twoByTwo(1, 8, lanes + 6),
                Pool2dGeometry.twoByTwo(3, lanes / 2, lanes / 2));
        program.put("ReductionKernels.maxPool2x2", k -> {
            for (Pool2dGeometry g : windows) {
                k.reductions().maxPool2x2(g, g.planes(), x, 0, y, 0, indices, 0);
            }
        });
        program.put("ReductionKernels.maxPool2x2Gradient", k -> {
            for (Pool2dGeometry g : windows) {
                k.reductions().maxPool2x2Gradient(g, g.planes(), x, 0, indices, 0, y, 0);
            }
        });
        program.put("ElementwiseKernels.adam", k -> k.elementwise().adam(n, factors, x, 0, y, 0, z, 0, y, n));
        // Lines of less than a vector, of one and of more, with and without a column left over.
        program.put("WinogradKernels.combineInput", k -> {
            for (int tiles : new int[] {lanes / 2 - 1, lanes / 2, lanes}) {
                k.winograd().combineInput(2, tiles, x, 0, 2 * tiles + 2, y, 0, 4 * lanes);
            }
        });
        program.put("WinogradKernels.tile", k -> k.winograd().tile(DEPTH, pairs, 0, x, 0, columns, y, 0, columns));
        int[] widths = {lanes - 1, lanes, 2 * lanes - 1, 2 * lanes};
        float[] outputScratch = new float[vectorized.winograd().outputScratch(2, lanes)];
        program.put("WinogradKernels.combineOutput", k -> {
            for (int width : widths) {
                k.winograd().combineOutput(2, (width + 1) / 2, x, 0, 4 * lanes, 0f, y, 0, 7, width, outputScratch);
            }
        });
        program.put(
                "WinogradKernels.combineInputChannels",
                k -> k.winograd().combineInputChannels(2, lanes, x, 0, 6 * lanes, y, 0, 2 * lanes));
        program.put("WinogradKernels.combineGradient", k -> {
            for (int width : widths) {
                k.winograd().combineGradient(2, x, 0, 3, width, y, 0, 4 * lanes);
            }
        });
        program.put("WinogradKernels.gradientTile", k -> {
            k.winograd().gradientTile(DEPTH, x, 0, starts, x, 0, columns, y, 0, columns, false);
            k.winograd().gradientTile(DEPTH, x, 0, starts, x, 0, columns, y, 0, columns, true);
        });
        program.put("ElementwiseKernels.addScaled", k -> k.elementwise().addScaled(n, 1f, x, 0, y, 0));
        program.put("ElementwiseKernels.add", k -> k.elementwise().add(n, x, 0, y, 0, y, 0));
        program.put("ElementwiseKernels.multiply", k -> k.elementwise().multiply(n, x, 0, y, 0, y, 0));
        program.put("ElementwiseKernels.scaleAndShift", k -> k.elementwise().scaleAndShift(n, x, 0, 0f, 1f, 0f, y, 0));
        program.put("ReductionKernels.sum", k -> {
            for (int length : lengths) {
                k.reductions().sum(length, x, 0, accumulator);
            }
        });
        program.put("ReductionKernels.sumRuns", k -> {
            k.reductions().sumRuns(9, LENGTH / 4, 1, x, 0, accumulator);
            k.reductions().sumRuns(9, LENGTH / 4 + 1, 1, x, 0, accumulator);
        });
        program.put("ReductionKernels.sumOfSquares", k -> {
            for (int length : lengths) {
                k.reductions().sumOfSquares(length, x, 0, 0.0, accumulator);
            }
        });
        program.put("ReductionKernels.sumAndDot", k -> {
            for (int length : lengths) {
                k.reductions().sumAndDot(length, x, 0, 0.0, y, 0, accumulator);
            }
        });
        program.put(
                "ElementwiseKernels.normGradient",
                k -> k.elementwise().normGradient(n, x, 0, 0f, y, 0, 1f, 0f, 0f, y, 0));
        program.put("ElementwiseKernels.descend", k -> k.elementwise().descend(n, 0.1f, 0f, x, 0, y, 0));
        program.put("ElementwiseKernels.descendWithMomentum", k -> {
            k.elementwise().descendWithMomentum(n, 0.1f, 0f, 0.9f, 1f, false, x, 0, y, 0, z, 0);
            k.elementwise().descendWithMomentum(n, 0.1f, 0f, 0.9f, 1f, true, x, 0, y, 0, z, 0);
        });
        program.put("ProductKernels.dots", k -> {
            k.products().dots(5, n, x, 0, z, 0, 1, y, 0, a);
            k.products().dots(5, n + lanes, x, 0, z, 0, 1, y, 0, a);
        });
        // Powers have no loop.
        for (UnaryFunction.Kind kind : EnumSet.complementOf(EnumSet.of(UnaryFunction.Kind.POW))) {
            program.put(
                    "ElementwiseKernels.forward." + kind, k -> k.elementwise().forward(kind, n, 1f, 0f, x, 0, y, 0));
            program.put(
                    "ElementwiseKernels.gradient." + kind,
                    k -> k.elementwise().gradient(kind, n, 1f, 0f, x, 0, y, 0, y, 0));
        }
        return program;
    }
}
