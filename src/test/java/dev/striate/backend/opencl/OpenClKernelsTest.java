package dev.striate.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.LossReduction;
import dev.striate.backend.AdamStep;
import dev.striate.backend.AdaptiveAvgPool2dGeometry;
import dev.striate.backend.AxisGeometry;
import dev.striate.backend.Backend;
import dev.striate.backend.BatchNorm2dGeometry;
import dev.striate.backend.BatchNorm2dKernels;
import dev.striate.backend.BinaryFunction;
import dev.striate.backend.Buffer;
import dev.striate.backend.ClassificationGeometry;
import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.GatherGeometry;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.MatmulGeometry;
import dev.striate.backend.NormGradients;
import dev.striate.backend.NormParameters;
import dev.striate.backend.NormPoolKernels;
import dev.striate.backend.NormStatistics;
import dev.striate.backend.Pool2dGeometry;
import dev.striate.backend.Resample2dGeometry;
import dev.striate.backend.RunningStatistics;
import dev.striate.backend.SgdStep;
import dev.striate.backend.SparseMatrix;
import dev.striate.backend.StridedLoop;
import dev.striate.backend.UnaryFunction;
import dev.striate.backend.UnaryFunction.Kind;
import dev.striate.backend.reference.ReferenceBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Kernels against the reference, in both shapes whatever the device, over sizes that leave tiles, vectors and chunks
 * half full. Every call is made twice and must give the same bits. Those tagged {@code large-tiles} are run once more
 * with the tiles that large products have.
 */
class OpenClKernelsTest {

    private static final Map<KernelShape, OpenClBackend> BACKENDS = new EnumMap<>(KernelShape.class);
    /** Half the distance from 1 to the next float. */
    private static final double HALF_ULP = 0x1p-24;
    /** What OpenCL lets a composed elementary function err by, in half ulps, with room for a second rounding. */
    private static final double ELEMENTARY = 64 * HALF_ULP;

    @BeforeAll
    static void open() {
        OpenClDevice.require();
        for (KernelShape shape : KernelShape.values()) {
            BACKENDS.put(shape, OpenClBackend.open(0, shape));
        }
    }

    /** What a case does on any backend: makes inputs, calls kernels, names outputs. */
    private interface Case {
        void run(Session session);
    }

    /** One run of a case on one backend. */
    private static final class Session {
        final Backend backend;
        final boolean absolute;
        final Random random = new Random(7);
        final List<Buffer> buffers = new ArrayList<>();
        final List<IndexBuffer> indexBuffers = new ArrayList<>();
        final List<float[]> floats = new ArrayList<>();
        final List<int[]> integers = new ArrayList<>();

        Session(Backend backend, boolean absolute) {
            this.backend = backend;
            this.absolute = absolute;
        }

        Buffer in(float... values) {
            float[] written = values.clone();
            for (int i = 0; absolute && i < written.length; i++) {
                written[i] = Math.abs(written[i]);
            }
            Buffer buffer = out(values.length);
            backend.write(written, 0, buffer);
            return buffer;
        }

        /** Signed values. */
        Buffer random(int length) {
            float[] values = new float[length];
            for (int i = 0; i < length; i++) {
                values[i] = (float) random.nextGaussian();
            }
            return in(values);
        }

        Buffer out(int length) {
            Buffer buffer = backend.allocate(length);
            buffers.add(buffer);
            return buffer;
        }

        IndexBuffer in(int[] values) {
            IndexBuffer buffer = outIndices(values.length);
            backend.write(values, 0, buffer);
            return buffer;
        }

        IndexBuffer outIndices(int length) {
            IndexBuffer buffer = backend.allocateIndices(length);
            indexBuffers.add(buffer);
            return buffer;
        }

        void result(Buffer buffer) {
            float[] values = new float[buffer.length()];
            backend.read(buffer, values, 0);
            floats.add(values);
        }

        void result(IndexBuffer buffer) {
            int[] values = new int[buffer.length()];
            backend.read(buffer, values, 0);
            integers.add(values);
        }

        Session run(Case c) {
            c.run(this);
            buffers.forEach(backend::release);
            indexBuffers.forEach(backend::release);
            return this;
        }
    }

    /** Holds results to {@code relative |expected| + absolute}. */
    private static void check(KernelShape shape, double relative, double absolute, Case c) {
        Session expected = new Session(new ReferenceBackend(), false).run(c);
        Session actual = twice(shape, c);
        for (int i = 0; i < expected.floats.size(); i++) {
            float[] e = expected.floats.get(i);
            for (int j = 0; j < e.length; j++) {
                assertClose(i, j, e[j], actual.floats.get(i)[j], relative * Math.abs(e[j]) + absolute);
            }
        }
    }

    /** Holds sums of {@code length} products to {@code 8 sqrt(length) 2^-24 sum|terms|}. */
    private static void checkSums(KernelShape shape, int length, Case c) {
        Session expected = new Session(new ReferenceBackend(), false).run(c);
        Session sizes = new Session(new ReferenceBackend(), true).run(c);
        Session actual = twice(shape, c);
        for (int i = 0; i < expected.floats.size(); i++) {
            float[] e = expected.floats.get(i);
            for (int j = 0; j < e.length; j++) {
                double tolerance =
                        8 * Math.sqrt(length) * HALF_ULP * sizes.floats.get(i)[j];
                assertClose(i, j, e[j], actual.floats.get(i)[j], tolerance);
            }
        }
    }

