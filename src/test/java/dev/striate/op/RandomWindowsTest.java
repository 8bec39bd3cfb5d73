package dev.striate.op;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.JavaProcess;
import dev.striate.Tensor;
import dev.striate.TestDevices;
import dev.striate.WindowOption;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Windows of any geometry: results on every device, and the time that large windows take. */
class RandomWindowsTest {

    @ParameterizedTest
    @CsvSource({"300, cpu", "8, opencl"})
    void devicesAgreeWithTheReference(String cases, String devices) throws IOException, InterruptedException {
        try (JavaProcess process = JavaProcess.start(RandomWindows.class, "1", cases, devices)) {
            process.awaitLine("passed ");
            process.awaitStatus();
        }
    }

    /** Windows side by side over 2^17 pixels: as many products with four large ones as with many small ones. */
    @TestFactory
    Stream<DynamicTest> timeDoesNotGrowWithTheKernel() {
        return TestDevices.withReference().stream()
                .map(device -> dynamicTest(device.name(), () -> {
                    for (boolean wide : new boolean[] {true, false}) {
                        for (boolean transposed : new boolean[] {false, true}) {
                            double small = seconds(device.get(), 8, 1 << 14, wide, transposed);
                            double large = seconds(device.get(), 1 << 15, 4, wide, transposed);
                            // If each pixel looked at each weight, it would be a thousand times as long or more.
                            assertTrue(
                                    large < 50 * small,
                                    (wide ? "wide" : "high") + (transposed ? ", transposed: " : ": ") + small
                                            + " s and " + large + " s");
                        }
                    }
                }));
    }

    /** The least of some runs of a forward and a backward pass. */
    private static double seconds(Device device, int size, int windows, boolean wide, boolean transposed) {
        int[] kernel = wide ? new int[] {1, 1, 1, size} : new int[] {1, 1, size, 1};
        int[] image = {1, 1, wide ? 1 : windows * size, wide ? windows * size : 1};
        int[] grid = {1, 1, wide ? 1 : windows, wide ? windows : 1};
        WindowOption stride = WindowOption.stride(wide ? 1 : size, wide ? size : 1);
        Function<Tensor[], Tensor> call =
                transposed ? x -> x[0].convTranspose2d(x[1], null, stride) : x -> x[0].conv2d(x[1], null, stride);
        double least = Double.MAX_VALUE;
        try (Tensor x = Tensor.randn(device, new Generator(1), transposed ? grid : image)
                        .requiresGrad(true);
                Tensor w = Tensor.randn(device, new Generator(2), kernel).requiresGrad(true)) {
            for (int run = 0; run < 3; run++) {
                long start = System.nanoTime();
                try (Tensor y = call.apply(new Tensor[] {x, w});
                        Tensor sum = y.sum()) {
                    sum.backward();
                }
                for (Tensor input : List.of(x, w)) {
                    input.grad().toFloatArray();
                    input.zeroGrad();
                }
                least = Math.min(least, (System.nanoTime() - start) * 1e-9);
            }
        }
        return least;
    }
}
