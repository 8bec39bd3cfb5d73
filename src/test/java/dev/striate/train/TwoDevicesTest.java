package dev.striate.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.striate.Device;
import dev.striate.DeviceException;
import dev.striate.IntTensor;
import dev.striate.JavaProcess;
import dev.striate.Tensor;
import dev.striate.TestDevices;
import dev.striate.TestDevices.TestDevice;
import dev.striate.backend.BackendProvider;
import dev.striate.backend.opencl.OpenClProvider;
import dev.striate.optim.Adam;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Two devices in one process: each trains what it trains alone, and what belongs to one is refused by the other. */
@Timeout(400)
class TwoDevicesTest {

    private static final int STEPS = 25;

    static List<TestDevice> devices() {
        return TestDevices.withReference();
    }

    /** One piece of hardware, opened twice: on OpenCL two contexts. */
    @ParameterizedTest
    @MethodSource("devices")
    void oneDeviceOpenedTwice(TestDevice device) throws Exception {
        checkTrainingsAtOnce(device.open(), device.open());
    }

    /** PoCL shows as many devices as it is told to. */
    @ParameterizedTest
    @ValueSource(strings = {"pthread basic", "pthread pthread"})
    void twoOpenClDevices(String pocl) throws Exception {
        BackendProvider.Probe probe = new OpenClProvider().probe();
        assumeTrue(
                !probe.devices().isEmpty()
                        && probe.devices().get(0).platform().startsWith("Portable Computing Language"),
                "PoCL is not the first platform");
        try (JavaProcess process = JavaProcess.start(TrainOnTwo.class, Map.of("POCL_DEVICES", pocl))) {
            assertEquals("gpu and gpu:1 agree with themselves", process.awaitLine("agree"));
            assertEquals(0, process.awaitStatus());
        }
    }

    static final class TrainOnTwo {
        public static void main(String[] arguments) throws Exception {
            Device one = Device.parse("gpu:0");
            Device other = Device.parse("gpu:1");
            assertEquals("gpu gpu:1", one + " " + other);
            checkTrainingsAtOnce(one, other);
            checkMixture(one, other);
            DeviceException absent = assertThrows(DeviceException.class, () -> Device.gpu(2));
            assertEquals(
                    "gpu:2 not found; available: gpu (" + one.info().name() + "), gpu:1 ("
                            + other.info().name() + ")",
                    absent.getMessage());
            System.out.println(one + " and " + other + " agree with themselves");
            // The driver's own threads must not keep the process.
            System.exit(0);
        }
    }

    @Test
    void whatIsOnTwoDevicesDoesNotMix() {
        checkMixture(Device.cpu(), Device.reference());
    }

    private static void checkTrainingsAtOnce(Device one, Device other) throws Exception {
        List<DigitsTraining> alone = List.of(train(one), train(other));
        CyclicBarrier start = new CyclicBarrier(2);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Future<DigitsTraining>> together = new ArrayList<>();
            for (Device device : List.of(one, other)) {
                together.add(threads.submit(() -> {
                    start.await(30, TimeUnit.SECONDS);
                    return train(device);
                }));
            }
            for (int i = 0; i < 2; i++) {
                DigitsTraining actual = together.get(i).get();
                assertArrayEquals(alone.get(i).losses(), actual.losses());
                alone.get(i)
                        .parameters()
                        .forEach((name, values) ->
                                assertArrayEquals(values, actual.parameters().get(name), name));
            }
        } finally {
            threads.shutdownNow();
        }
        for (Device device : List.of(one, other)) {
            assertEquals(0, device.memory().liveBuffers());
        }
    }

    private static DigitsTraining train(Device device) {
        return DigitsTraining.run(device, 1, parameters -> new Adam(parameters, 0.01f), STEPS);
    }

    private static void checkMixture(Device one, Device other) {
        try (Tensor a = Tensor.ones(one, 2, 2);
                Tensor b = Tensor.ones(other, 2, 2);
                Tensor image = Tensor.ones(one, 1, 1, 4, 4);
                Tensor kernel = Tensor.ones(other, 1, 1, 3, 3);
                IntTensor labels = IntTensor.of(other, 0, 1)) {
            List<Supplier<Tensor>> mixtures = List.of(
                    () -> a.add(b),
                    () -> a.matmul(b),
                    () -> image.conv2d(kernel, null),
                    () -> a.crossEntropy(labels),
                    () -> Tensor.concat(0, a, b));
            for (Supplier<Tensor> mixture : mixtures) {
                DeviceException error = assertThrows(DeviceException.class, mixture::get);
                assertTrue(
                        error.getMessage().contains(" on " + one)
                                && error.getMessage().contains(" on " + other)
                                && error.getMessage().contains("to(device)"),
                        error.getMessage());
            }
            try (Tensor moved = b.to(one);
                    Tensor sum = a.add(moved)) {
                assertArrayEquals(new float[] {2, 2, 2, 2}, sum.toFloatArray());
            }
        }
    }
}