    private static Session twice(KernelShape shape, Case c) {
        OpenClBackend backend = BACKENDS.get(shape);
        int live = backend.memory().liveBuffers();
        Session first = new Session(backend, false).run(c);
        Session second = new Session(backend, false).run(c);
        for (int i = 0; i < first.floats.size(); i++) {
            assertArrayEquals(bits(first.floats.get(i)), bits(second.floats.get(i)), "the same bits again");
        }
        Session reference = new Session(new ReferenceBackend(), false).run(c);
        for (int i = 0; i < first.integers.size(); i++) {
            assertArrayEquals(reference.integers.get(i), first.integers.get(i));
        }
        assertEquals(live, backend.memory().liveBuffers(), "buffers left behind");
        return first;
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < values.length; i++) {
            bits[i] = Float.floatToIntBits(values[i]);
        }
        return bits;
    }

    private static void assertClose(int output, int element, float expected, float actual, double tolerance) {
        boolean close =
                Float.compare(expected, actual) == 0 || expected == actual || Math.abs(expected - actual) <= tolerance;
        assertTrue(
                close,
                () -> "output " + output + " element " + element + ": expected " + expected + ", got " + actual
                        + ", tolerance " + tolerance);
    }

    private static StridedLoop dense(int n) {
        return StridedLoop.of(new int[] {n}, new int[] {1}, new int[] {1});
    }

    @ParameterizedTest
    @EnumSource
    void unary(KernelShape shape) {
        float[] special = {
            0,
            -0.0f,
            1,
            -1,
            0.5f,
            -0.5f,
            3,
            -3,
            12,
            -12,
            90,
            -90,
            1e-30f,
            Float.NaN,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            0.25f,
            -0.75f,
            2
        };
        for (Kind kind : Kind.values()) {
            double a = kind == Kind.CLAMP ? -0.5 : kind == Kind.POW ? 3 : 0.75;
            UnaryFunction f = new UnaryFunction(kind, a, 1.5);
            check(shape, ELEMENTARY, 4 * HALF_ULP, s -> {
                Buffer x = s.in(special);
                Buffer y = s.out(special.length);
                s.backend.kernels().unary().forward(f, special.length, x, y);
                s.result(y);
            });
            float[] saved = {0.5f, 0.25f, 1, 0.75f, 1.5f, -0.5f, -1, 0, 0.125f};
            check(shape, ELEMENTARY, 4 * HALF_ULP, s -> {
                Buffer dy = s.random(saved.length);
                Buffer dx = s.out(saved.length);
                s.backend.kernels().unary().gradient(f, saved.length, s.in(saved), dy, dx);
                s.result(dx);
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void binary(KernelShape shape) {
        List<StridedLoop> loops = List.of(
                dense(1),
                dense(15),
                dense(16),
                dense(1000),
                StridedLoop.of(new int[] {33}, new int[] {1}, new int[] {0}),
                StridedLoop.of(new int[] {33}, new int[] {0}, new int[] {1}),
                StridedLoop.of(new int[] {3, 5, 7}, new int[] {35, 7, 1}, new int[] {0, 1, 0}),
                StridedLoop.of(
                        new int[] {2, 3, 2, 3, 2, 3}, new int[] {1, 2, 6, 12, 36, 72}, new int[] {0, 1, 0, 3, 0, 9}));
        for (BinaryFunction f : BinaryFunction.values()) {
            for (StridedLoop loop : loops) {
                int n = loop.turns();
                check(shape, 6 * HALF_ULP, 0, s -> {
                    Buffer y = s.out(n);
                    s.backend.kernels().binary().forward(f, loop, s.random(n), s.random(n), y);
                    s.result(y);
                });
            }
        }
        checkSums(shape, 2, s -> {
            Buffer into = s.random(37);
            s.backend.kernels().binary().accumulate(37, 0.3f, s.random(37), into);
            s.result(into);
        });
    }

    /** More groups than a GPU counts in the second and in the third dimension of a launch. */
    @ParameterizedTest
    @EnumSource
    void productsOfManyGroups(KernelShape shape) {
        int many = 66_000;
        StridedLoop batch = StridedLoop.of(new int[] {many}, new int[] {2}, new int[] {2});
        checkSums(shape, 2, s -> {
            Buffer c = s.out(many);
            s.backend
                    .kernels()
                    .matmul()
                    .forward(
                            new MatmulGeometry(batch, 1, 1, 2, false, false),
                            s.random(2 * many),
                            s.random(2 * many),
                            null,
                            c);
            s.result(c);
        });
        StridedLoop one = StridedLoop.of(new int[0], new int[0], new int[0]);
        int rows = 32 * many;
        checkSums(shape, 2, s -> {
            Buffer c = s.out(rows);
            s.backend
                    .kernels()
                    .matmul()
                    .forward(new MatmulGeometry(one, rows, 1, 1, false, false), s.random(rows), s.random(1), null, c);
            s.result(c);
        });
    }

    @ParameterizedTest
    @EnumSource
    void copies(KernelShape shape) {
        check(shape, 0, 0, s -> {
            Buffer target = s.random(100);
            StridedLoop loop = StridedLoop.of(new int[] {4, 5, 3}, new int[] {1, 4, 20}, new int[] {15, 3, 1});
            s.backend.kernels().copy().copy(loop, 2, s.random(62), 40, target);
            s.result(target);
            s.backend.kernels().copy().fill(-2.5f, target);
            s.result(target);
        });
    }

    /** Lines of one work-item and of several, and indices that occur several times. */
    @ParameterizedTest
    @EnumSource
    void gathers(KernelShape shape) {
        for (int[] size :
                new int[][] {{1, 1, 1, 1}, {1, 9001, 1, 67}, {3, 70, 1, 41}, {3, 5, 37, 90}, {200, 7, 129, 3}}) {
            AxisGeometry axis = new AxisGeometry(size[0], size[1], size[2]);
            int count = size[3];
            int picked = axis.outer() * count * axis.inner();
            for (boolean shared : new boolean[] {false, true}) {
                GatherGeometry g = new GatherGeometry(axis, count, shared);
                checkSums(shape, count, s -> {
                    IndexBuffer indices = s.in(s.random
                            .ints(shared ? count : picked, 0, axis.size())
                            .toArray());
                    Buffer dx = s.out(axis.outer() * axis.size() * axis.inner());
                    s.backend.kernels().gather().gradient(g, s.random(picked), indices, dx);
                    s.result(dx);
                });
                check(shape, 0, 0, s -> {
                    IndexBuffer indices = s.in(s.random
                            .ints(shared ? count : picked, 0, axis.size())
                            .toArray());
                    Buffer y = s.out(picked);
                    Buffer x = s.random(axis.outer() * axis.size() * axis.inner());
                    s.backend.kernels().gather().forward(g, x, indices, y);
                    s.result(y);
                });
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void sums(KernelShape shape) {
        for (int[] size : new int[][] {{1, 1}, {3, 5}, {1, 127}, {7, 128}, {2, 4097}, {1, 100_003}, {5000, 130}}) {
            int outer = size[0];
            int inner = size[1];
            checkSums(shape, inner, s -> {
                Buffer x = s.random(outer * inner);
                Buffer rows = s.out(outer);
                s.backend
                        .kernels()
                        .reduce()
                        .sum(
                                StridedLoop.of(new int[] {outer}, new int[] {inner}),
                                StridedLoop.of(new int[] {inner}, new int[] {1}),
                                0.5f,
                                x,
                                rows);
                s.result(rows);
                Buffer columns = s.out(outer);
                s.backend
                        .kernels()
                        .reduce()
                        .sum(
                                StridedLoop.of(new int[] {outer}, new int[] {1}),
                                StridedLoop.of(new int[] {inner}, new int[] {outer}),
                                1,
                                x,
                                columns);
                s.result(columns);
                Buffer squares = s.out(2);
                s.backend.kernels().optimizer().sumsOfSquares(inner, x, squares);
                s.result(squares.slice(0, 1));
            });
        }
        checkSums(shape, 6 * 35, s -> {
            Buffer channels = s.out(5);
            s.backend
                    .kernels()
                    .reduce()
                    .sum(
                            StridedLoop.of(new int[] {5}, new int[] {35}),
                            StridedLoop.of(new int[] {6, 35}, new int[] {175, 1}),
                            1,
                            s.random(6 * 175),
                            channels);
            s.result(channels);
        });
    }

    @ParameterizedTest
    @EnumSource
    void aMeanOfManyEqualValuesKeepsItsDigits(KernelShape shape) {
        int n = 1_000_000;
        float[] values = new float[n];
        Arrays.fill(values, 0.1f);
        checkSums(shape, n, s -> {
            Buffer mean = s.out(1);
            s.backend
                    .kernels()
                    .reduce()
                    .sum(
                            StridedLoop.of(new int[0], new int[0]),
                            StridedLoop.of(new int[] {n}, new int[] {1}),
                            1f / n,
                            s.in(values),
                            mean);
            s.result(mean);
        });
    }

    @ParameterizedTest
    @EnumSource
    void maxima(KernelShape shape) {
        for (int[] size : new int[][] {{1, 1}, {3, 5}, {4, 131}, {2, 9001}}) {
            int outer = size[0];
            int inner = size[1];
            StridedLoop kept = StridedLoop.of(new int[] {outer}, new int[] {inner});
            StridedLoop reduced = StridedLoop.of(new int[] {inner}, new int[] {1});
            for (float planted : new float[] {0, 9, Float.NaN, Float.NEGATIVE_INFINITY}) {
                check(shape, 0, 0, s -> {
                    float[] values = new float[outer * inner];
                    for (int i = 0; i < values.length; i++) {
                        values[i] = planted == Float.NEGATIVE_INFINITY ? planted : s.random.nextInt(5);
                    }
                    values[values.length / 2] = planted;
                    values[values.length - 1] = planted;
                    Buffer y = s.out(outer);
                    IndexBuffer indices = s.outIndices(outer);
                    s.backend.kernels().reduce().max(kept, reduced, false, s.in(values), y, indices);
                    s.result(y);
                    s.result(indices);
                    s.backend.kernels().reduce().max(kept, reduced, false, s.in(values), null, indices);
                    s.result(indices);
                    IndexBuffer last = s.outIndices(outer);
                    s.backend.kernels().reduce().max(kept, reduced, true, s.in(values), null, last);
                    s.result(last);
                    Buffer dx = s.out(outer * inner);
                    s.backend.kernels().reduce().maxGradient(kept, reduced, s.random(outer), indices, dx);
                    s.result(dx);
                });
            }
        }
    }

    @Tag("large-tiles")
    @ParameterizedTest
    @EnumSource
    void products(KernelShape shape) {
        int[][] sizes = {
            {1, 1, 1},
            {7, 13, 5},
            {32, 32, 16},
            {33, 31, 17},
            {64, 65, 300},
            {65, 10, 1031},
            {70, 4100, 3},
            {66, 132, 40}
        };
        for (int[] size : sizes) {
            for (int form = 0; form < 8; form++) {
                boolean transposeA = (form & 1) != 0;
                boolean transposeB = (form & 2) != 0;
                boolean withBias = (form & 4) != 0;
                int m = size[0];
                int n = size[1];
                int k = size[2];
                MatmulGeometry g = new MatmulGeometry(
                        StridedLoop.of(new int[0], new int[0], new int[0]), m, n, k, transposeA, transposeB);
                checkSums(shape, k, s -> {
                    Buffer c = s.out(m * n);
                    s.backend
                            .kernels()
                            .matmul()
                            .forward(g, s.random(m * k), s.random(k * n), withBias ? s.random(n) : null, c);
                    s.result(c);
                });
            }
        }
        StridedLoop batch = StridedLoop.of(new int[] {2, 3}, new int[] {0, 35}, new int[] {70, 0});
        checkSums(shape, 7, s -> {
            Buffer c = s.out(6 * 5 * 10);
            s.backend
                    .kernels()
                    .matmul()
                    .forward(new MatmulGeometry(batch, 5, 10, 7, false, false), s.random(105), s.random(140), null, c);
            s.result(c);
        });
    }

    private static final List<Conv2dGeometry> CONVOLUTIONS = List.of(
            conv(1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1),
            conv(2, 3, 11, 13, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1),
            conv(3, 1, 28, 28, 6, 5, 5, 1, 1, 0, 0, 1, 1, 1),
            conv(2, 4, 9, 10, 6, 3, 2, 2, 3, 2, 1, 1, 2, 2),
            conv(1, 6, 7, 5, 6, 3, 3, 1, 1, 4, 4, 2, 1, 6),
            conv(2, 2, 40, 40, 33, 1, 1, 3, 3, 0, 0, 1, 1, 1),
            conv(5, 9, 8, 35, 3, 2, 5, 1, 2, 0, 3, 2, 1, 1),
            // Tiles, and beside them few channels: strides whose phases have different taps, or none, or no pixels.
            conv(2, 20, 9, 11, 12, 3, 3, 2, 2, 1, 1, 1, 1, 1),
            conv(2, 11, 13, 10, 18, 3, 4, 4, 3, 2, 1, 2, 2, 1),
            conv(1, 10, 5, 3, 9, 2, 1, 5, 4, 1, 2, 3, 1, 1),
            conv(3, 7, 12, 9, 7, 3, 3, 2, 3, 1, 1, 1, 1, 7),
            conv(1, 24, 6, 8, 48, 5, 2, 3, 2, 3, 0, 1, 3, 4),
            conv(2, 9, 4, 3, 2, 3, 2, 200, 300, 1, 1, 1, 1, 1),
            // More weights per channel than are in local memory at a time, more channels than a large tile has.
            conv(1, 17, 9, 8, 5, 3, 4, 1, 1, 1, 2, 1, 1, 1),
            conv(1, 67, 4, 5, 130, 1, 3, 1, 1, 0, 1, 1, 1, 1),
            conv(2, 43, 10, 9, 40, 2, 3, 2, 1, 1, 1, 1, 1, 1),
            // Planes too large for divisions by multiplication.
            conv(2, 1, 261, 257, 9, 2, 3, 1, 2, 0, 1, 1, 1, 1));
    /** Kernels so large that a division by their area is one, too. */
    private static final List<Conv2dGeometry> LARGE_KERNELS = List.of(
            conv(1, 1, 261, 260, 2, 260, 260, 1, 1, 0, 0, 1, 1, 1),
            conv(1, 1, 260, 261, 9, 260, 260, 1, 1, 0, 0, 1, 1, 1));

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
        int outHeight = (height + 2 * ph - dh * (kh - 1) - 1) / sh + 1;
        int outWidth = (width + 2 * pw - dw * (kw - 1) - 1) / sw + 1;
        return new Conv2dGeometry(
                batch, in, height, width, out, outHeight, outWidth, kh, kw, sh, sw, ph, pw, dh, dw, groups);
    }

    @Tag("large-tiles")
    @ParameterizedTest
    @EnumSource
    void convolutions(KernelShape shape) {
        for (Conv2dGeometry g : CONVOLUTIONS) {
            int inputs = g.batch() * g.inChannels() * g.inHeight() * g.inWidth();
            int weights = g.outChannels() * g.inChannelsPerGroup() * g.kernelHeight() * g.kernelWidth();
            int outputs = g.batch() * g.outChannels() * g.outHeight() * g.outWidth();
            int area = g.kernelHeight() * g.kernelWidth();
            for (boolean withBias : new boolean[] {false, true}) {
                checkSums(shape, g.inChannelsPerGroup() * area + 1, s -> {
                    Buffer y = s.out(outputs);
                    Buffer bias = withBias ? s.random(g.outChannels()) : null;
                    s.backend.kernels().conv2d().forward(g, s.random(inputs), s.random(weights), bias, false, y);
                    s.result(y);
                });
                checkSums(shape, g.outChannelsPerGroup() * area + 1, s -> {
                    Buffer dx = s.out(inputs);
                    Buffer bias = withBias ? s.random(g.inChannels()) : null;
                    s.backend.kernels().conv2d().inputGradient(g, s.random(outputs), s.random(weights), bias, null, dx);
                    s.result(dx);
                });
            }
            checkSums(shape, g.batch() * g.outHeight() * g.outWidth(), s -> {
                Buffer dw = s.out(weights);
                Buffer dbias = s.out(g.outChannels());
                s.backend.kernels().conv2d().weightGradient(g, s.random(inputs), s.random(outputs), dw, dbias);
                s.result(dw);
                s.result(dbias);
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void largeKernels(KernelShape shape) {
        for (Conv2dGeometry g : LARGE_KERNELS) {
            int area = g.kernelHeight() * g.kernelWidth();
            int outputs = g.outChannels() * g.outHeight() * g.outWidth();
            checkSums(shape, area, s -> {
                Buffer y = s.out(outputs);
                s.backend
                        .kernels()
                        .conv2d()
                        .forward(
                                g,
                                s.random(g.inHeight() * g.inWidth()),
                                s.random(g.outChannels() * area),
                                null,
                                false,
                                y);
                s.result(y);
            });
            checkSums(shape, g.outHeight() * g.outWidth(), s -> {
                Buffer dw = s.out(g.outChannels() * area);
                s.backend
                        .kernels()
                        .conv2d()
                        .weightGradient(g, s.random(g.inHeight() * g.inWidth()), s.random(outputs), dw, null);
                s.result(dw);
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void columns(KernelShape shape) {
        for (Conv2dGeometry g : CONVOLUTIONS) {
            if (g.groups() != 1) {
                continue;
            }
            int inputs = g.batch() * g.inChannels() * g.inHeight() * g.inWidth();
            int length = g.batch() * g.inChannels() * g.kernelHeight() * g.kernelWidth() * g.outHeight() * g.outWidth();
            checkSums(shape, g.kernelHeight() * g.kernelWidth(), s -> {
                Buffer columns = s.out(length);
                s.backend.kernels().im2col().im2col(g, s.random(inputs), columns);
                s.result(columns);
                Buffer x = s.out(inputs);
                s.backend.kernels().im2col().col2im(g, s.random(length), x);
                s.result(x);
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void pools(KernelShape shape) {
        List<Pool2dGeometry> geometries = List.of(
                new Pool2dGeometry(3, 8, 9, 4, 4, 2, 2, 2, 2, 0, 0, 0, 0, 1, 1),
                new Pool2dGeometry(2, 7, 5, 4, 3, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1),
                new Pool2dGeometry(2, 10, 6, 3, 2, 2, 3, 4, 3, 1, 0, 0, 1, 1, 1),
                new Pool2dGeometry(1, 6, 6, 4, 2, 2, 3, 1, 1, 0, 0, 0, 0, 2, 2),
                // What is nearly a window of 2 by 2, side by side, without padding.
                new Pool2dGeometry(2, 7, 6, 3, 3, 3, 2, 2, 2, 0, 0, 0, 0, 1, 1),
                new Pool2dGeometry(2, 6, 7, 3, 3, 2, 3, 2, 2, 0, 0, 0, 0, 1, 1),
                new Pool2dGeometry(2, 6, 6, 5, 3, 2, 2, 1, 2, 0, 0, 0, 0, 1, 1),
                new Pool2dGeometry(2, 6, 6, 3, 5, 2, 2, 2, 1, 0, 0, 0, 0, 1, 1),
                new Pool2dGeometry(2, 7, 6, 4, 3, 2, 2, 2, 2, 1, 0, 0, 0, 1, 1),
                new Pool2dGeometry(2, 7, 6, 4, 3, 2, 2, 2, 2, 0, 1, 0, 0, 1, 1),
                new Pool2dGeometry(2, 6, 7, 3, 4, 2, 2, 2, 2, 0, 0, 1, 0, 1, 1),
                new Pool2dGeometry(2, 6, 7, 3, 4, 2, 2, 2, 2, 0, 0, 0, 1, 1, 1),
                new Pool2dGeometry(2, 7, 6, 3, 3, 2, 2, 2, 2, 0, 0, 0, 0, 2, 1),
                new Pool2dGeometry(2, 6, 7, 3, 3, 2, 2, 2, 2, 0, 0, 0, 0, 1, 2));
        for (Pool2dGeometry g : geometries) {
            int inputs = g.planes() * g.inHeight() * g.inWidth();
            int outputs = g.planes() * g.outHeight() * g.outWidth();
            checkSums(shape, g.kernelHeight() * g.kernelWidth(), s -> {
                float[] values = new float[inputs];
                for (int i = 0; i < inputs; i++) {
                    // Few values, so that windows hold equal maxima; not negated by the bound's run.
                    values[i] = s.random.nextInt(3);
                }
                Buffer y = s.out(outputs);
                IndexBuffer indices = s.outIndices(outputs);
                s.backend.kernels().maxPool2d().forward(g, s.in(values), false, y, indices);
                s.result(y);
                s.result(indices);
                Buffer dx = s.out(inputs);
                s.backend.kernels().maxPool2d().gradient(g, s.random(outputs), indices, dx);
                s.result(dx);
            });
            for (boolean countPad : new boolean[] {false, true}) {
                checkSums(shape, g.kernelHeight() * g.kernelWidth() + 1, s -> {
                    Buffer y = s.out(outputs);
                    s.backend.kernels().avgPool2d().forward(g, countPad, s.random(inputs), y);
                    s.result(y);
                    Buffer dx = s.out(inputs);
                    s.backend.kernels().avgPool2d().gradient(g, countPad, s.random(outputs), dx);
                    s.result(dx);
                });
            }
        }
        for (int[] size : new int[][] {{7, 5, 3, 2}, {3, 4, 7, 9}, {6, 6, 1, 1}, {1, 1, 2, 2}}) {
            AdaptiveAvgPool2dGeometry g = new AdaptiveAvgPool2dGeometry(2, size[0], size[1], size[2], size[3]);
            checkSums(shape, size[0] * size[1] * size[2] * size[3], s -> {
                Buffer y = s.out(2 * size[2] * size[3]);
                s.backend.kernels().adaptiveAvgPool2d().forward(g, s.random(2 * size[0] * size[1]), y);
                s.result(y);
                Buffer dx = s.out(2 * size[0] * size[1]);
                s.backend.kernels().adaptiveAvgPool2d().gradient(g, s.random(2 * size[2] * size[3]), dx);
                s.result(dx);
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void resampling(KernelShape shape) {
        SparseMatrix vertical = SparseMatrix.interpolation(5, new double[] {0, 0.25, 3, 3.5, 1, 4, 4});
        SparseMatrix horizontal = SparseMatrix.interpolation(4, new double[] {2.75, 0, 3});
        for (Resample2dGeometry g : List.of(
                new Resample2dGeometry(3, vertical, horizontal),
                new Resample2dGeometry(3, vertical, horizontal).transposed())) {
            checkSums(shape, 16, s -> {
                Buffer y = s.out(3 * g.outHeight() * g.outWidth());
                s.backend.kernels().resample2d().apply(g, s.random(3 * g.inHeight() * g.inWidth()), y);
                s.result(y);
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void aNanInAWindowWins(KernelShape shape) {
        Pool2dGeometry g = new Pool2dGeometry(1, 2, 4, 1, 2, 2, 2, 2, 2, 0, 0, 0, 0, 1, 1);
        check(shape, 0, 0, s -> {
            Buffer y = s.out(2);
            IndexBuffer indices = s.outIndices(2);
            float inf = Float.POSITIVE_INFINITY;
            s.backend
                    .kernels()
                    .maxPool2d()
                    .forward(g, s.in(1, Float.NaN, -inf, -inf, inf, Float.NaN, -inf, -inf), false, y, indices);
            s.result(y);
            s.result(indices);
        });
    }

    @ParameterizedTest
    @EnumSource
    void batchNormalisation(KernelShape shape) {
        for (int[] size : new int[][] {{2, 1, 1}, {3, 5, 7}, {4, 3, 49}, {9, 3, 30}, {300, 2, 8}, {5, 2, 1600}}) {
            int batch = size[0];
            int channels = size[1];
            int plane = size[2];
            int n = batch * channels * plane;
            BatchNorm2dGeometry g = new BatchNorm2dGeometry(batch, channels, plane, 1e-5f);
            // Values of order one: each result is a few sums and products of them, M of them in a sum.
            double tolerance = 8 * Math.sqrt(batch * plane) * HALF_ULP * 16;
            check(shape, tolerance, tolerance, s -> {
                Buffer x = s.random(n);
                NormParameters parameters = new NormParameters(s.random(channels), s.random(channels));
                Buffer y = s.out(n);
                NormStatistics statistics = new NormStatistics(true, s.out(channels), s.out(channels));
                RunningStatistics running = new RunningStatistics(0.1f, s.random(channels), s.random(channels));
                BatchNorm2dKernels kernels = s.backend.kernels().batchNorm2d();
                kernels.forwardTraining(g, x, parameters, false, y, statistics, running);
                List.of(y, statistics.mean(), statistics.spread(), running.mean(), running.variance())
                        .forEach(s::result);
                kernels.forwardTraining(g, x, parameters, false, y, statistics, null);
                s.result(y);
            });
            if (batch * plane < 8) {
                // So few elements may have a variance near zero, whose reciprocal root magnifies any rounding.
                continue;
            }
            double sumTolerance = tolerance * Math.sqrt(batch * plane);
            for (boolean batchStatistics : new boolean[] {false, true}) {
                check(shape, sumTolerance, sumTolerance, s -> {
                    Buffer x = s.random(n);
                    Buffer mean = s.random(channels);
                    float[] ones = new float[channels];
                    Arrays.fill(ones, 1.3f);
                    NormStatistics statistics = new NormStatistics(batchStatistics, mean, s.in(ones));
                    Buffer gamma = s.random(channels);
                    Buffer dy = s.random(n);
                    Buffer dx = s.out(n);
                    Buffer dgamma = s.out(channels);
                    Buffer dbeta = s.out(channels);
                    BatchNorm2dKernels kernels = s.backend.kernels().batchNorm2d();
                    kernels.gradient(g, x, gamma, statistics, dy, new NormGradients(dx, dgamma, dbeta));
                    List.of(dx, dgamma, dbeta).forEach(s::result);
                    kernels.gradient(g, x, gamma, statistics, dy, new NormGradients(dx, null, null));
                    s.result(dx);
                });
            }
        }
    }

    /** At once, and on the reference one after the other. */
    @ParameterizedTest
    @EnumSource
    void batchNormalisationAndPooling(KernelShape shape) {
        int channels = 5;
        for (Pool2dGeometry window : List.of(
                new Pool2dGeometry(3 * channels, 4, 6, 2, 3, 2, 2, 2, 2, 0, 0, 0, 0, 1, 1),
                new Pool2dGeometry(7 * channels, 35, 37, 17, 18, 2, 2, 2, 2, 0, 0, 0, 0, 1, 1),
                new Pool2dGeometry(9 * channels, 33, 32, 16, 16, 2, 2, 2, 2, 0, 0, 0, 0, 1, 1),
                new Pool2dGeometry(3 * channels, 11, 9, 6, 5, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1),
                new Pool2dGeometry(2 * channels, 10, 6, 3, 2, 2, 3, 4, 3, 1, 0, 0, 1, 1, 1),
                // Windows that hold no pixel.
                new Pool2dGeometry(4 * channels, 5, 1, 6, 2, 2, 2, 1, 1, 2, 2, 2, 2, 3, 3))) {
            int batch = window.planes() / channels;
            int plane = window.inHeight() * window.inWidth();
            int outputs = window.planes() * window.outHeight() * window.outWidth();
            BatchNorm2dGeometry g = new BatchNorm2dGeometry(batch, channels, plane, 1e-5f);
            double tolerance = 8 * Math.sqrt(batch * plane) * HALF_ULP * 16;
            double sumTolerance = tolerance * Math.sqrt(batch * plane);
            for (boolean relu : new boolean[] {false, true}) {
                check(shape, tolerance, tolerance, s -> {
                    Buffer x = s.random(window.planes() * plane);
                    NormParameters parameters = new NormParameters(s.in(1.5f, -0.5f, 0, 2, 1), s.random(channels));
                    Buffer y = s.out(outputs);
                    IndexBuffer indices = s.outIndices(outputs);
                    NormStatistics statistics = new NormStatistics(true, s.out(channels), s.out(channels));
                    RunningStatistics running = new RunningStatistics(0.1f, s.random(channels), s.in(1, 2, 3, 4, 5));
                    NormPoolKernels kernels = normPool(s);
                    kernels.forwardTraining(g, window, x, parameters, relu, y, indices, statistics, running);
                    List.of(y, statistics.mean(), statistics.spread(), running.mean(), running.variance())
                            .forEach(s::result);
                    s.result(indices);
                    kernels.forwardTraining(g, window, x, parameters, relu, y, indices, statistics, null);
                    s.result(y);
                    NormStatistics given = new NormStatistics(false, running.mean(), running.variance());
                    kernels.forwardInference(g, window, x, parameters, given, relu, y, indices);
                    s.result(y);
                    s.result(indices);
                });
            }
            for (boolean batchStatistics : new boolean[] {false, true}) {
                check(shape, sumTolerance, sumTolerance, s -> {
                    Buffer x = s.random(window.planes() * plane);
                    Buffer gamma = s.random(channels);
                    NormStatistics statistics =
                            new NormStatistics(batchStatistics, s.random(channels), s.in(1.3f, 1.3f, 1.3f, 0.7f, 2));
                    IndexBuffer indices = s.outIndices(outputs);
                    s.backend.kernels().maxPool2d().forward(window, x, false, s.out(outputs), indices);
                    Buffer dy = s.random(outputs);
                    Buffer dx = s.out(window.planes() * plane);
                    Buffer dgamma = s.out(channels);
                    Buffer dbeta = s.out(channels);
                    Buffer only = s.out(channels);
                    NormPoolKernels kernels = normPool(s);
                    kernels.gradient(
                            g, window, x, gamma, statistics, dy, indices, new NormGradients(dx, dgamma, dbeta));
                    List.of(dx, dgamma, dbeta).forEach(s::result);
                    kernels.gradient(g, window, x, gamma, statistics, dy, indices, new NormGradients(dx, null, null));
                    s.result(dx);
                    kernels.gradient(g, window, x, gamma, statistics, dy, indices, new NormGradients(null, null, only));
                    s.result(only);
                });
            }
        }
    }

    /** The backend's kernels, or those of its two operations. */
    private static NormPoolKernels normPool(Session s) {
        NormPoolKernels kernels = s.backend.kernels().normPool();
        return kernels == null ? new OneAfterTheOther(s) : kernels;
    }

    /** Batch normalisation, and then pooling. */
    private record OneAfterTheOther(Session s) implements NormPoolKernels {

        @Override
        public void forwardTraining(
                BatchNorm2dGeometry g,
                Pool2dGeometry window,
                Buffer x,
                NormParameters parameters,
                boolean relu,
                Buffer y,
                IndexBuffer indices,
                NormStatistics statistics,
                @Nullable RunningStatistics running) {
            Buffer normalised = s.out(x.length());
            s.backend.kernels().batchNorm2d().forwardTraining(g, x, parameters, false, normalised, statistics, running);
            s.backend.kernels().maxPool2d().forward(window, normalised, relu, y, indices);
        }

        @Override
        public void forwardInference(
                BatchNorm2dGeometry g,
                Pool2dGeometry window,
                Buffer x,
                NormParameters parameters,
                NormStatistics statistics,
                boolean relu,
                Buffer y,
                IndexBuffer indices) {
            Buffer normalised = s.out(x.length());
            s.backend.kernels().batchNorm2d().forwardInference(g, x, parameters, statistics, false, normalised);
            s.backend.kernels().maxPool2d().forward(window, normalised, relu, y, indices);
        }

        @Override
        public void gradient(
                BatchNorm2dGeometry g,
                Pool2dGeometry window,
                Buffer x,
                Buffer gamma,
                NormStatistics statistics,
                Buffer dy,
                IndexBuffer indices,
                NormGradients gradients) {
            Buffer spread = s.out(x.length());
            s.backend.kernels().maxPool2d().gradient(window, dy, indices, spread);
            s.backend.kernels().batchNorm2d().gradient(g, x, gamma, statistics, spread, gradients);
        }
    }

    @ParameterizedTest
    @EnumSource
    void batchVarianceSurvivesALargeMean(KernelShape shape) {
        BatchNorm2dGeometry g = new BatchNorm2dGeometry(2, 1, 3000, 0);
        float[] values = new float[6000];
        for (int i = 0; i < values.length; i++) {
            values[i] = 10_000 + i % 2;
        }
        check(shape, 1e-5, 0, s -> {
            Buffer variance = s.out(1);
            s.backend
                    .kernels()
                    .batchNorm2d()
                    .forwardTraining(
                            g,
                            s.in(values),
                            new NormParameters(s.in(1f), s.in(0f)),
                            false,
                            s.out(6000),
                            new NormStatistics(true, s.out(1), variance),
                            null);
            s.result(variance);
        });
    }

    @ParameterizedTest
    @EnumSource
    void dropout(KernelShape shape) {
        check(shape, HALF_ULP, 0, s -> {
            for (int n : new int[] {1, 5, 1001}) {
                Buffer y = s.out(n);
                s.backend.kernels().dropout().apply(n, 0x60000000L, 1.6f, 0x123456789ABCDEFL, -5L, s.random(n), y);
                s.result(y);
            }
            Buffer none = s.out(9);
            s.backend.kernels().dropout().apply(9, 1L << 32, 1, 3, 4, s.random(9), none);
            s.result(none);
        });
    }

    @ParameterizedTest
    @EnumSource
    void softmax(KernelShape shape) {
        List<AxisGeometry> axes = List.of(
                new AxisGeometry(1, 1, 1),
                new AxisGeometry(7, 10, 1),
                new AxisGeometry(3, 5, 4),
                new AxisGeometry(2, 1000, 1));
        for (AxisGeometry g : axes) {
            int n = g.outer() * g.size() * g.inner();
            double tolerance = ELEMENTARY + 8 * Math.sqrt(g.size()) * HALF_ULP;
            // Gradients subtract a sum of size() terms of order one from a term of order one.
            check(shape, tolerance, tolerance * Math.sqrt(g.size()), s -> {
                Buffer x = s.random(n);
                Buffer dy = s.random(n);
                Buffer y = s.out(n);
                Buffer dx = s.out(n);
                s.backend.kernels().softmax().softmax(g, x, y);
                s.result(y);
                s.backend.kernels().softmax().softmaxGradient(g, y, dy, dx);
                s.result(dx);
                s.backend.kernels().softmax().logSoftmax(g, x, y);
                s.result(y);
                s.backend.kernels().softmax().logSoftmaxGradient(g, y, dy, dx);
                s.result(dx);
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void classificationLosses(KernelShape shape) {
        AxisGeometry axis = new AxisGeometry(67, 10, 3);
        int examples = 67 * 3;
        for (LossReduction reduction : LossReduction.values()) {
            for (float smoothing : new float[] {0, 0.1f}) {
                ClassificationGeometry g = new ClassificationGeometry(axis, reduction, -100, smoothing);
                int losses = reduction == LossReduction.NONE ? examples : 1;
                double tolerance = ELEMENTARY + 8 * Math.sqrt(examples) * HALF_ULP;
                check(shape, tolerance, tolerance, s -> {
                    int[] labels = new int[examples];
                    for (int i = 0; i < examples; i++) {
                        labels[i] = i % 11 == 10 ? -100 : s.random.nextInt(10);
                    }
                    Buffer x = s.random(examples * 10);
                    IndexBuffer l = s.in(labels);
                    Buffer loss = s.out(losses);
                    Buffer saved = s.out(2 * examples + 1);
                    s.backend.kernels().crossEntropy().forward(g, x, l, loss, saved, null, null);
                    s.result(loss);
                    s.result(saved);
                    Buffer dy = s.random(losses);
                    Buffer dx = s.out(examples * 10);
                    s.backend.kernels().crossEntropy().gradient(g, x, l, saved, dy, dx);
                    s.result(dx);
                    Buffer count = s.out(1);
                    s.backend.kernels().nll().forward(g, x, l, loss, count);
                    s.result(loss);
                    s.result(count);
                    s.backend.kernels().nll().gradient(g, l, count, dy, dx);
                    s.result(dx);
                });
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void optimizers(KernelShape shape) {
        int n = 61;
        for (int form = 0; form < 16; form++) {
            SgdStep step = new SgdStep(
                    0.1f,
                    (form & 1) == 0 ? 0 : 0.9f,
                    (form & 2) == 0 ? 0 : 0.2f,
                    0.01f,
                    (form & 4) != 0,
                    (form & 8) != 0);
            check(shape, 16 * HALF_ULP, 16 * HALF_ULP, s -> {
                Buffer w = s.random(n);
                Buffer v = s.random(n);
                s.backend.kernels().optimizer().sgd(n, step, w, s.random(n), step.momentum() == 0 ? null : v);
                s.result(w);
                s.result(v);
            });
        }
        for (boolean decoupled : new boolean[] {false, true}) {
            AdamStep step = new AdamStep(1e-3f, 0.9f, 0.999f, 1e-8f, 0.01f, decoupled, 0.19f, 0.002f);
            check(shape, 32 * HALF_ULP, 32 * HALF_ULP, s -> {
                float[] squares = new float[n];
                Arrays.fill(squares, 0.5f);
                Buffer w = s.random(n);
                Buffer m = s.random(n);
                Buffer v = s.in(squares);
                s.backend.kernels().optimizer().adam(n, step, w, s.random(n), m, v);
                List.of(w, m, v).forEach(s::result);
            });
        }
        for (int length : new int[] {n, 300}) {
            checkSums(shape, length, s -> {
                Buffer squares = s.out(2);
                s.backend.kernels().optimizer().sumsOfSquares(length, s.random(length), squares);
                s.result(squares.slice(0, 1));
            });
        }
        for (float norm : new float[] {0.25f, 100, Float.NaN, Float.POSITIVE_INFINITY}) {
            check(shape, 8 * HALF_ULP, 0, s -> {
                Buffer gradients = s.random(n);
                s.backend.kernels().optimizer().clip(n, 1, s.in(norm, norm), gradients);
                s.result(gradients);
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void windowsShareTheirBuffersMemory(KernelShape shape) {
        OpenClBackend backend = BACKENDS.get(shape);
        int step = backend.sliceAlignment();
        Buffer whole = backend.allocate(3 * step);
        backend.kernels().copy().fill(1, whole);
        Buffer window = whole.slice(step, step).slice(0, 5);
        backend.kernels().copy().fill(2, window);
        float[] values = new float[3 * step];
        backend.read(whole, values, 0);
        float[] expected = new float[3 * step];
        Arrays.fill(expected, 1);
        Arrays.fill(expected, step, step + 5, 2);
        assertArrayEquals(expected, values);
        backend.release(window);
        backend.release(whole);
    }
}
