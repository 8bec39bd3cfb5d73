package dev.striate.op;

import static dev.striate.WindowOption.padding;
import static dev.striate.WindowOption.stride;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.IntTensor;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.TestDevices;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Whoever opens no scope closes what was given and returned. What operations that are made of others had between, they
 * close.
 */
class TemporariesTest {

    /** A call of an operation that is made of others, on inputs of given sizes. */
    private record Composed(String name, Function<Tensor[], Tensor> call, int[]... sizes) {}

    private static final List<Composed> COMPOSED = List.of(
            linear("vector", 3),
            linear("batch of rows", 2, 5, 3),
            linear("images", 2, 1, 4, 3),
            new Composed(
                    "linear, then relu", x -> Linear.withRelu(x[0], x[1], x[2]), new int[][] {{2, 5, 3}, {4, 3}, {4}}),
            new Composed("linear without bias", x -> x[0].linear(x[1], null), new int[][] {{2, 5, 3}, {4, 3}}),
            matmul("vectors", new int[] {3}, new int[] {3}),
            matmul("vector and matrix", new int[] {3}, new int[] {3, 4}),
            matmul("matrix and vector", new int[] {2, 3}, new int[] {3}),
            matmul("vector and batch", new int[] {3}, new int[] {2, 3, 4}),
            matmul("batch and vector", new int[] {2, 5, 3}, new int[] {3}),
            matmul("batch and matrix", new int[] {2, 5, 3}, new int[] {3, 4}),
            matmul("batches", new int[] {2, 5, 3}, new int[] {1, 3, 4}),
            new Composed("batch transposed", x -> x[0].matmul(x[1], true, true), new int[][] {{2, 3, 5}, {4, 3}}),
            new Composed("conv2d with a large stride", x -> x[0].conv2d(x[1], x[2], stride(9)), new int[][] {
                {2, 3, 20, 19}, {4, 3, 9, 9}, {4}
            }),
            new Composed(
                    "conv2d with large padding",
                    x -> x[0].conv2d(x[1], x[2], stride(70_000), padding(70_000)),
                    new int[][] {{2, 3, 4, 5}, {4, 3, 2, 2}, {4}}),
            new Composed(
                    "convTranspose2d with a large stride",
                    x -> x[0].convTranspose2d(x[1], x[2], stride(9)),
                    new int[][] {{2, 3, 2, 3}, {3, 4, 9, 9}, {4}}),
            new Composed("groupNorm", x -> x[0].groupNorm(2, x[1], x[2], 1e-5f), new int[][] {{3, 4, 2}, {4}, {4}}),
            new Composed(
                    "groupNorm without bias", x -> x[0].groupNorm(2, x[1], null, 1e-5f), new int[][] {{3, 4, 2}, {4}}),
            new Composed(
                    "instanceNorm2d", x -> x[0].instanceNorm2d(x[1], x[2], 1e-5f), new int[][] {{3, 4, 2, 2}, {4}, {4}
                    }),
            new Composed(
                    "layerNorm", x -> x[0].layerNorm(Shape.of(4), x[1], x[2], 1e-5f), new int[][] {{3, 4}, {4}, {4}}),
            new Composed("localResponseNorm", x -> x[0].localResponseNorm(3, 1, 0.75f, 1), new int[][] {{2, 5, 3}}),
            new Composed("pixelShuffle", x -> x[0].pixelShuffle(2), new int[][] {{2, 4, 3, 3}}),
            new Composed("mse", x -> x[0].mse(x[1]), new int[][] {{2, 3}, {2, 3}}),
            new Composed("gather of a part", TemporariesTest::gatherOfAPart, new int[][] {{3, 4, 5}}),
            new Composed("min", x -> x[0].min(0, 2), new int[][] {{3, 4, 5}}),
            new Composed("prod", x -> x[0].prod(0, 2), new int[][] {{3, 4, 5}}),
            new Composed("var", x -> x[0].var(0), new int[][] {{3, 4}}),
            new Composed("std", x -> x[0].std(1), new int[][] {{3, 4}}),
            new Composed("logSumExp", x -> x[0].logSumExp(1), new int[][] {{3, 4}}),
            new Composed("div by a tiny number", x -> x[0].div(Float.MIN_VALUE), new int[][] {{2, 3}}),
            new Composed("div by a huge number", x -> x[0].div(Float.MAX_VALUE), new int[][] {{2, 3}}));

    private static Tensor gatherOfAPart(Tensor[] x) {
        try (IntTensor indices = IntTensor.of(x[0].device(), Shape.of(1, 2, 1), 3, 3)) {
            return x[0].gather(1, indices);
        }
    }

    private static Composed linear(String name, int... sizes) {
        return new Composed(
                "linear of a " + name, x -> x[0].linear(x[1], x[2]), sizes, new int[] {4, 3}, new int[] {4});
    }

    private static Composed matmul(String name, int[] left, int[] right) {
        return new Composed("matmul of " + name, x -> x[0].matmul(x[1]), left, right);
    }

    @TestFactory
    Stream<DynamicTest> areClosedWithoutAScope() {
        return TestDevices.withReference().stream()
                .map(device -> dynamicTest(device.name(), () -> {
                    Device own = device.open();
                    for (Composed composed : COMPOSED) {
                        run(own, composed, false);
                        run(own, composed, true);
                    }
                }));
    }

    private static void run(Device device, Composed composed, boolean differentiates) {
        String name = composed.name + (differentiates ? ", with gradients" : "");
        Tensor[] inputs = Arrays.stream(composed.sizes)
                .map(sizes -> Tensor.randn(device, new Generator(1), sizes).requiresGrad(differentiates))
                .toArray(Tensor[]::new);
        try (Tensor y = composed.call.apply(inputs)) {
            if (differentiates) {
                try (Tensor dy = Tensor.ones(device, y.shape().toArray())) {
                    y.backward(dy);
                }
            }
            int gradients = differentiates ? inputs.length : 0;
            assertEquals(inputs.length + gradients + 1, device.memory().liveBuffers(), name);
            assertEquals(y.shape().elements(), y.toFloatArray().length, name);
        }
        for (Tensor input : inputs) {
            input.close();
        }
        assertEquals(0, device.memory().liveBuffers(), name);
    }
}
