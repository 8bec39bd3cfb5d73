package dev.striate.nn;

import static dev.striate.WindowOption.ceilMode;
import static dev.striate.WindowOption.dilation;
import static dev.striate.WindowOption.padding;
import static dev.striate.WindowOption.stride;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.striate.AutogradException;
import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.NoGrad;
import dev.striate.PresentDevices;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.op.NormPool;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a chain computes must be what its blocks compute one by one in the given order. */
class ChainTest {

    private static final float[] SPECIAL = {
        -0f, 0f, -1, 2, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MIN_VALUE, -Float.MIN_VALUE
    };

    private static Stream<Arguments> devicesAndPools() {
        return PresentDevices.all()
                .flatMap(device -> Stream.of(
                        Arguments.of(device, new MaxPool2d(2)),
                        Arguments.of(device, new MaxPool2d(2, padding(1))),
                        Arguments.of(device, new MaxPool2d(3, 2, stride(1, 2), padding(2, 1, 1, 0), ceilMode())),
                        Arguments.of(device, new MaxPool2d(2, dilation(3), stride(1), padding(2))),
                        Arguments.of(device, new MaxPool2d(2).layout(Layout.NHWC))));
    }

    @ParameterizedTest
    @MethodSource("devicesAndPools")
    void reluBeforePoolingKeepsItsBits(Device device, MaxPool2d pool) {
        Shape shape = Shape.of(3, 5, 7, 9);
        try (Scope scope = Scope.open();
                NoGrad off = NoGrad.open()) {
            Tensor x = Tensor.of(device, shape, withSpecialValues(shape.elements()));
            assertSameBits(pool.forward(new Relu().forward(x)), new Sequential(new Relu(), pool).forward(x));
        }
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void aWindowWithoutAPixelStaysMinusInfinity(Device device) {
        try (Scope scope = Scope.open();
                NoGrad off = NoGrad.open()) {
            Tensor x = Tensor.ones(device, 1, 1, 5, 1);
            MaxPool2d pool = new MaxPool2d(2, dilation(3), stride(1), padding(2));
            Tensor y = new Sequential(new Relu(), pool).forward(x);
            assertEquals(Float.NEGATIVE_INFINITY, -y.neg().max().item());
            assertSameBits(pool.forward(new Relu().forward(x)), y);
        }
    }

    @ParameterizedTest
    @MethodSource("devicesAndPools")
    void reluBeforePoolingKeepsItsGradient(Device device, MaxPool2d pool) {
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.randn(device, new Generator(7), 2, 4, 6, 7);
            // Adding 0 takes the sign from zeros, whose places may differ.
            assertSameBits(
                    gradient(x, leaf -> pool.forward(new Relu().forward(leaf))).add(0),
                    gradient(x, new Sequential(new Relu(), pool)::forward).add(0));
        }
    }

    @ParameterizedTest
    @MethodSource("devicesAndPools")
    void normBeforePoolingKeepsItsResults(Device device, MaxPool2d pool) {
        for (boolean training : new boolean[] {true, false}) {
            try (Scope scope = Scope.open();
                    BatchNorm2d apart = norm(device, training);
                    BatchNorm2d chained = norm(device, training)) {
                assertSameResults(
                        apart, x -> pool.forward(apart.forward(x)), chained, new Sequential(chained, pool)::forward);
                assertSameResults(
                        apart,
                        x -> pool.forward(new Relu().forward(apart.forward(x))),
                        chained,
                        new Sequential(chained, new Relu(), pool)::forward);
                assertSameResults(
                        apart,
                        x -> new Relu().forward(pool.forward(apart.forward(x))),
                        chained,
                        new Sequential(chained, pool, new Relu())::forward);
            }
        }
    }

    /** One whose channels rise, fall and are constant. */
    private static BatchNorm2d norm(Device device, boolean training) {
        BatchNorm2d norm = new BatchNorm2d(4);
        norm.initialize(device, new Generator(1));
        try (NoGrad off = NoGrad.open()) {
            norm.parameter("weight").assign(1.5f, -0.5f, 0, 2);
            norm.parameter("bias").assign(0.25f, 0, -1, -0.5f);
        }
        if (!training) {
            norm.eval();
        }
        return norm;
    }

