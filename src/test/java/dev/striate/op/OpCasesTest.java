package dev.striate.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.striate.Device;
import dev.striate.TestDevices;
import dev.striate.TestDevices.TestDevice;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/**
 * Runs every case of {@link OpCases}: the reference's gradients against central differences in double precision, and
 * every device's values and gradients against the reference's, within the case's {@link Accuracy}. On each device a
 * case is run twice and must give the same bits; its inputs are put into windows of larger buffers; and each gradient
 * is asked for alone.
 *
 * <p>{@code -Dstriate.test.cases=conv2d.*} keeps to the cases whose name matches, {@code
 * -Dstriate.test.devices=opencl.*} to the devices.
 */
class OpCasesTest {

    /** Of central differences. A power of two, so that moving an input by it rounds little. */
    private static final double STEP = 0x1p-13;

    private static final int DIRECTIONS = 4;

    /**
     * Larger cases are there for the kernels of the devices: the reference has one loop for all sizes, and takes
     * minutes.
     */
    private static final int MOST_ELEMENTS_FOR_DIFFERENCES = 100_000;

    @TestFactory
    Stream<DynamicNode> cases() {
        String wanted = System.getProperty("striate.test.cases", ".*");
        Map<String, List<DynamicNode>> byOperation = new LinkedHashMap<>();
        for (OpCase c : OpCases.all()) {
            if (c.toString().matches(wanted)) {
                byOperation
                        .computeIfAbsent(c.operation, operation -> new ArrayList<>())
                        .add(dynamicContainer(c.name, tests(c)));
            }
        }
        return byOperation.entrySet().stream().map(entry -> dynamicContainer(entry.getKey(), entry.getValue()));
    }

    private static Stream<DynamicNode> tests(OpCase c) {
        String wanted = System.getProperty("striate.test.devices", ".*");
        Expected expected = new Expected(c);
        List<DynamicNode> tests = new ArrayList<>();
        if (c.isSmooth() && c.elements() <= MOST_ELEMENTS_FOR_DIFFERENCES) {
            tests.add(dynamicTest(c + ": central differences", () -> checkByDifferences(expected)));
        }
        List<TestDevice> devices = new ArrayList<>(TestDevices.all());
        if (c.operation.startsWith("conv")) {
            devices.addAll(TestDevices.convolutions());
        }
        for (TestDevice device : devices) {
            if (device.name().matches(wanted)) {
                tests.add(dynamicTest(c + " on " + device.name(), () -> checkOn(device.get(), expected)));
            }
        }
        for (List<TestDevice> counts : TestDevices.threadCounts()) {
            for (TestDevice device : counts.subList(1, counts.size())) {
                if (device.name().matches(wanted)) {
                    tests.add(dynamicTest(
                            c + " on " + device.name(),
                            () -> checkSameBits(c, counts.get(0).get(), device.get())));
                }
            }
        }
        return tests.stream();
    }

    /**
     * Compares the derivative along random directions through all inputs at once, {@code sum(gradient * direction)},
     * with {@code D(h) = (f(x + h direction) - f(x - h direction)) / 2h}, f being the sum of results times upstream
     * gradients. A wrong element of any gradient shows in every direction.
     *
     * <p>The error of D(h) has two parts. What the Taylor series leaves is {@code c h^2 + O(h^4)}, so {@code |D(2h) -
     * D(h)|} is three times that. Rounding: the case's tolerance t bounds the error of each result in arithmetic of
     * unit 2^-24; in doubles, of unit 2^-53, it is 2^29 times smaller, of which 2^26 is relied on; storing results adds
     * a few units of them, and moving an input of size 8 rounds by 2^-50, that is by 2^-37 of the step. Inputs keep
     * away from kinks by more than 2h; cases that cannot are not compared.
     */
    private static void checkByDifferences(Expected expected) {
        OpCase c = expected.c;
        double[] upstream = c.upstreamValues(expected.reference().outputs()[0].length);
        double rounding = 0;
        for (int i = 0; i < upstream.length; i++) {
            double tolerance = expected.tolerances().outputs()[0][i];
            double value = expected.reference().outputs()[0][i];
            rounding += Math.abs(upstream[i]) * (tolerance * 0x1p-26 + Math.abs(value) * 0x1p-50);
        }
        Random random = new Random(c.toString().hashCode());
        for (int attempt = 0; attempt < DIRECTIONS; attempt++) {
            double[][] direction = direction(c, random);
            double analytic = 0;
            double analyticMagnitude = 0;
            for (int i = 0; i < direction.length; i++) {
                for (int j = 0; c.differentiable()[i] && j < direction[i].length; j++) {
                    double term = expected.reference().gradients()[i][j] * direction[i][j];
                    analytic += term;
                    analyticMagnitude += Math.abs(term);
                }
            }
            double near = difference(c, direction, STEP, upstream);
            double far = difference(c, direction, 2 * STEP, upstream);
            double allowed = Math.abs(far - near) + 2 * rounding / STEP + analyticMagnitude * 0x1p-37;
            double error = Math.abs(analytic - near);
            assertTrue(
                    error <= allowed,
                    c + ": the gradients give a slope of " + analytic + ", central differences " + near
                            + "; they differ by " + error + ", allowed is " + allowed);
        }
    }

