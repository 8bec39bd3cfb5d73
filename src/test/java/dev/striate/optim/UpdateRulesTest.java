package dev.striate.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.striate.Device;
import dev.striate.PresentDevices;
import dev.striate.Scope;
import dev.striate.StriateException;
import dev.striate.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each optimiser against its formulas as PyTorch's documentation states them, in double, over several steps. */
class UpdateRulesTest {

    private static final int STEPS = 12;
    private static final float RATE = .1f;
    private static final float[] START = {1, -2, .5f, 3};

    /** One weight's way, in double. */
    private interface Rule {

        double next(int step, double rate, double decay, double weight, double gradient);
    }

    private static Rule sgd(double momentum, double dampening, boolean nesterov) {
        double[] velocity = new double[1];
        return (step, rate, decay, weight, gradient) -> {
            double g = gradient + decay * weight;
            if (momentum != 0) {
                velocity[0] = step == 1 ? g : momentum * velocity[0] + (1 - dampening) * g;
                g = nesterov ? g + momentum * velocity[0] : velocity[0];
            }
            return weight - rate * g;
        };
    }

    private static Rule adam(double beta1, double beta2, double epsilon, boolean decoupled) {
        double[] moments = new double[2];
        return (step, rate, decay, weight, gradient) -> {
            double w = decoupled ? weight - rate * decay * weight : weight;
            double g = decoupled ? gradient : gradient + decay * weight;
            moments[0] = beta1 * moments[0] + (1 - beta1) * g;
            moments[1] = beta2 * moments[1] + (1 - beta2) * g * g;
            double mean = moments[0] / (1 - Math.pow(beta1, step));
            double square = moments[1] / (1 - Math.pow(beta2, step));
            return w - rate * mean / (Math.sqrt(square) + epsilon);
        };
    }

    private record Case(String name, Function<Map<String, Tensor>, Optimizer> make, double decay, Supplier<Rule> rule) {

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Arguments> cases() {
        List<Case> cases = List.of(
                new Case("plain", p -> new Sgd(p, RATE), 0, () -> sgd(0, 0, false)),
                new Case("decay", p -> new Sgd(p, RATE).weightDecay(.25f), .25, () -> sgd(0, 0, false)),
                new Case("momentum", p -> new Sgd(p, RATE).momentum(.9f), 0, () -> sgd(.9f, 0, false)),
                new Case("dampening", p -> new Sgd(p, RATE).momentum(.9f).dampening(.5f), 0, () -> sgd(.9f, .5, false)),
                new Case(
                        "nesterov",
                        p -> new Sgd(p, RATE).momentum(.9f).nesterov(true).weightDecay(.25f),
                        .25,
                        () -> sgd(.9f, 0, true)),
                new Case("adam", p -> new Adam(p, RATE), 0, () -> adam(.9f, .999f, 1e-8f, false)),
                new Case(
                        "adam settings",
                        p -> new Adam(p, RATE).betas(.8f, .95f).epsilon(.125f),
                        0,
                        () -> adam(.8f, .95f, .125, false)),
                new Case(
                        "coupled decay",
                        p -> new Adam(p, RATE).weightDecay(.25f),
                        .25,
                        () -> adam(.9f, .999f, 1e-8f, false)),
                new Case("adamw", p -> new AdamW(p, RATE), .01f, () -> adam(.9f, .999f, 1e-8f, true)),
                new Case(
                        "decoupled decay",
                        p -> new AdamW(p, RATE).weightDecay(.25f),
                        .25,
                        () -> adam(.9f, .999f, 1e-8f, true)));
        return PresentDevices.all().flatMap(device -> cases.stream().map(one -> arguments(device, one)));
    }

