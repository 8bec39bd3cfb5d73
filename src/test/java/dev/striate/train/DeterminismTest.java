package dev.striate.train;

import static dev.striate.WindowOption.padding;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Tensor;
import dev.striate.TestDevices;
import dev.striate.data.DataLoader;
import dev.striate.data.RandomCrop;
import dev.striate.data.TinyDigits;
import dev.striate.nn.BatchNorm2d;
import dev.striate.nn.Block;
import dev.striate.nn.Conv2d;
import dev.striate.nn.Dropout;
import dev.striate.nn.Flatten;
import dev.striate.nn.Initializer;
import dev.striate.nn.Linear;
import dev.striate.nn.MaxPool2d;
import dev.striate.nn.Relu;
import dev.striate.nn.Sequential;
import dev.striate.optim.AdamW;
import dev.striate.optim.Optimizer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The same seed gives the same bits: whole trainings on one device, whatever the number of threads, and everything
 * random on all devices. Trainings use the shuffle, random crops, dropout, batch normalisation, clipping and
 * evaluation.
 */
class DeterminismTest {

    /** All that a training leaves: parameters, running statistics, the optimiser's state and the losses. */
    private static Map<String, float[]> train(Device device, long seed) {
        Generator generator = new Generator(seed);
        // The 200 images that are called test images elsewhere, to be quick.
        DataLoader train = DataLoader.of(TinyDigits.test(), 64).shuffle(seed).transform(new RandomCrop(1));
        Map<String, float[]> left = new LinkedHashMap<>();
        try (Block net = new Sequential(
                                new Conv2d(1, 4, 3, padding(1)),
                                new BatchNorm2d(4),
                                new Relu(),
                                new MaxPool2d(2),
                                new Flatten(),
                                new Dropout(0.3f),
                                new Linear(64, 10))
                        .initialize(device, generator);
                Optimizer optimizer = new AdamW(net.parameters(), 0.01f)) {
            TrainingResult result = Trainer.of(net, optimizer, device)
                    .clipGradNorm(1)
                    .labelSmoothing(0.1f)
                    .fit(train, DataLoader.of(TinyDigits.test(), 150), 3);
            net.parameters().forEach((name, tensor) -> left.put(name, tensor.toFloatArray()));
            net.buffers().forEach((name, tensor) -> left.put(name, tensor.toFloatArray()));
            optimizer.state().forEach((name, tensor) -> left.put(name, tensor.toFloatArray()));
            left.put("losses", new float[] {
                (float) result.trainLoss(),
                (float) result.validationLoss(),
                (float) result.epochs().get(0).trainLoss(),
                (float) result.epochs().get(2).trainLoss()
            });
        }
        return left;
    }

    private static void assertSameBits(Map<String, float[]> expected, Map<String, float[]> actual) {
        assertEquals(expected.keySet(), actual.keySet());
        expected.forEach((name, values) -> assertArrayEquals(values, actual.get(name), name));
    }

    @TestFactory
    Stream<DynamicTest> twoTrainings() {
        return TestDevices.withReference().stream()
                .map(device -> dynamicTest(device.name(), () -> {
                    Map<String, float[]> first = train(device.get(), 7);
                    assertSameBits(first, train(device.get(), 7));
                    assertSameBits(first, train(device.open(), 7));
                    assertFalse(
                            Arrays.equals(
                                    first.get("6.weight"),
                                    train(device.get(), 8).get("6.weight")),
                            "the seed counts");
                }));
    }

    @TestFactory
    Stream<DynamicTest> anyNumberOfThreads() {
        return TestDevices.threadCounts().stream()
                .flatMap(devices -> devices.stream()
                        .skip(1)
                        .map(device -> dynamicTest(
                                device.name(),
                                () -> assertSameBits(train(devices.get(0).get(), 7), train(device.get(), 7)))));
    }

    /** The device as users get it, which shares only work that is worth it. */
    @Test
    void anyNumberOfThreadsAsUsersSetIt() {
        assertSameBits(train(Device.cpu(1), 7), train(Device.cpu(2), 7));
    }

    /** Odd numbers of elements, so that the last block of random numbers is not used up. */
    @TestFactory
    Stream<DynamicTest> dropoutMasks() {
        return onEachDevice(device -> {
            for (float probability : new float[] {0.1f, 0.5f, 0.9f}) {
                assertArrayEquals(mask(Device.reference(), probability), mask(device, probability));
            }
        });
    }

    /**
     * Which elements were kept in a second draw, 1 or 0; their values are those of any multiplication and tested as
     * such.
     */
    private static int[] mask(Device device, float probability) {
        Generator generator = new Generator(0x9E3779B97F4A7C15L, 1L << 40);
        try (Tensor ones = Tensor.ones(device, 7, 11, 13);
                Tensor first = ones.dropout(probability, generator);
                Tensor second = first.add(ones).dropout(probability, generator)) {
            float[] values = second.toFloatArray();
            int[] kept = new int[values.length];
            Arrays.setAll(kept, i -> values[i] == 0 ? 0 : 1);
            return kept;
        }
    }

    @TestFactory
    Stream<DynamicTest> initialValues() {
        List<Initializer> initializers = List.of(
                Initializer.PYTORCH_DEFAULT,
                Initializer.HE_NORMAL,
                Initializer.HE_UNIFORM,
                Initializer.GLOROT_NORMAL,
                Initializer.GLOROT_UNIFORM);
        return onEachDevice(device -> {
            for (Initializer initializer : initializers) {
                assertSameBits(parameters(Device.reference(), initializer), parameters(device, initializer));
            }
        });
    }

    private static Map<String, float[]> parameters(Device device, Initializer initializer) {
        Map<String, float[]> values = new LinkedHashMap<>();
        try (Sequential net = new Sequential(
                        new Conv2d(3, 5, 3).initializer(initializer),
                        new BatchNorm2d(5),
                        new Linear(7, 3).initializer(initializer, initializer))
                .initialize(device, new Generator(4))) {
            net.parameters().forEach((name, tensor) -> values.put(name, tensor.toFloatArray()));
        }
        return values;
    }

    @TestFactory
    Stream<DynamicTest> randomTensors() {
        return onEachDevice(device -> {
            Generator here = new Generator(-1);
            Generator there = new Generator(-1);
            for (int draw = 0; draw < 3; draw++) {
                try (Tensor expected = Tensor.randn(Device.reference(), there, 31);
                        Tensor actual = Tensor.randn(device, here, 31)) {
                    assertArrayEquals(expected.toFloatArray(), actual.toFloatArray());
                }
                try (Tensor expected = Tensor.uniform(Device.reference(), there, -2, 5, 31);
                        Tensor actual = Tensor.uniform(device, here, -2, 5, 31)) {
                    assertArrayEquals(expected.toFloatArray(), actual.toFloatArray());
                }
            }
        });
    }

    private static Stream<DynamicTest> onEachDevice(Consumer<Device> test) {
        return TestDevices.all().stream().map(device -> dynamicTest(device.name(), () -> test.accept(device.get())));
    }
}