    /** Elements of size 1/2 .. 1 and either sign, 0 for inputs that are not differentiated. */
    private static double[][] direction(OpCase c, Random random) {
        double[][] direction = c.inputValues();
        for (int i = 0; i < direction.length; i++) {
            for (int j = 0; j < direction[i].length; j++) {
                double size = 0.5 + 0.5 * random.nextDouble();
                direction[i][j] = !c.differentiable()[i] ? 0 : random.nextBoolean() ? size : -size;
            }
        }
        return direction;
    }

    private static double difference(OpCase c, double[][] direction, double step, double[] upstream) {
        double[] above = CaseRun.forward(c, Device.reference(), moved(c, direction, step))
                .outputs()[0];
        double[] below = CaseRun.forward(c, Device.reference(), moved(c, direction, -step))
                .outputs()[0];
        double sum = 0;
        for (int i = 0; i < upstream.length; i++) {
            sum += upstream[i] * (above[i] - below[i]);
        }
        return sum / (2 * step);
    }

    private static double[][] moved(OpCase c, double[][] direction, double step) {
        double[][] values = c.inputValues();
        for (int i = 0; i < values.length; i++) {
            for (int j = 0; j < values[i].length; j++) {
                values[i][j] += step * direction[i][j];
            }
        }
        return values;
    }

    private static void checkOn(Device device, Expected expected) {
        OpCase c = expected.c;
        CaseRun actual = CaseRun.of(c, device);
        Comparison.check(c + " on " + device, expected.reference(), actual, expected.tolerances());
        assertSameBits(c + " on " + device + ", run again", actual, CaseRun.of(c, device));
        double[] upstream = actual.outputs().length == 0 ? null : c.upstreamValues(actual.outputs()[0].length);
        Comparison.check(
                c + " on " + device + ", in windows of larger buffers",
                expected.reference(),
                CaseRun.inWindows(c, device, upstream),
                expected.tolerances());
        checkEachGradientAlone(device, expected);
    }

    private static void checkEachGradientAlone(Device device, Expected expected) {
        OpCase c = expected.c;
        boolean[] all = c.differentiable();
        for (int alone = 0; alone < all.length && c.inputs.size() > 1; alone++) {
            if (all[alone]) {
                boolean[] wanted = new boolean[all.length];
                wanted[alone] = true;
                double[] upstream = c.upstreamValues(expected.reference().outputs()[0].length);
                CaseRun run = CaseRun.of(c, device, c.inputValues(), upstream, wanted);
                Comparison.check(
                        c + " on " + device + ", only the gradient of input " + alone,
                        expected.reference().gradients()[alone],
                        run.gradients()[alone],
                        expected.tolerances().gradients()[alone]);
            }
        }
    }

    private static void checkSameBits(OpCase c, Device one, Device other) {
        assertSameBits(c + " on " + one + " and " + other, CaseRun.of(c, one), CaseRun.of(c, other));
    }

    private static void assertSameBits(String what, CaseRun one, CaseRun other) {
        for (int i = 0; i < one.outputs().length; i++) {
            assertArrayEquals(one.outputs()[i], other.outputs()[i], what + ": result " + i);
        }
        for (int i = 0; i < one.indices().length; i++) {
            assertArrayEquals(one.indices()[i], other.indices()[i], what + ": indices " + i);
        }
        for (int i = 0; i < one.gradients().length; i++) {
            assertArrayEquals(one.gradients()[i], other.gradients()[i], what + ": gradient of input " + i);
        }
    }
}
