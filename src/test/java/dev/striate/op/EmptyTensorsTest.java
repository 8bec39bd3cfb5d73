package dev.striate.op;

import static dev.striate.TensorAssertions.assertTensor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.ClassificationOptions;
import dev.striate.CrossEntropyResult;
import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.IntTensor;
import dev.striate.LossReduction;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.nn.BatchNorm2d;
import dev.striate.nn.Block;
import dev.striate.nn.Conv2d;
import dev.striate.nn.Flatten;
import dev.striate.nn.Linear;
import dev.striate.nn.MaxPool2d;
import dev.striate.nn.Relu;
import dev.striate.nn.Sequential;
import dev.striate.optim.Sgd;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tensors without elements have the values and gradients that they have in PyTorch. */
class EmptyTensorsTest {

    private static final float NAN = Float.NaN;

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void theyAreMadeReadAndChanged(Device device) {
        assertTensor(Tensor.zeros(device, 0, 3), Shape.of(0, 3));
        assertTensor(Tensor.of(device, Shape.of(0)), Shape.of(0));
        assertTensor(Tensor.of(device), Shape.of(0));
        assertTensor(Tensor.randn(device, new Generator(1), 2, 0), Shape.of(2, 0));
        assertTensor(Tensor.arange(device, 3, 3, -1), Shape.of(0));
        assertEquals(
                "Tensor(0, 3) on " + device + " []", Tensor.ones(device, 0, 3).toString());
        assertEquals(
                "Tensor(2, 0) on " + device + " [[], []]",
                Tensor.ones(device, 2, 0).toString());
        Tensor x = Tensor.zeros(device, 0, 3);
        x.fill(1);
        x.assign();
        x.assign(Tensor.ones(device, 0, 3));
        x.addInPlace(2, Tensor.ones(device, 0, 3));
        assertTensor(x, Shape.of(0, 3));
        IntTensor integers = IntTensor.of(device);
        assertEquals(Shape.of(0), integers.shape());
        assertArrayEquals(new int[0], integers.toIntArray());
        assertArrayEquals(new int[0], integers.to(Device.cpu()).toIntArray());
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void theirReductionsHaveValues(Device device) {
        Tensor x = Tensor.zeros(device, 0, 2);
        assertTensor(x.sum(0), Shape.of(2), 0, 0);
        assertTensor(x.sum(), Shape.SCALAR, 0);
        assertTensor(x.sum(new int[] {0, 1}, true), Shape.of(1, 1), 0);
        assertTensor(x.mean(0), Shape.of(2), NAN, NAN);
        assertTensor(x.mean(), Shape.SCALAR, NAN);
        assertTensor(x.var(0), Shape.of(2), NAN, NAN);
        assertTensor(x.std(new int[] {0}, 0, true), Shape.of(1, 2), NAN, NAN);
        assertTensor(x.prod(0), Shape.of(2), 1, 1);
        assertTensor(x.prod(), Shape.SCALAR, 1);
        assertTensor(x.logSumExp(0), Shape.of(2), Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY);
        assertTensor(x.pad(new int[] {1, 0}, new int[] {0, 0}, 5), Shape.of(1, 2), 5, 5);
        assertTensor(Tensor.concat(0, x, Tensor.of(device, new float[][] {{3, 4}}), x), Shape.of(1, 2), 3, 4);
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void productsWithoutTermsAreZero(Device device) {
        Tensor a = Tensor.zeros(device, 2, 0);
        Tensor b = Tensor.zeros(device, 0, 2);
        assertTensor(a.matmul(b), Shape.of(2, 2), 0, 0, 0, 0);
        assertTensor(b.matmul(a, true, true), Shape.of(2, 2), 0, 0, 0, 0);
        assertTensor(a.matmul(Tensor.of(device)), Shape.of(2), 0, 0);
        Tensor bias = Tensor.of(device, -1, 1);
        assertTensor(a.linear(a, bias), Shape.of(2, 2), -1, 1, -1, 1);
        assertTensor(dev.striate.op.Linear.withRelu(a, a, bias), Shape.of(2, 2), 0, 1, 0, 1);
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void lossesOfNoExamplesAreZeroOrNan(Device device) {
        Tensor x = Tensor.zeros(device, 0, 3);
        IntTensor labels = IntTensor.of(device);
        ClassificationOptions plain = ClassificationOptions.DEFAULT;
        ClassificationOptions weighted = plain.withClassWeights(1, 2, 3);
        List<Function<LossReduction, Tensor>> losses = List.of(
                reduction -> x.crossEntropy(labels, plain.withReduction(reduction)),
                reduction -> x.crossEntropy(labels, weighted.withReduction(reduction)),
                reduction -> x.nll(labels, plain.withReduction(reduction)),
                reduction -> x.nll(labels, weighted.withReduction(reduction)),
                reduction -> x.mse(x, reduction),
                reduction -> x.huber(x, 1, reduction),
                reduction -> x.binaryCrossEntropyWithLogits(x, null, reduction),
                reduction -> x.focalLoss(x, 0.25f, 2, reduction),
                reduction -> x.diceLoss(x, 1, reduction));
        for (Function<LossReduction, Tensor> loss : losses) {
            assertTensor(loss.apply(LossReduction.MEAN), Shape.SCALAR, NAN);
            assertTensor(loss.apply(LossReduction.SUM), Shape.SCALAR, 0);
            assertEquals(0, loss.apply(LossReduction.NONE).shape().elements());
        }
        CrossEntropyResult result = x.crossEntropyWithPredictions(labels, plain);
        assertEquals(Shape.of(0), result.predictions().shape());
    }

    /** A network, with the layers that are fused, in evaluation; batch normalisation cannot be trained without images. */
    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void anEmptyBatchGivesGradientsOfZero(Device device) {
        Tensor x = Tensor.zeros(device, 0, 2, 6, 6).requiresGrad(true);
        try (Block network = new Sequential(
                                new Conv2d(2, 3, 3),
                                new BatchNorm2d(3),
                                new MaxPool2d(2),
                                new Relu(),
                                new Flatten(),
                                new Linear(12, 4))
                        .initialize(device, new Generator(1));
                Sgd sgd = new Sgd(network.parameters(), 1)) {
            network.eval();
            Map<String, float[]> before = values(network.parameters());
            sgd.zeroGrad();
            Tensor logits = network.forward(x);
            assertTensor(logits, Shape.of(0, 4));
            logits.crossEntropy(IntTensor.of(device), ClassificationOptions.DEFAULT)
                    .backward();
            assertTensor(x.grad(), Shape.of(0, 2, 6, 6));
            network.parameters().forEach((name, parameter) -> {
                assertTrue(parameter.hasGrad(), name);
                assertArrayEquals(
                        new float[parameter.shape().elements()],
                        parameter.grad().toFloatArray(),
                        name);
            });
            sgd.step();
            values(network.parameters()).forEach((name, value) -> assertArrayEquals(before.get(name), value, name));
        }
    }

    private static Map<String, float[]> values(Map<String, Tensor> tensors) {
        return tensors.entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, entry -> entry.getValue().toFloatArray()));
    }

    /** The parts with elements get their gradient, the others one without elements. */
    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void gradientsPassBesideThem(Device device) {
        Tensor none = Tensor.zeros(device, 0, 2).requiresGrad(true);
        Tensor some = Tensor.of(device, new float[][] {{3, 4}}).requiresGrad(true);
        Tensor unused = Tensor.ones(device, 2).requiresGrad(true);
        Tensor nothing = unused.slice(0, 1, 1);
        Tensor joined = Tensor.concat(0, none, some.mul(2), none.sum(0).unsqueeze(0));
        joined.sum().add(nothing.prod()).add(none.logSumExp(0).sum()).backward();
        assertTensor(none.grad(), Shape.of(0, 2));
        assertTensor(some.grad(), Shape.of(1, 2), 2, 2);
        assertTensor(unused.grad(), Shape.of(2), 0, 0);
    }

    @Test
    void gradientsReturnToTheirDevice() {
        Tensor x = Tensor.zeros(Device.reference(), 0, 2).requiresGrad(true);
        x.mul(2).to(Device.cpu()).mul(2).sum().backward();
        assertEquals(Device.reference(), x.grad().device());
        assertTensor(x.grad(), Shape.of(0, 2));
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void theirBuffersAreGivenBack(Device device) {
        int before = device.memory().liveBuffers();
        try (Scope inner = Scope.open()) {
            Tensor x = Tensor.zeros(device, 0, 3).requiresGrad(true);
            assertNull(x.grad());
            x.softmax(1).sum().backward();
            assertTrue(x.hasGrad());
        }
        assertEquals(before, device.memory().liveBuffers());
    }
}
