package dev.striate.nn;

import static dev.striate.op.WindowOption.ceilMode;
import static dev.striate.op.WindowOption.dilation;
import static dev.striate.op.WindowOption.padding;
import static dev.striate.op.WindowOption.stride;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.PresentDevices;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.autograd.NoGrad;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a chain computes must be what its modules compute one by one in the given order. */
class ChainTest {

    private static final float[] SPECIAL = {
        -0f, 0f, -1, 2, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MIN_VALUE, -Float.MIN_VALUE
    };

    private static Stream<Arguments> devicesAndPools() {
        return PresentDevices.all().flatMap(device -> Stream.of(
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
        try (Scope scope = Scope.open(); NoGrad off = NoGrad.open()) {
            Tensor x = Tensor.of(device, shape, withSpecialValues(shape.elements()));
            assertSameBits(pool.forward(new Relu().forward(x)), new Sequential(new Relu(), pool).forward(x));
        }
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void aWindowWithoutAPixelStaysMinusInfinity(Device device) {
        try (Scope scope = Scope.open(); NoGrad off = NoGrad.open()) {
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
    @MethodSource("dev.striate.PresentDevices#all")
    void reluMovesPastAdjacentPoolingOnly(Device device) {
        List<Shape> seen = new ArrayList<>();
        Module probe = new Module() {
            @Override
            public Tensor forward(Tensor x) {
                seen.add(x.shape());
                for (float value : x.toArray()) {
                    assertEquals(0, Math.min(value, 0), "the probe stands behind the ReLU");
                }
                return x;
            }
        };
        try (Scope scope = Scope.open(); NoGrad off = NoGrad.open()) {
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
        float[] values = x.toArray();
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }
}
