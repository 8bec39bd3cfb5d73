package dev.striate.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.backend.AxisGeometry;
import dev.striate.backend.Backend;
import dev.striate.backend.BatchNorm2dGeometry;
import dev.striate.backend.BinaryFunction;
import dev.striate.backend.Buffer;
import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.GatherGeometry;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.MatmulGeometry;
import dev.striate.backend.NormParameters;
import dev.striate.backend.NormStatistics;
import dev.striate.backend.Pool2dGeometry;
import dev.striate.backend.StridedLoop;
import dev.striate.backend.UnaryFunction;
import dev.striate.backend.reference.ReferenceBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is special to the CPU: tile edges, blocks of the depth, both versions of the inner loops, and bits that do not
 * depend on the number of threads. Every call is shared among the threads here, however small.
 *
 * <p>A sum of K products in float32 may differ from the exact one by {@code 8 sqrt(K) 2^-24 sum|a_i b_i|}: the rounding
 * errors of a chain add up like a random walk, and 8 standard deviations never happen. The sum of magnitudes is
 * computed by the reference from the inputs' absolute values.
 */
@Tag("vectors")
class CpuKernelsTest {

    private static final Backend REFERENCE = new ReferenceBackend();
    private static final List<List<Backend>> BACKENDS = Stream.of(Vectorization.VECTOR_API, Vectorization.PLAIN)
            .map(kind -> Stream.of(1, 2, 3)
                    .map(threads -> (Backend) CpuBackend.open(threads, kind, 0, null))
                    .toList())
            .toList();

    @FunctionalInterface
    private interface Call {
        void run(Backend backend, Buffer[] in, Buffer out);
    }

    static Stream<MatmulGeometry> products() {
        List<MatmulGeometry> cases = new ArrayList<>();
        int[][] sizes = {
            {1, 1, 1},
            {6, 32, 256},
            {7, 33, 257},
            {5, 31, 255},
            {13, 65, 513},
            {12, 128, 40},
            {1, 300, 70},
            {300, 1, 70},
            {4, 129, 17},
            {6, 64, 1000},
            {97, 61, 300},
            {800, 3, 5},
            {23, 200, 1},
            {8, 32, 64},
            {9, 33, 300},
            {200, 50, 270},
            {197, 250, 260},
            {5, 2090, 7},
            {2, 37, 90},
            {1, 130, 600},
            {40, 40, 0},
            {14, 40, 1025},
            {100, 300, 20},
            {110, 600, 530},
            {2200, 270, 3},
            {150, 300, 280}
        };
        for (int[] size : sizes) {
            for (int transposes = 0; transposes < 4; transposes++) {
                cases.add(new MatmulGeometry(
                        StridedLoop.of(new int[0], new int[0], new int[0]),
                        size[0],
                        size[1],
                        size[2],
                        (transposes & 1) != 0,
                        (transposes & 2) != 0));
            }
        }
        // Batches: both dense, one matrix for all, and a two-dimensional batch broadcast both ways.
        cases.add(new MatmulGeometry(
                StridedLoop.of(new int[] {5}, new int[] {17 * 29}, new int[] {29 * 40}), 17, 40, 29, false, false));
        cases.add(new MatmulGeometry(
                StridedLoop.of(new int[] {4}, new int[] {17 * 29}, new int[] {0}), 17, 40, 29, true, false));
        cases.add(new MatmulGeometry(
                StridedLoop.of(new int[] {2, 3}, new int[] {17 * 29, 0}, new int[] {0, 29 * 40}),
                17,
                40,
                29,
                false,
                true));
        cases.add(new MatmulGeometry(
                StridedLoop.of(new int[] {50}, new int[] {6}, new int[] {6}), 2, 2, 3, false, false));
        return cases.stream();
    }

