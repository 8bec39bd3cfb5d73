package dev.striate.op;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.striate.Device;
import dev.striate.TestDevices;
import dev.striate.TestDevices.TestDevice;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/**
 * Holds the reference, and every device, to values and gradients that libtorch computed.
 *
 * <p>libtorch's float32 results differ from its float64 ones by an amount that the files name; the reference, in double
 * precision, may differ from the float32 results by that much, and by half an ulp, since attributes such as epsilon are
 * a float32 here and a float64 there. A device may differ by its own tolerance besides.
 */
class TorchVectorsTest {

    @TestFactory
    Stream<DynamicNode> cases() throws IOException, URISyntaxException {
        Path folder = Path.of(Objects.requireNonNull(getClass().getResource("/dev/striate/torch"))
                .toURI());
        List<Path> files;
        try (Stream<Path> all = Files.list(folder)) {
            files = all.filter(file -> file.toString().endsWith(".json"))
                    .sorted()
                    .toList();
        }
        assertFalse(files.isEmpty());
        List<DynamicNode> nodes = new ArrayList<>();
        for (Path file : files) {
            nodes.add(dynamicContainer(
                    file.getFileName().toString(),
                    TorchVectors.readAll(file).stream().flatMap(TorchVectorsTest::tests)));
        }
        return nodes.stream();
    }

    private static Stream<DynamicNode> tests(TorchVectors vectors) {
        Expected expected = new Expected(vectors.c());
        List<DynamicNode> tests = new ArrayList<>();
        tests.add(dynamicTest(vectors.c() + ": reference", () -> check(vectors, Device.reference(), null)));
        for (TestDevice device : TestDevices.all()) {
            tests.add(dynamicTest(
                    vectors.c() + " on " + device.name(), () -> check(vectors, device.get(), expected.tolerances())));
        }
        return tests.stream();
    }

    private static void check(TorchVectors vectors, Device device, Accuracy.@Nullable Tolerances own) {
        CaseRun actual = CaseRun.of(vectors.c(), device);
        String what = vectors.c() + " on " + device;
        for (int i = 0; i < vectors.outputs().length; i++) {
            double[] tolerance =
                    tolerance(vectors.outputs()[i], vectors.outputErrors()[i], own == null ? null : own.outputs()[i]);
            Comparison.check(what + ", result " + i, vectors.outputs()[i], actual.outputs()[i], tolerance);
        }
        for (int i = 0; i < vectors.gradients().length; i++) {
            if (vectors.gradients()[i].length > 0) {
                double[] tolerance = tolerance(
                        vectors.gradients()[i], vectors.gradientErrors()[i], own == null ? null : own.gradients()[i]);
                Comparison.check(
                        what + ", gradient of input " + i, vectors.gradients()[i], actual.gradients()[i], tolerance);
            }
        }
    }

    private static double[] tolerance(double[] expected, double torchError, double @Nullable [] own) {
        double[] tolerance = new double[expected.length];
        for (int i = 0; i < tolerance.length; i++) {
            tolerance[i] = torchError + OpCase.UNIT * Math.abs(expected[i]) + (own == null ? Float.MIN_NORMAL : own[i]);
        }
        return tolerance;
    }
}