    /** Values, gradients of the input and of the parameters, and what the layers keep. */
    private static void assertSameResults(BatchNorm2d apart, Forward one, BatchNorm2d chained, Forward other) {
        Device device = apart.parameter("weight").device();
        Tensor x = Tensor.randn(device, new Generator(7), 2, 4, 6, 7);
        apart.parameters().values().forEach(Tensor::zeroGrad);
        chained.parameters().values().forEach(Tensor::zeroGrad);
        try (NoGrad off = NoGrad.open()) {
            assertSameBits(one.of(x), other.of(x));
        }
        assertSameGradient(gradient(x, one).add(0), gradient(x, other).add(0));
        for (String name : List.of("weight", "bias")) {
            assertSameGradient(gradientOf(apart, name), gradientOf(chained, name));
        }
        for (String name : List.of("running_mean", "running_var")) {
            assertSameBits(apart.buffer(name), chained.buffer(name));
        }
    }

    /** With the same bits but where both run at once, with sums over maxima and not over all that was pooled. */
    private static void assertSameGradient(Tensor expected, Tensor actual) {
        if (NormPool.runsOn(expected.device())) {
            assertArrayEquals(expected.toFloatArray(), actual.toFloatArray(), 1e-5f);
        } else {
            assertSameBits(expected, actual);
        }
    }

    private static Tensor gradientOf(Block block, String parameter) {
        return Objects.requireNonNull(block.parameter(parameter).grad()).add(0);
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void normBeforePoolingSaysThatItMovedItsStatistics(Device device) {
        try (Scope scope = Scope.open();
                BatchNorm2d norm = norm(device, false)) {
            Sequential chain = new Sequential(norm, new MaxPool2d(2));
            Tensor x = Tensor.randn(device, new Generator(7), 2, 4, 6, 7).requiresGrad(true);
            Tensor loss = chain.forward(x).sum();
            norm.train();
            chain.forward(x);
            assertThrows(AutogradException.class, loss::backward);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void normBeforePoolingRefusesWrongInput(Device device) {
        try (Scope scope = Scope.open();
                BatchNorm2d norm = norm(device, true)) {
            Sequential chain = new Sequential(norm, new MaxPool2d(5));
            assertThrows(ShapeException.class, () -> chain.forward(Tensor.ones(device, 2, 3, 8, 8)));
            assertThrows(ShapeException.class, () -> chain.forward(Tensor.ones(device, 2, 4, 4, 8)));
        }
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void reluMovesPastAdjacentPoolingOnly(Device device) {
        List<Shape> seen = new ArrayList<>();
        Block probe = new Block() {
            @Override
            protected Tensor compute(Tensor x) {
                seen.add(x.shape());
                for (float value : x.toFloatArray()) {
                    assertEquals(0, Math.min(value, 0), "the probe stands behind the ReLU");
                }
                return x;
            }
        };
        try (Scope scope = Scope.open();
                NoGrad off = NoGrad.open()) {
            Tensor x = Tensor.randn(device, new Generator(3), 1, 2, 4, 4);
            new Sequential(new Relu(), probe, new MaxPool2d(2)).forward(x);
            new Sequential(new Sequential(new Relu()), probe, new MaxPool2d(2)).forward(x);
            assertEquals(List.of(x.shape(), x.shape()), seen);
        }
    }

    private interface Forward {
        Tensor of(Tensor leaf);
    }

    private static Tensor gradient(Tensor values, Forward forward) {
        Tensor leaf = values.detach().requiresGrad(true);
        Tensor y = forward.of(leaf);
        y.backward(Tensor.randn(values.device(), new Generator(11), y.shape().toArray()));
        return Objects.requireNonNull(leaf.grad());
    }

    /** Mostly negative, so that there are windows without a positive pixel. */
    private static float[] withSpecialValues(int n) {
        float[] values = new Generator(5).normal(n);
        for (int i = 0; i < n; i++) {
            values[i] -= 0.5f;
            if (i % 4 == 0) {
                values[i] = SPECIAL[i / 4 % SPECIAL.length];
            }
        }
        return values;
    }

    private static void assertSameBits(Tensor expected, Tensor actual) {
        assertEquals(expected.shape(), actual.shape());
        assertArrayEquals(bits(expected), bits(actual));
    }

    private static int[] bits(Tensor x) {
        float[] values = x.toFloatArray();
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }
}