    @ParameterizedTest
    @MethodSource("products")
    void matmulAgrees(MatmulGeometry g) {
        int batch = g.batch().turns();
        float[] a = random(1, batch * g.m() * g.k());
        float[] b = random(2, batch * g.k() * g.n());
        float[] bias = random(3, g.n());
        int length = batch * g.m() * g.n();
        agree(g.k(), length, (on, in, out) -> on.kernels().matmul().forward(g, in[0], in[1], null, out), a, b);
        agree(
                g.k() + 1,
                length,
                (on, in, out) -> on.kernels().matmul().forward(g, in[0], in[1], in[2], out),
                a,
                b,
                bias);
    }

    /**
     * Blocks are packed into arrays that are used again, where an odd depth leaves one step of what lay there before.
     */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void whatAnEarlierProductLeftDoesNotCount(int transposes) {
        StridedLoop one = StridedLoop.of(new int[0], new int[0], new int[0]);
        boolean transposeA = (transposes & 1) != 0;
        boolean transposeB = (transposes & 2) != 0;
        float[] nans = new float[70 * 70];
        Arrays.fill(nans, Float.NaN);
        float[] ones = new float[70 * 70];
        Arrays.fill(ones, 1f);
        float[] sums = new float[40 * 70];
        Arrays.fill(sums, 7f);
        for (List<Backend> counts : BACKENDS) {
            Backend backend = counts.get(0);
            MatmulGeometry before = new MatmulGeometry(one, 40, 70, 40, transposeA, transposeB);
            outputs(
                    backend,
                    sums.length,
                    (on, in, out) -> on.kernels().matmul().forward(before, in[0], in[1], null, out),
                    nans,
                    nans);
            MatmulGeometry odd = new MatmulGeometry(one, 40, 70, 7, transposeA, transposeB);
            assertArrayEquals(
                    sums,
                    outputs(
                            backend,
                            sums.length,
                            (on, in, out) -> on.kernels().matmul().forward(odd, in[0], in[1], null, out),
                            ones,
                            ones));
        }
    }

    static Stream<Conv2dGeometry> convolutions() {
        return Stream.of(
                conv(1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1),
                conv(3, 1, 28, 28, 6, 5, 5, 1, 1, 2, 2, 1, 1, 1),
                conv(5, 6, 14, 14, 16, 5, 5, 1, 1, 0, 0, 1, 1, 1),
                conv(2, 3, 17, 19, 7, 3, 3, 1, 1, 1, 1, 1, 1, 1),
                conv(2, 3, 17, 19, 7, 3, 3, 2, 2, 1, 1, 1, 1, 1),
                conv(2, 5, 11, 9, 13, 3, 2, 3, 2, 0, 1, 1, 1, 1),
                conv(2, 4, 12, 13, 5, 3, 3, 1, 2, 2, 3, 2, 3, 1),
                conv(2, 4, 7, 7, 6, 1, 1, 2, 2, 0, 0, 1, 1, 1),
                conv(2, 3, 9, 10, 4, 2, 2, 4, 3, 0, 0, 1, 1, 1),
                conv(1, 2, 3, 3, 3, 3, 3, 1, 1, 5, 4, 1, 1, 1),
                conv(9, 33, 4, 4, 35, 3, 3, 1, 1, 1, 1, 1, 1, 1),
                conv(2, 6, 10, 10, 9, 3, 3, 1, 1, 1, 1, 1, 1, 3),
                conv(2, 8, 10, 11, 16, 3, 3, 2, 1, 1, 1, 1, 2, 2),
                conv(3, 7, 9, 11, 7, 3, 3, 1, 1, 1, 1, 1, 1, 7),
                conv(2, 5, 13, 9, 15, 3, 5, 2, 2, 1, 2, 1, 1, 5),
                conv(2, 4, 9, 9, 4, 3, 3, 2, 3, 2, 2, 2, 2, 4),
                conv(1, 2, 2, 40, 3, 1, 7, 1, 5, 0, 3, 1, 1, 1),
                conv(40, 2, 33, 31, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1),
                // Small images, several of which make a block of the weight gradient, the last block having fewer.
                conv(7, 20, 10, 10, 17, 3, 3, 1, 1, 1, 1, 1, 1, 1),
                conv(21, 8, 5, 6, 10, 3, 3, 1, 1, 1, 1, 1, 1, 2),
                conv(260, 3, 3, 3, 9, 3, 3, 1, 1, 0, 0, 1, 1, 1),
                // Winograd's algorithm: in several chains; lines of less than a vector and of more; rows of several
                // parts.
                conv(13, 300, 8, 8, 66, 3, 3, 1, 1, 1, 1, 1, 1, 1),
                conv(20, 97, 15, 15, 90, 3, 3, 1, 1, 0, 0, 1, 1, 1),
                conv(2, 80, 9, 67, 83, 3, 3, 1, 1, 1, 1, 1, 1, 1),
                conv(1, 96, 20, 34, 70, 3, 3, 1, 1, 2, 2, 1, 1, 1),
                // Outputs that fill their array, though their lines are no whole vectors.
                conv(4, 64, 9, 13, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1),
                // Along lines: a last image without a second one, rows that are left over, margins, lines of more than
                // a vector.
                conv(41, 6, 14, 14, 19, 5, 5, 1, 1, 0, 0, 1, 1, 1),
                conv(30, 20, 9, 13, 17, 3, 5, 1, 1, 1, 2, 1, 1, 1),
                conv(12, 24, 6, 41, 18, 5, 5, 1, 1, 2, 2, 1, 1, 1));
    }