    /** Gradients between 1 and 2 in size, of changing sign. */
    private static float gradient(int step, int element) {
        return (1 + (step * 7 + element * 3) % 8 / 8f) * ((step + element) % 3 == 0 ? -1 : 1);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void followsItsFormula(Device device, Case one) {
        try (Tensor weights = Tensor.of(device, START).requiresGrad(true);
                Optimizer optimizer = one.make.apply(Map.of("w", weights))) {
            Rule[] rules = Stream.generate(one.rule).limit(START.length).toArray(Rule[]::new);
            double[] expected = {START[0], START[1], START[2], START[3]};
            // Weights and velocities stay below 16, so one rounding is at most 16 * 2^-24. A velocity rounds three
            // times a step and keeps nine tenths of that, so it is off by at most 30 roundings, which reach the weight
            // times the learning rate; the weight itself rounds once. Adam's quotient stays below 2 and rounds less.
            // Nothing grows later.
            double bound = 0;
            for (int step = 1; step <= STEPS; step++) {
                float[] gradients = new float[START.length];
                for (int i = 0; i < gradients.length; i++) {
                    gradients[i] = gradient(step, i);
                    expected[i] = rules[i].next(step, RATE, one.decay, expected[i], gradients[i]);
                }
                try (Scope scope = Scope.open()) {
                    optimizer.zeroGrad();
                    weights.mul(Tensor.of(device, gradients)).sum().backward();
                    optimizer.step();
                }
                bound += RATE * 32 * 16 * 0x1p-24 + 16 * 0x1p-24;
                float[] actual = weights.toFloatArray();
                for (int i = 0; i < expected.length; i++) {
                    assertEquals(expected[i], actual[i], bound, "step " + step + ", element " + i);
                }
            }
            assertEquals(STEPS, optimizer.steps());
        }
    }

    /**
     * Parameters that are reached now and then, thawed late, or never: each goes its own way and counts its own steps,
     * as in PyTorch.
     */
    @ParameterizedTest
    @MethodSource("cases")
    void parametersWithoutAGradientAreLeftAlone(Device device, Case one) {
        List<String> names = List.of("always", "thawed", "odd", "twice", "never");
        Map<String, Tensor> weights = new LinkedHashMap<>();
        double[] expected = new double[names.size()];
        long[] taken = new long[names.size()];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = START[i % START.length];
            weights.put(
                    names.get(i),
                    Tensor.full(device, START[i % START.length], i + 1).requiresGrad(i != 1));
        }
        Rule[] rules = Stream.generate(one.rule).limit(expected.length).toArray(Rule[]::new);
        try (Optimizer optimizer = one.make.apply(weights)) {
            for (int step = 1; step <= STEPS; step++) {
                boolean[] present = {true, step > 6, step % 2 == 1, step == 4 || step == 5, false};
                if (step == 7) {
                    weights.get("thawed").requiresGrad(true);
                }
                boolean none = step == 9;
                optimizer.zeroGrad();
                for (int half = 0; half < 2 && !none; half++) {
                    try (Scope scope = Scope.open()) {
                        Tensor loss = Tensor.scalar(device, 0);
                        for (int i = 0; i < expected.length; i++) {
                            if (present[i]) {
                                loss = loss.add(weights.get(names.get(i))
                                        .mul(gradient(step, i) / 2)
                                        .sum());
                            }
                        }
                        if (step != 10) {
                            loss.backward();
                        } else if (half == 0) {
                            weights.get("always").grad().fill(gradient(step, 0));
                        }
                    }
                }
                optimizer.step();
                for (int i = 0; i < expected.length; i++) {
                    if (present[i] && !none && (step != 10 || i == 0)) {
                        expected[i] = rules[i].next((int) ++taken[i], RATE, one.decay, expected[i], gradient(step, i));
                    }
                    for (float weight : weights.get(names.get(i)).toFloatArray()) {
                        // As in followsItsFormula.
                        assertEquals(
                                expected[i],
                                weight,
                                step * (RATE * 32 * 16 * 0x1p-24 + 16 * 0x1p-24),
                                "step " + step + ", " + names.get(i));
                    }
                    assertEquals(taken[i], optimizer.parameterSteps().get(names.get(i)));
                }
                assertEquals(step, optimizer.steps());
            }
        } finally {
            weights.values().forEach(Tensor::close);
        }
    }

