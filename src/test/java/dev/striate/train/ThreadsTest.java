package dev.striate.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.striate.Device;
import dev.striate.TestDevices;
import dev.striate.TestDevices.TestDevice;
import dev.striate.optim.Adam;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/** Several threads train a network each on one device at once: each gets what it gets alone, and no memory is lost. */
@Timeout(120)
class ThreadsTest {

    private static final int THREADS = 3;
    private static final int STEPS = 25;

    @TestFactory
    Stream<DynamicTest> trainingsAtOnce() {
        Stream<TestDevice> sharingWork = TestDevices.threadCounts().stream()
                .flatMap(devices -> devices.stream().skip(1));
        return Stream.concat(TestDevices.withReference().stream(), sharingWork)
                .map(device -> dynamicTest(device.name(), () -> check(device.open())));
    }

    private static void check(Device device) throws Exception {
        List<DigitsTraining> alone = new ArrayList<>();
        for (int seed = 0; seed < THREADS; seed++) {
            alone.add(train(device, seed));
        }
        CyclicBarrier start = new CyclicBarrier(THREADS);
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<DigitsTraining>> together = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                int seed = i;
                together.add(threads.submit(() -> {
                    start.await(30, TimeUnit.SECONDS);
                    return train(device, seed);
                }));
            }
            for (int seed = 0; seed < THREADS; seed++) {
                DigitsTraining actual = together.get(seed).get();
                assertArrayEquals(alone.get(seed).losses(), actual.losses(), "seed " + seed);
                alone.get(seed)
                        .parameters()
                        .forEach((name, values) ->
                                assertArrayEquals(values, actual.parameters().get(name), name));
            }
        } finally {
            threads.shutdownNow();
        }
        assertEquals(0, device.memory().liveBuffers());
        assertEquals(0, device.memory().liveBytes());
    }

    private static DigitsTraining train(Device device, long seed) {
        return DigitsTraining.run(device, seed, parameters -> new Adam(parameters, 0.01f), STEPS);
    }
}