    private static Conv2dGeometry conv(
            int batch,
            int in,
            int height,
            int width,
            int out,
            int kh,
            int kw,
            int sh,
            int sw,
            int ph,
            int pw,
            int dh,
            int dw,
            int groups) {
        // Bottom and right take one row and column less than top and left where that is possible.
        int outHeight = (height + 2 * ph - (ph > 0 ? 1 : 0) - dh * (kh - 1) - 1) / sh + 1;
        int outWidth = (width + 2 * pw - (pw > 0 ? 1 : 0) - dw * (kw - 1) - 1) / sw + 1;
        return new Conv2dGeometry(
                batch, in, height, width, out, outHeight, outWidth, kh, kw, sh, sw, ph, pw, dh, dw, groups);
    }

    @ParameterizedTest
    @MethodSource("convolutions")
    void convolutionAgrees(Conv2dGeometry g) {
        float[] x = random(1, g.batch() * g.inChannels() * g.inHeight() * g.inWidth());
        float[] w = random(2, g.outChannels() * g.inChannelsPerGroup() * g.kernelHeight() * g.kernelWidth());
        float[] dy = random(3, g.batch() * g.outChannels() * g.outHeight() * g.outWidth());
        float[] outBias = random(4, g.outChannels());
        float[] inBias = random(5, g.inChannels());
        int kernel = g.kernelHeight() * g.kernelWidth();
        int forward = g.inChannelsPerGroup() * kernel;
        int backward = g.outChannelsPerGroup() * kernel;
        int weight = g.batch() * g.outHeight() * g.outWidth();
        agree(
                forward,
                dy.length,
                (on, in, out) -> on.kernels().conv2d().forward(g, in[0], in[1], null, false, out),
                x,
                w);
        agree(
                forward + 1,
                dy.length,
                (on, in, out) -> on.kernels().conv2d().forward(g, in[0], in[1], in[2], false, out),
                x,
                w,
                outBias);
        agree(
                backward,
                x.length,
                (on, in, out) -> on.kernels().conv2d().inputGradient(g, in[0], in[1], null, null, out),
                dy,
                w);
        agree(
                backward + 1,
                x.length,
                (on, in, out) -> on.kernels().conv2d().inputGradient(g, in[0], in[1], in[2], null, out),
                dy,
                w,
                inBias);
        agree(
                weight,
                w.length,
                (on, in, out) -> on.kernels().conv2d().weightGradient(g, in[0], in[1], out, null),
                x,
                dy);
        agree(
                weight,
                outBias.length,
                (on, in, out) -> on.kernels().conv2d().weightGradient(g, in[0], in[1], in[2], out),
                x,
                dy,
                w);
        if (g.groups() == 1) {
            int columns = g.batch() * g.inChannels() * kernel * g.outHeight() * g.outWidth();
            agree(1, columns, (on, in, out) -> on.kernels().im2col().im2col(g, in[0], out), x);
            agree(kernel, x.length, (on, in, out) -> on.kernels().im2col().col2im(g, in[0], out), random(6, columns));
        }
    }