    /** One parameter per combination of settings; some settings change after half of the steps. */
    @ParameterizedTest
    @MethodSource("cases")
    void parametersHaveRatesAndWeightDecaysOfTheirOwn(Device device, Case one) {
        List<String> names =
                List.of("stem.weight", "stem.bias", "body.weight", "body.bias", "head.weight", "head.bias");
        Map<String, Tensor> weights = new LinkedHashMap<>();
        double[] expected = new double[names.size()];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = START[i % START.length];
            weights.put(
                    names.get(i),
                    Tensor.full(device, START[i % START.length], i + 1).requiresGrad(true));
        }
        Rule[] rules = Stream.generate(one.rule).limit(expected.length).toArray(Rule[]::new);
        try (Optimizer optimizer = one.make.apply(weights)) {
            optimizer
                    .learningRateFactor("*", .25f)
                    .learningRateFactor("stem.*", 0)
                    .learningRateFactor("head.*", 1);
            optimizer.weightDecay("*.bias", 0).weightDecay("body.bias", .5f);
            double[] factors = {0, 0, .25, .25, 1, 1};
            double[] decays = {one.decay, 0, one.decay, .5, one.decay, 0};
            for (int step = 1; step <= STEPS; step++) {
                if (step == STEPS / 2) {
                    optimizer.learningRateFactor("stem.*", .5f).weightDecay("head.weight", .125f);
                    factors[0] = .5;
                    factors[1] = .5;
                    decays[4] = .125;
                }
                for (int i = 0; i < expected.length; i++) {
                    weights.get(names.get(i)).grad().fill(gradient(step, i));
                    expected[i] = rules[i].next(step, RATE * factors[i], decays[i], expected[i], gradient(step, i));
                }
                optimizer.step();
                for (int i = 0; i < expected.length; i++) {
                    for (float weight : weights.get(names.get(i)).toFloatArray()) {
                        // As in followsItsFormula. The factors are powers of two, so the rates are exact.
                        assertEquals(
                                expected[i],
                                weight,
                                step * (RATE * 32 * 16 * 0x1p-24 + 16 * 0x1p-24),
                                "step " + step + ", " + names.get(i));
                    }
                }
            }
        } finally {
            weights.values().forEach(Tensor::close);
        }
    }

    /** Bit by bit, with a factor that rounds. */
    @ParameterizedTest
    @MethodSource("cases")
    void settingsOfParametersAreThoseOfASecondOptimizer(Device device, Case one) {
        int[] sizes = {70, 3, 33, 1, 257, 16};
        float factor = .3f;
        List<Tensor> together = new ArrayList<>();
        List<Tensor> apart = new ArrayList<>();
        Map<String, Tensor> all = new LinkedHashMap<>();
        Map<String, Tensor> some = new LinkedHashMap<>();
        Map<String, Tensor> others = new LinkedHashMap<>();
        for (int i = 0; i < sizes.length; i++) {
            float[] values = new float[sizes[i]];
            for (int j = 0; j < values.length; j++) {
                values[j] = START[j % START.length] + i / 7f;
            }
            together.add(Tensor.of(device, values).requiresGrad(true));
            apart.add(Tensor.of(device, values).requiresGrad(true));
            // Two adjacent parameters have the same settings.
            boolean special = i % 4 < 2;
            all.put((special ? "special." : "general.") + i, together.get(i));
            (special ? some : others).put("" + i, apart.get(i));
        }
        try (Optimizer grouped = one.make.apply(all);
                Optimizer first = one.make.apply(some);
                Optimizer second = one.make.apply(others)) {
            grouped.learningRateFactor("special.*", factor).weightDecay("special.*", .0625f);
            first.weightDecay("*", .0625f);
            for (int step = 1; step <= STEPS; step++) {
                float rate = RATE / step;
                grouped.learningRate(rate);
                first.learningRate(rate * factor);
                second.learningRate(rate);
                for (int i = 0; i < sizes.length; i++) {
                    float[] gradients = new float[sizes[i]];
                    for (int j = 0; j < gradients.length; j++) {
                        gradients[j] = gradient(step, j) / 3;
                    }
                    together.get(i).grad().assign(gradients);
                    apart.get(i).grad().assign(gradients);
                }
                grouped.step();
                first.step();
                second.step();
                for (int i = 0; i < sizes.length; i++) {
                    assertArrayEquals(
                            apart.get(i).toFloatArray(), together.get(i).toFloatArray(), "step " + step + ", " + i);
                }
            }
        } finally {
            together.forEach(Tensor::close);
            apart.forEach(Tensor::close);
        }
    }

