package dev.striate.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.striate.Device;
import dev.striate.TestDevices;
import dev.striate.TestDevices.TestDevice;
import dev.striate.internal.Internals;
import dev.striate.optim.Adam;
import dev.striate.optim.Sgd;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/**
 * The first steps of a whole training, forward, backward and update, on every device against the reference: the losses
 * and the parameters that come out.
 *
 * <p><b>The tolerance.</b> The reference computes in double precision, so what a device gives differs from it by the
 * device's own roundings and by what training makes of them. Both are taken from {@link RoundingNoise}: the reference
 * is trained again, each time with other random errors, of the size of float32's for the sums that occur, in the
 * operands of every kernel call of every step. To first order the deviations d of those runs from the exact one are
 * what independent roundings cause, carried on through the steps, the kinks of ReLU and the ties of max pooling
 * included. As in the tests of single operations, eight deviations are allowed:
 *
 * <ul>
 * <li>for the loss of step t, eight times the largest root mean square of d, over the runs, among the losses up to t
 *       (errors of parameters do not shrink by themselves, and the largest is less a matter of luck than a single one);
 * <li>for an element of a parameter, eight times the largest root mean square of d among the elements of that
 *       parameter;
 * <li>in both cases one unit more for reading the result as a float32.
 * </ul>
 *
 * <p>Two things make training discontinuous or nearly so, and would make errors of any size of the smallest ones:
 *
 * <ul>
 * <li>Where two values in a pooling window, or a value and ReLU's zero, are nearer to each other than rounding errors,
 *       a gradient takes another way. The longer the training, the likelier: the seed and the number of steps are such
 *       that the noise meets next to none of these, so the tolerance is that of smooth arithmetic.
 * <li>Adam divides a gradient by its own size. Where that is as small as rounding errors, its sign and with it the
 *       whole step is a matter of chance. A step's derivative by the gradient is at most {@code rate / epsilon}, so an
 *       epsilon well above the rounding errors of gradients, some 1e-7, keeps the first-order view right.
 * </ul>
 *
 * <p>That the tolerance can tell right from wrong is tested, too: a learning rate that is wrong by a thousandth shows.
 */
class TrainingParityTest {

    private static final int STEPS = 6;
    private static final int NOISY_RUNS = 8;
    private static final double DEVIATIONS = 8;
    private static final double UNIT = 0x1p-24;
    private static final long SEED = 2;

    /** An optimiser of the digits network, for a learning rate that is multiplied by a factor. */
    private enum Setting {
        SGD_WITH_MOMENTUM(factor -> parameters -> new Sgd(parameters, 0.1f * factor).momentum(0.9f)),
        ADAM(factor -> parameters -> new Adam(parameters, 0.01f * factor).epsilon(1e-4f));

        private final Function<Float, DigitsTraining.OptimizerMaker> optimizer;

        Setting(Function<Float, DigitsTraining.OptimizerMaker> optimizer) {
            this.optimizer = optimizer;
        }

        DigitsTraining train(Device device, float factor) {
            return DigitsTraining.run(device, SEED, optimizer.apply(factor), STEPS);
        }

        DigitsTraining trainStepByStep(Device device) {
            return DigitsTraining.runStepByStep(device, SEED, optimizer.apply(1f), STEPS);
        }
    }

    /** What the reference gave and how far a device may be from it. */
    private record Expected(DigitsTraining exact, double[] lossTolerances, Map<String, Double> parameterTolerances) {

        static Expected of(Setting setting) {
            DigitsTraining exact = setting.train(Device.reference(), 1);
            List<DigitsTraining> noisy = new ArrayList<>();
            for (int run = 0; run < NOISY_RUNS; run++) {
                noisy.add(setting.train(Internals.device("reference with noise", RoundingNoise.backend(run)), 1));
            }
            double[] losses = deviations(
                    exact.losses(), noisy.stream().map(DigitsTraining::losses).toList());
            double largest = 0;
            for (int step = 0; step < STEPS; step++) {
                largest = Math.max(largest, losses[step]);
                losses[step] = DEVIATIONS * largest + UNIT * exact.losses()[step];
            }
            Map<String, Double> parameters = new LinkedHashMap<>();
            exact.parameters()
                    .forEach((name, values) -> parameters.put(
                            name,
                            DEVIATIONS
                                            * greatest(deviations(
                                                    values,
                                                    noisy.stream()
                                                            .map(run -> run.parameters()
                                                                    .get(name))
                                                            .toList()))
                                    + UNIT * greatest(values)));
            return new Expected(exact, losses, parameters);
        }

        /** Of each element the root mean square of the differences. */
        private static double[] deviations(double[] exact, List<double[]> noisy) {
            double[] deviations = new double[exact.length];
            for (int i = 0; i < exact.length; i++) {
                double squares = 0;
                for (double[] run : noisy) {
                    squares += (run[i] - exact[i]) * (run[i] - exact[i]);
                }
                deviations[i] = Math.sqrt(squares / noisy.size());
            }
            return deviations;
        }

        private static double greatest(double[] values) {
            double greatest = 0;
            for (double value : values) {
                greatest = Math.max(greatest, Math.abs(value));
            }
            return greatest;
        }

        void check(DigitsTraining actual) {
            for (int step = 0; step < STEPS; step++) {
                assertEquals(exact.losses()[step], actual.losses()[step], lossTolerances[step], "loss of step " + step);
            }
            exact.parameters().forEach((name, values) -> {
                double[] others = actual.parameters().get(name);
                for (int i = 0; i < values.length; i++) {
                    assertEquals(values[i], others[i], parameterTolerances.get(name), name + ", element " + i);
                }
            });
        }
    }

    @TestFactory
    Stream<DynamicNode> trainings() {
        return Stream.of(Setting.values()).map(setting -> dynamicContainer(setting.name(), tests(setting)));
    }

    private static Stream<DynamicNode> tests(Setting setting) {
        Expected expected = Expected.of(setting);
        List<DynamicNode> tests = new ArrayList<>();
        tests.add(dynamicTest("a slightly wrong learning rate shows", () -> {
            DigitsTraining wrong = setting.train(Device.reference(), 1.001f);
            assertThrows(AssertionError.class, () -> expected.check(wrong));
        }));
        for (TestDevice device : TestDevices.all()) {
            tests.add(dynamicTest(device.name(), () -> expected.check(setting.train(device.get(), 1))));
            tests.add(dynamicTest(
                    device.name() + ", nothing fused", () -> expected.check(setting.trainStepByStep(device.get()))));
        }
        for (List<TestDevice> devices : TestDevices.threadCounts()) {
            for (TestDevice device : devices.subList(1, devices.size())) {
                tests.add(dynamicTest(
                        device.name() + ", same bits",
                        () -> assertSameBits(setting.train(devices.get(0).get(), 1), setting.train(device.get(), 1))));
            }
        }
        return tests.stream();
    }

    private static void assertSameBits(DigitsTraining one, DigitsTraining other) {
        assertArrayEquals(one.losses(), other.losses());
        one.parameters()
                .forEach((name, values) ->
                        assertArrayEquals(values, other.parameters().get(name), name));
    }
}