    @Test
    void sumsOfEveryShapeAgree() {
        int[] dims = {3, 70, 41};
        int[] strides = {70 * 41, 41, 1};
        for (int mask = 0; mask < 8; mask++) {
            StridedLoop kept = part(dims, strides, mask);
            StridedLoop reduced = part(dims, strides, 7 - mask);
            agree(
                    reduced.turns(),
                    kept.turns(),
                    (on, in, out) -> on.kernels().reduce().sum(kept, reduced, 0.5f, in[0], out),
                    random(mask, 3 * 70 * 41));
        }
        // Long enough for several chunks.
        StridedLoop one = StridedLoop.of(new int[0], new int[0]);
        StridedLoop all = StridedLoop.of(new int[] {200_001}, new int[] {1});
        agree(200_001, 1, (on, in, out) -> on.kernels().reduce().sum(one, all, 1f, in[0], out), random(9, 200_001));
        agree(
                200_001,
                2,
                (on, in, out) -> on.kernels().optimizer().sumsOfSquares(200_001, in[0], out),
                random(9, 200_001));
    }

    private static StridedLoop part(int[] dims, int[] strides, int mask) {
        int[] sizes = new int[3];
        for (int i = 0; i < 3; i++) {
            sizes[i] = (mask >> i & 1) != 0 ? dims[i] : 1;
        }
        return StridedLoop.of(sizes, strides);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void maximaAgreeWithTiesAndNaN(boolean last) {
        Random random = new Random(3);
        float[] x = new float[5 * 300];
        for (int i = 0; i < x.length; i++) {
            x[i] = random.nextInt(40);
        }
        x[307] = Float.NaN;
        x[309] = Float.NaN;
        StridedLoop rows = StridedLoop.of(new int[] {5}, new int[] {300});
        StridedLoop along = StridedLoop.of(new int[] {300}, new int[] {1});
        for (boolean overColumns : new boolean[] {true, false}) {
            StridedLoop kept = overColumns ? rows : along;
            StridedLoop reduced = overColumns ? along : rows;
            int outputs = kept.turns();
            agree(
                    1,
                    2 * outputs + x.length,
                    (on, in, out) -> {
                        IndexBuffer places = on.allocateIndices(outputs);
                        Buffer y = on.allocate(outputs);
                        Buffer dx = on.allocate(x.length);
                        on.kernels().reduce().max(kept, reduced, last, in[0], y, places);
                        on.kernels().reduce().maxGradient(kept, reduced, in[1], places, dx);
                        int[] found = new int[outputs];
                        on.read(places, found, 0);
                        float[] all = new float[out.length()];
                        on.read(y, all, 0);
                        for (int i = 0; i < outputs; i++) {
                            all[outputs + i] = found[i];
                        }
                        on.read(dx, all, 2 * outputs);
                        on.write(all, 0, out);
                        on.release(places);
                        on.release(y);
                        on.release(dx);
                    },
                    x,
                    random(4, outputs));
        }
    }

    /** Lines whose ranges are cut within a plane, and indices that occur several times. */
    @Test
    void gatherAgrees() {
        for (int[] size : new int[][] {{1, 7, 1, 5}, {3, 70, 1, 41}, {3, 5, 37, 90}, {1, 40, 129, 3}, {50, 1, 2, 4}}) {
            AxisGeometry axis = new AxisGeometry(size[0], size[1], size[2]);
            int count = size[3];
            int picked = axis.outer() * count * axis.inner();
            for (boolean shared : new boolean[] {false, true}) {
                GatherGeometry g = new GatherGeometry(axis, count, shared);
                Random random = new Random(5);
                int[] indices =
                        random.ints(shared ? count : picked, 0, axis.size()).toArray();
                int x = axis.outer() * axis.size() * axis.inner();
                agree(
                        0,
                        picked,
                        (on, in, out) -> withIndices(
                                on, indices, i -> on.kernels().gather().forward(g, in[0], i, out)),
                        random(6, x));
                agree(
                        count,
                        x,
                        (on, in, out) -> withIndices(
                                on, indices, i -> on.kernels().gather().gradient(g, in[0], i, out)),
                        random(7, picked));
            }
        }
    }

    private static void withIndices(Backend backend, int[] values, Consumer<IndexBuffer> call) {
        IndexBuffer indices = backend.allocateIndices(values.length);
        backend.write(values, 0, indices);
        call.accept(indices);
        backend.release(indices);
    }

    @ParameterizedTest
    @EnumSource(UnaryFunction.Kind.class)
    void functionsOfOneElementAgree(UnaryFunction.Kind kind) {
        UnaryFunction f = switch (kind) {
            case CLAMP -> new UnaryFunction(kind, -0.5, 0.75);
            case POW -> new UnaryFunction(kind, 2.5, 0);
            default -> new UnaryFunction(kind, 0.7, -0.3);
        };
        float[] x = random(1, 1003);
        if (kind == UnaryFunction.Kind.LOG || kind == UnaryFunction.Kind.SQRT || kind == UnaryFunction.Kind.POW) {
            for (int i = 0; i < x.length; i++) {
                x[i] = Math.abs(x[i]) + 0.01f;
            }
        }
        float[] saved =
                kind.saves() == UnaryFunction.Saves.OUTPUT ? outputs(REFERENCE, x.length, call(f, x.length), x) : x;
        // Two roundings and a constant rounded to float32, each relative to a term of the result.
        float[] sizes = new float[x.length];
        Arrays.fill(sizes, kind == UnaryFunction.Kind.AFFINE || kind == UnaryFunction.Kind.LOG ? 3f : 0f);
        agreeWithin(sizes, x.length, call(f, x.length), x);
        float[] dy = random(2, x.length);
        if (kind == UnaryFunction.Kind.SILU || kind == UnaryFunction.Kind.MISH) {
            // Around its zero the derivative is a difference, whose error is that of its terms: of s and x s (1 - s).
            for (int i = 0; i < x.length; i++) {
                sizes[i] = (float) Math.abs(2 * f.value(x[i]) * dy[i]);
            }
        }
        agreeWithin(
                sizes,
                x.length,
                (on, in, out) -> on.kernels().unary().gradient(f, x.length, in[0], in[1], out),
                saved,
                dy);
    }

    private static Call call(UnaryFunction f, int n) {
        return (on, in, out) -> on.kernels().unary().forward(f, n, in[0], out);
    }

    @Test
    void reluKeepsNaN() {
        float[] x = random(1, 100);
        x[3] = Float.NaN;
        x[99] = Float.NaN;
        x[98] = -0f;
        agreeWithin(new float[100], 100, call(new UnaryFunction(UnaryFunction.Kind.RELU, 0, 0), 100), x);
    }

    @Test
    void broadcastsAgree() {
        int[] sizes = {3, 5, 37};
        int[][][] strides = {
            {{185, 37, 1}, {185, 37, 1}},
            {{185, 37, 1}, {0, 1, 0}},
            {{0, 0, 0}, {185, 37, 1}},
            {{37, 0, 1}, {0, 37, 1}},
            {{185, 37, 1}, {0, 0, 1}},
            {{1, 3, 15}, {185, 37, 1}},
            {{0, 1, 0}, {1, 0, 3}}
        };
        for (int[][] pair : strides) {
            StridedLoop loop = StridedLoop.of(sizes, pair);
            for (BinaryFunction f : BinaryFunction.values()) {
                agreeWithin(
                        new float[555],
                        555,
                        (on, in, out) -> on.kernels().binary().forward(f, loop, in[0], in[1], out),
                        random(1, 555),
                        random(2, 555));
            }
            StridedLoop toDense = StridedLoop.of(sizes, pair[0], new int[] {185, 37, 1});
            agreeWithin(
                    new float[555],
                    555,
                    (on, in, out) -> on.kernels().copy().copy(toDense, 0, in[0], 0, out),
                    random(1, 555));
        }
    }

    static Stream<Pool2dGeometry> pools() {
        return Stream.of(
                new Pool2dGeometry(7, 12, 12, 6, 6, 2, 2, 2, 2, 0, 0, 0, 0, 1, 1),
                new Pool2dGeometry(3, 11, 9, 6, 5, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1),
                new Pool2dGeometry(3, 7, 8, 4, 4, 3, 2, 2, 2, 1, 1, 0, 0, 1, 1),
                new Pool2dGeometry(2, 5, 5, 3, 3, 2, 2, 2, 2, 0, 0, 0, 0, 1, 1));
    }

    @ParameterizedTest
    @MethodSource("pools")
    void poolingAgrees(Pool2dGeometry g) {
        int inputs = g.planes() * g.inHeight() * g.inWidth();
        int outputs = g.planes() * g.outHeight() * g.outWidth();
        int window = g.kernelHeight() * g.kernelWidth();
        for (boolean countIncludePad : new boolean[] {true, false}) {
            agree(
                    window,
                    outputs,
                    (on, in, out) -> on.kernels().avgPool2d().forward(g, countIncludePad, in[0], out),
                    random(1, inputs));
            agree(
                    window,
                    inputs,
                    (on, in, out) -> on.kernels().avgPool2d().gradient(g, countIncludePad, in[0], out),
                    random(2, outputs));
        }
        float[] x = random(3, inputs);
        x[inputs / 2] = Float.NaN;
        agreeWithin(
                new float[outputs],
                outputs,
                (on, in, out) -> {
                    IndexBuffer places = on.allocateIndices(outputs);
                    on.kernels().maxPool2d().forward(g, in[0], false, out, places);
                    on.release(places);
                },
                x);
        // The magnitudes of the inputs, so that maxima lie at the same places where the error's bound is computed.
        agree(
                window,
                inputs,
                (on, in, out) -> {
                    IndexBuffer places = on.allocateIndices(outputs);
                    Buffer y = on.allocate(outputs);
                    on.kernels().maxPool2d().forward(g, in[0], false, y, places);
                    on.kernels().maxPool2d().gradient(g, in[1], places, out);
                    on.release(places);
                    on.release(y);
                },
                magnitudes(x),
                random(4, outputs));
    }

    @Test
    void softmaxAgrees() {
        AxisGeometry g = new AxisGeometry(4, 19, 7);
        int n = 4 * 19 * 7;
        float[] x = random(1, n);
        float[] sizes = new float[n];
        Arrays.fill(sizes, 8f);
        agreeWithin(new float[n], n, (on, in, out) -> on.kernels().softmax().softmax(g, in[0], out), x);
        agreeWithin(sizes, n, (on, in, out) -> on.kernels().softmax().logSoftmax(g, in[0], out), x);
        float[] y =
                outputs(REFERENCE, n, (on, in, out) -> on.kernels().softmax().softmax(g, in[0], out), x);
        agreeWithin(
                sizes,
                n,
                (on, in, out) -> on.kernels().softmax().softmaxGradient(g, in[0], in[1], out),
                y,
                random(2, n));
        float[] logs =
                outputs(REFERENCE, n, (on, in, out) -> on.kernels().softmax().logSoftmax(g, in[0], out), x);
        agreeWithin(
                sizes,
                n,
                (on, in, out) -> on.kernels().softmax().logSoftmaxGradient(g, in[0], in[1], out),
                logs,
                random(2, n));
    }

    @Test
    void normalisationSurvivesALargeMean() {
        BatchNorm2dGeometry g = new BatchNorm2dGeometry(5, 3, 77, 1e-5f);
        float[] x = random(1, 5 * 3 * 77);
        for (int i = 0; i < x.length; i++) {
            x[i] += 1000;
        }
        float[] sizes = new float[x.length];
        // Values reach 4 deviations; the inputs are exact, whatever their size.
        Arrays.fill(sizes, 4 * 3f);
        agreeWithin(
                sizes,
                x.length,
                (on, in, out) -> {
                    Buffer mean = on.allocate(3);
                    Buffer variance = on.allocate(3);
                    on.kernels()
                            .batchNorm2d()
                            .forwardTraining(
                                    g,
                                    in[0],
                                    new NormParameters(in[1], in[2]),
                                    false,
                                    out,
                                    new NormStatistics(true, mean, variance),
                                    null);
                    on.release(mean);
                    on.release(variance);
                },
                x,
                random(2, 3),
                random(3, 3));
    }

    @Test
    void dropoutIsTheSameMask() {
        agreeWithin(
                new float[1001],
                1001,
                (on, in, out) -> on.kernels().dropout().apply(1001, 1L << 30, 4f / 3, 42, 7, in[0], out),
                random(1, 1001));
    }

    /** Compares sums of {@code terms} products with the reference, and all thread counts with each other. */
    private static void agree(int terms, int length, Call call, float[]... inputs) {
        float[][] absolute = Stream.of(inputs).map(CpuKernelsTest::magnitudes).toArray(float[][]::new);
        float[] sizes = outputs(REFERENCE, length, call, absolute);
        double factor = 8 * Math.sqrt(terms) * 0x1p-24;
        compare(call, inputs, length, (i, expected) -> factor * Math.abs(sizes[i]));
    }

    /** Compares within four roundings of the result and of the size of a term that went into it. */
    private static void agreeWithin(float[] sizes, int length, Call call, float[]... inputs) {
        compare(call, inputs, length, (i, expected) -> 4 * 0x1p-24 * (Math.abs(expected) + sizes[i]));
    }

    private interface Tolerance {
        double at(int i, float expected);
    }

    private static void compare(Call call, float[][] inputs, int length, Tolerance tolerance) {
        float[] expected = outputs(REFERENCE, length, call, inputs);
        for (List<Backend> counts : BACKENDS) {
            float[] first = outputs(counts.get(0), length, call, inputs);
            for (int i = 0; i < length; i++) {
                boolean same = Float.isNaN(expected[i])
                        ? Float.isNaN(first[i])
                        : Math.abs((double) first[i] - expected[i]) <= tolerance.at(i, expected[i]);
                assertTrue(
                        same,
                        "element " + i + " of " + length + ": expected " + expected[i] + ", got " + first[i] + " on "
                                + counts.get(0).info().detail());
            }
            for (Backend backend : counts) {
                for (int repeat = 0; repeat < 2; repeat++) {
                    assertArrayEquals(
                            bits(first),
                            bits(outputs(backend, length, call, inputs)),
                            backend.info().detail());
                }
            }
        }
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }

    /** Runs a call; its output starts as NaN, so that an element it forgets shows. */
    private static float[] outputs(Backend backend, int length, Call call, float[]... inputs) {
        Buffer[] in = new Buffer[inputs.length];
        for (int i = 0; i < in.length; i++) {
            in[i] = backend.allocate(inputs[i].length);
            backend.write(inputs[i], 0, in[i]);
        }
        Buffer out = backend.allocate(length);
        backend.kernels().copy().fill(Float.NaN, out);
        call.run(backend, in, out);
        float[] result = new float[length];
        backend.read(out, result, 0);
        backend.release(out);
        for (Buffer buffer : in) {
            backend.release(buffer);
        }
        return result;
    }

    private static float[] random(long seed, int n) {
        Random random = new Random(seed);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static float[] magnitudes(float[] values) {
        float[] result = new float[values.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = Math.abs(values[i]);
        }
        return result;
    }
}