    /** PyTorch makes the velocity when it is first needed, from the whole gradient. */
    @Test
    void momentumThatIsTurnedOnLateStartsUndamped() {
        try (Tensor weights = Tensor.zeros(Device.reference(), 1).requiresGrad(true);
                Sgd sgd = new Sgd(Map.of("w", weights), 1).dampening(.5f)) {
            weights.grad().fill(1);
            sgd.step();
            sgd.momentum(.9f).step();
            assertEquals(-2, weights.item());
            sgd.step();
            assertEquals(-2 - .9 - .5, weights.item(), 1e-6);
        }
    }

    /** As in PyTorch, whose momentum buffer is made by the first step with momentum and kept from then on. */
    @Test
    void stepsWithoutMomentumLeaveTheVelocity() {
        try (Tensor weights = Tensor.zeros(Device.reference(), 1).requiresGrad(true);
                Sgd sgd = new Sgd(Map.of("w", weights), 1).dampening(.5f)) {
            weights.grad().fill(1);
            sgd.momentum(.75f).momentum(0).step();
            assertEquals(-1, weights.item());
            // The velocity is first the whole gradient, 1.
            sgd.momentum(.75f).step();
            assertEquals(-2, weights.item());
            sgd.momentum(0).step();
            assertEquals(-3, weights.item());
            assertEquals(Map.of("w", 1L), sgd.parameterSteps());
            sgd.momentum(.75f).step();
            assertEquals(-3 - (.75 + .5), weights.item());
        }
    }

    @Test
    void aLayerThatThawsWhileMomentumIsOffStartsUndamped() {
        try (Tensor always = Tensor.zeros(Device.reference(), 1).requiresGrad(true);
                Tensor frozen = Tensor.zeros(Device.reference(), 1);
                Sgd sgd = new Sgd(Map.of("always", always, "frozen", frozen), 1).dampening(.5f)) {
            always.grad().fill(1);
            sgd.momentum(.75f).step();
            sgd.momentum(0);
            frozen.requiresGrad(true).grad().fill(1);
            sgd.step();
            sgd.momentum(.75f).step();
            assertEquals(-2, frozen.item());
            assertEquals(-3.25, always.item());
        }
    }

    @Test
    void adamsFirstStepIsTheLearningRateWhateverTheGradientsSize() {
        try (Tensor weights = Tensor.zeros(Device.reference(), 3).requiresGrad(true);
                Adam adam = new Adam(Map.of("w", weights), RATE)) {
            weights.grad().assign(1e-3f, -1, 1e3f);
            adam.step();
            float[] moved = weights.toFloatArray();
            // g / (|g| + 1e-8): for the smallest, 1e-5 short of 1.
            assertEquals(-RATE / (1 + 1e-5), moved[0], 1e-7);
            assertEquals(RATE, moved[1], 1e-7);
            assertEquals(-RATE, moved[2], 1e-7);
        }
    }

    @Test
    void nesterovNeedsMomentumWithoutDampening() {
        try (Tensor weights = Tensor.zeros(Device.reference(), 3).requiresGrad(true);
                Sgd sgd = new Sgd(Map.of("w", weights), RATE).nesterov(true)) {
            assertThrows(StriateException.class, sgd::step);
            sgd.momentum(.9f).dampening(.1f);
            assertThrows(StriateException.class, sgd::step);
            assertEquals(0, sgd.steps());
            sgd.dampening(0).step();
            assertEquals(1, sgd.steps());
        }
    }
}
