package dev.striate.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.AutogradException;
import dev.striate.Device;
import dev.striate.DeviceException;
import dev.striate.Generator;
import dev.striate.IntTensor;
import dev.striate.NoGrad;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.backend.Backend;
import dev.striate.backend.KernelSet;
import dev.striate.backend.KernelSets;
import dev.striate.backend.OptimizerKernels;
import dev.striate.internal.Internals;
import dev.striate.nn.Linear;
import dev.striate.nn.Relu;
import dev.striate.nn.Sequential;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What all optimisers share: flat storage, frozen parameters, clipping, state. */
class OptimizerTest {

    private static final Device DEVICE = Device.reference();

    private final List<AutoCloseable> opened = new ArrayList<>();

    private Tensor parameter(Device device, float... values) {
        Tensor tensor = Tensor.of(device, values).requiresGrad(true);
        opened.add(tensor);
        return tensor;
    }

    private <R extends AutoCloseable> R opened(R resource) {
        opened.add(resource);
        return resource;
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable resource : opened) {
            resource.close();
        }
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void parametersKeepTheirValuesAndGradientsWhenTheyMove(Device device) {
        Tensor a = parameter(device, 1, 2, 3);
        Tensor b = parameter(device, 4);
        try (Scope scope = Scope.open()) {
            a.mul(2).sum().backward();
            opened(new Sgd(Map.of("a", a), 1));
            opened(new Sgd(named(a, b), 1));
        }
        assertArrayEquals(new float[] {1, 2, 3}, a.toFloatArray());
        assertArrayEquals(new float[] {2, 2, 2}, a.grad().toFloatArray());
        assertArrayEquals(new float[] {4}, b.toFloatArray());
        assertArrayEquals(new float[] {0}, b.grad().toFloatArray());
    }

    private static Map<String, Tensor> named(Tensor... tensors) {
        Map<String, Tensor> named = new LinkedHashMap<>();
        for (int i = 0; i < tensors.length; i++) {
            named.put(Character.toString('a' + i), tensors[i]);
        }
        return named;
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void stepZeroGradAndClippingReachEveryParameter(Device device) {
        Tensor a = parameter(device, 1, 2, 3);
        Tensor b = parameter(device, 4, 5);
        Optimizer sgd = opened(new Sgd(named(a, b), .5f));
        try (Scope scope = Scope.open()) {
            a.mul(2).sum().add(b.mul(3).sum()).backward();
        }
        sgd.step();
        assertArrayEquals(new float[] {0, 1, 2}, a.toFloatArray());
        assertArrayEquals(new float[] {2.5f, 3.5f}, b.toFloatArray());
        // Norm sqrt(3 * 4 + 2 * 9) = sqrt(30): below the limit nothing changes, above it both shrink by one factor.
        sgd.clipGradNorm(6);
        assertArrayEquals(new float[] {2, 2, 2}, a.grad().toFloatArray());
        sgd.clipGradNorm(1);
        assertEquals(2 / (Math.sqrt(30) + 1e-6), a.grad().toFloatArray()[1], 1e-6);
        assertEquals(3 / (Math.sqrt(30) + 1e-6), b.grad().toFloatArray()[1], 1e-6);
        sgd.zeroGrad();
        assertArrayEquals(new float[3], a.grad().toFloatArray());
        assertArrayEquals(new float[2], b.grad().toFloatArray());
        assertEquals(1, sgd.steps());
    }

    /** Large ones, whose squares and even whose norm may be beyond float32, and small ones, whose squares are 0. */
    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void clippingKnowsNormsWhoseSquaresAreNoFloats(Device device) {
        assertArrayEquals(new float[] {.6f, .8f}, clipped(device, 1, 3e19f, 4e19f), 1e-6f);
        assertArrayEquals(new float[] {.6e-30f, .8e-30f}, clipped(device, 1e-30f, 3, 4), 1e-36f);
        assertArrayEquals(new float[] {.6e-30f, .8e-30f}, clipped(device, 1e-30f, 3e19f, 4e19f), 1e-36f);
        float root = (float) Math.sqrt(.5);
        float max = Float.MAX_VALUE;
        assertArrayEquals(new float[] {-root, root}, clipped(device, 1, -max, max), 1e-6f);
        assertArrayEquals(new float[] {-root * max, root * max}, clipped(device, max, -max, max), 1e-6f * max);
        assertArrayEquals(new float[] {3e37f, 1e-30f}, clipped(device, 1e38f, 3e37f, 1e-30f));
        assertArrayEquals(new float[] {3e-25f, 4e-25f}, clipped(device, 1, 3e-25f, 4e-25f));
        // The 1e-6 is added to the norm.
        assertArrayEquals(new float[] {3e-29f, 4e-29f}, clipped(device, 1e-10f, 3e-25f, 4e-25f), 1e-34f);
        assertArrayEquals(new float[] {Float.NaN, Float.NaN}, clipped(device, 1, 1, Float.POSITIVE_INFINITY));
        assertArrayEquals(new float[] {Float.NaN, Float.NaN}, clipped(device, 1, Float.NaN, 1));
    }

    private float[] clipped(Device device, float maxNorm, float... gradient) {
        Tensor parameter = parameter(device, 0, 0);
        Optimizer sgd = opened(new Sgd(named(parameter), 1));
        try (Scope scope = Scope.open()) {
            parameter.mul(Tensor.of(device, gradient)).sum().backward();
        }
        sgd.clipGradNorm(maxNorm);
        return parameter.grad().toFloatArray();
    }

    @Test
    void gradientsAddUpInFlatStorageUntilTheyAreCleared() {
        Tensor a = parameter(DEVICE, 1, 2);
        Optimizer sgd = opened(new Sgd(named(a), 1));
        for (int i = 1; i <= 3; i++) {
            try (Scope scope = Scope.open()) {
                a.mul(a).sum().backward();
            }
            assertArrayEquals(new float[] {2 * i, 4 * i}, a.grad().toFloatArray());
        }
        a.zeroGrad();
        assertArrayEquals(new float[2], a.grad().toFloatArray());
        try (Scope scope = Scope.open()) {
            a.sum().backward();
        }
        sgd.step();
        assertArrayEquals(new float[] {0, 1}, a.toFloatArray());
    }

    /** The zeros are written late or never; nobody may see what is there until then, through whatever handle. */
    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void whatWasThereBeforeZeroGradIsNeverSeen(Device device) {
        Tensor a = parameter(device, 1, 2);
        Tensor b = parameter(device, 3);
        Optimizer sgd = opened(new Sgd(named(a, b), 1));
        try (Scope scope = Scope.open()) {
            Tensor grad = a.grad();
            Tensor row = grad.reshape(1, 2);
            Tensor cut = grad.detach();
            for (Tensor handle : new Tensor[] {grad, row, cut}) {
                grad.fill(Float.NaN);
                sgd.zeroGrad();
                assertArrayEquals(new float[2], handle.toFloatArray());
                grad.fill(Float.NaN);
                sgd.zeroGrad();
                a.mul(a).sum().backward();
                assertArrayEquals(new float[] {2, 4}, handle.toFloatArray());
            }
            grad.fill(Float.NaN);
            b.grad().fill(Float.NaN);
            sgd.zeroGrad();
            b.sum().backward();
            // No gradient has come to a: it counts as zero, in the norm as in the step.
            sgd.clipGradNorm(2);
            sgd.step();
            assertArrayEquals(new float[] {1, 2}, a.toFloatArray());
            assertArrayEquals(new float[] {2}, b.toFloatArray());
        }
    }

    /**
     * A weight that one operation, or one graph, takes twice: the first gradient is written in place, the second added.
     */
    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void aWeightUsedTwiceGetsBothGradients(Device device) {
        Tensor shared = parameter(device, 1);
        Tensor kernel = opened(Tensor.of(device, Shape.of(1, 1, 1, 1), 2).requiresGrad(true));
        Optimizer sgd = opened(new Sgd(named(shared, kernel), 1));
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.of(device, Shape.of(1, 1, 1, 2), -1, 1);
            for (int step = 0; step < 2; step++) {
                sgd.zeroGrad();
                Tensor upstream = Tensor.of(device, Shape.of(1, 1, 1, 2), 2, 5);
                // gamma and beta are the same: the sum of dy xhat, with xhat = -1, 1, and that of dy.
                x.batchNorm2d(shared, shared, null, null, true, 0, 1e-12f).backward(upstream);
                assertEquals(3 + 7, shared.grad().item(), 1e-5);
                // w^2 x: 2 w x.
                x.conv2d(kernel, null).conv2d(kernel, null).backward(upstream);
                assertEquals(4 * (-2 + 5), kernel.grad().item(), 1e-5);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void frozenParametersStayAsTheyAre(Device device) {
        Tensor[] all = {parameter(device, 1), parameter(device, 2, 2), parameter(device, 3), parameter(device, 4)};
        Optimizer adam = opened(new AdamW(named(all), .5f).weightDecay(.5f));
        try (Scope scope = Scope.open()) {
            all[0].sum().add(all[1].sum()).add(all[2].sum()).add(all[3].sum()).backward();
        }
        all[1].requiresGrad(false);
        all[3].requiresGrad(false);
        adam.step();
        assertEquals(1 - .5 * .5 - .5, all[0].item(), 1e-6);
        assertArrayEquals(new float[] {2, 2}, all[1].toFloatArray());
        assertEquals(3 - .5 * .5 * 3 - .5, all[2].item(), 1e-6);
        assertEquals(4, all[3].item());
        all[0].requiresGrad(false);
        all[2].requiresGrad(false);
        adam.step();
        assertEquals(1 - .5 * .5 - .5, all[0].item(), 1e-6);
    }

    @Test
    void aSharedWeightIsHandledOnce() {
        Tensor shared = parameter(DEVICE, 1);
        Sgd sgd = opened(new Sgd(named(shared, shared), 1).momentum(.5f));
        assertEquals(List.of("sgd.velocity.a"), List.copyOf(sgd.state().keySet()));
        try (Scope scope = Scope.open()) {
            shared.sum().backward();
        }
        sgd.step();
        assertEquals(0, shared.item());
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void optimizersMayHaveTheSameParameters(Device device) {
        Tensor a = parameter(device, 1, 2);
        Tensor b = parameter(device, 3);
        Tensor c = parameter(device, 4);
        Sgd first = opened(new Sgd(named(a, b), 1).momentum(.5f));
        Sgd second = opened(new Sgd(Map.of("b", b, "c", c), .5f));
        Map<String, Tensor> state = first.state();
        for (int round = 0; round < 2; round++) {
            first.zeroGrad();
            try (Scope scope = Scope.open()) {
                a.sum().add(b.sum()).backward();
            }
            first.step();
            second.step();
        }
        // Velocities 1 and 1.5; b's gradient is also the second optimiser's, c has none.
        assertArrayEquals(new float[] {-1.5f, -.5f}, a.toFloatArray());
        assertEquals(3 - 1 - .5f - 1.5f - .5f, b.item());
        assertEquals(4, c.item());
        assertEquals(1.5f, state.get("sgd.velocity.b").item());
        first.zeroGrad();
        second.step();
        assertEquals(-.5f, b.item());
        second.close();
        try (Scope scope = Scope.open()) {
            b.sum().backward();
        }
        first.clipGradNorm(.5f);
        first.step();
        assertEquals(-.5f - .5f * 1.5f - .5f, b.item(), 1e-5);
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void whatSharesMemoryWithAParameterMovesAlong(Device device) {
        Tensor a = parameter(device, 1, 2);
        try (Scope scope = Scope.open()) {
            a.mul(2).sum().backward();
            Tensor gradient = a.grad();
            Tensor gradientView = gradient.detach();
            Tensor detached = a.detach();
            Tensor view = a.reshape(2, 1);
            Tensor earlier = a.mul(a).sum();
            Tensor stale = a.mul(a).sum();
            for (Optimizer optimizer : List.of(opened(new Sgd(named(a), 1)), opened(new Adam(named(a), 1)))) {
                assertArrayEquals(new float[] {2, 2}, gradient.toFloatArray());
                detached.assign(5, 6);
                assertArrayEquals(new float[] {5, 6}, a.toFloatArray());
                optimizer.step();
                optimizer.close();
                assertArrayEquals(a.toFloatArray(), detached.toFloatArray());
                assertArrayEquals(a.toFloatArray(), view.toFloatArray());
            }
            assertSame(gradient, a.grad());
            a.zeroGrad();
            assertArrayEquals(new float[2], gradient.toFloatArray());
            assertArrayEquals(new float[2], gradientView.toFloatArray());
            // As if the optimisers did not exist: the tensor that the graph needs was changed.
            for (Tensor result : List.of(earlier, stale)) {
                assertThrows(AutogradException.class, result::backward);
            }
            a.sum().backward();
            assertArrayEquals(new float[] {1, 1}, gradientView.toFloatArray());
        }
    }

    @Test
    void aGraphFromBeforeTheOptimizerCanBeWalked() {
        Tensor a = parameter(DEVICE, 1, 2);
        try (Scope scope = Scope.open()) {
            Tensor loss = a.mul(a).sum();
            Sgd sgd = opened(new Sgd(named(a), 1));
            loss.backward();
            sgd.step();
        }
        assertArrayEquals(new float[] {-1, -2}, a.toFloatArray());
    }

    @Test
    void parametersThatShareMemoryAreRefused() {
        Tensor a = parameter(DEVICE, 1, 2);
        Tensor b = opened(a.detach()).requiresGrad(true);
        StriateException error = assertThrows(StriateException.class, () -> new Sgd(named(a, b), 1));
        assertTrue(error.getMessage().contains("b shares that of a"), error.getMessage());
        a.detach().assign(3, 4);
        assertArrayEquals(new float[] {3, 4}, b.toFloatArray());
    }

    @Test
    void aClosedParameterIsNamed() {
        try (Linear linear = new Linear(2, 1)) {
            linear.initialize(DEVICE, new Generator(0));
            Sgd sgd = opened(new Sgd(linear.parameters(), 1));
            linear.initialize(DEVICE, new Generator(1));
            float[] before = linear.parameters().get("weight").toFloatArray();
            for (Executable use : List.<Executable>of(sgd::zeroGrad, sgd::step, () -> sgd.clipGradNorm(1))) {
                StriateException error = assertThrows(StriateException.class, use);
                assertTrue(
                        error.getMessage().contains("weight was closed")
                                && error.getMessage().contains("parameters()"),
                        error.getMessage());
            }
            assertEquals(0, sgd.steps());
            assertArrayEquals(before, linear.parameters().get("weight").toFloatArray());
        }
    }

    /** Its norm is that of the gradients that the step uses. */
    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void clippingCountsWhatTakesPart(Device device) {
        Tensor a = parameter(device, 1, 2);
        Tensor frozen = parameter(device, 1);
        Tensor without = parameter(device, 1);
        Sgd sgd = opened(new Sgd(named(frozen, a, without), 1).weightDecay(.5f));
        frozen.grad().fill(Float.NaN);
        without.grad().fill(Float.NaN);
        without.zeroGrad();
        a.grad().assign(3, 4);
        frozen.requiresGrad(false);
        sgd.clipGradNorm(1);
        assertArrayEquals(new float[] {.6f, .8f}, a.grad().toFloatArray(), 1e-6f);
        assertTrue(Float.isNaN(frozen.grad().item()));
        assertTrue(frozen.hasGrad());
        assertEquals(0, without.grad().item());
        assertFalse(without.hasGrad());
        sgd.step();
        assertArrayEquals(new float[] {1 - .6f - .5f, 2 - .8f - 1}, a.toFloatArray(), 1e-6f);
        assertEquals(1, frozen.item());
        assertEquals(1, without.item());
        assertEquals(Map.of("a", 0L, "b", 1L, "c", 0L), sgd.parameterSteps());
    }

    /** Reading a gradient does not make one; zeros that were computed or set are one. */
    @Test
    void aGradientIsWhatWasComputedOrSetSinceItWasCleared() {
        Tensor a = parameter(DEVICE, 1);
        Tensor before = parameter(DEVICE, 1);
        assertFalse(before.hasGrad());
        try (Scope scope = Scope.open()) {
            before.mul(0).sum().backward();
            assertTrue(before.hasGrad());
            Sgd sgd = opened(new Sgd(named(a, before), 1));
            assertTrue(before.hasGrad());
            assertFalse(a.hasGrad());
            a.grad().toFloatArray();
            sgd.clipGradNorm(1);
            assertFalse(a.hasGrad());
            a.mul(0).sum().backward();
            assertTrue(a.hasGrad());
            sgd.step();
            assertTrue(a.hasGrad());
            sgd.zeroGrad();
            assertFalse(a.hasGrad());
            a.grad().fill(0);
            assertTrue(a.hasGrad());
            a.zeroGrad();
            assertFalse(a.hasGrad());
            a.grad().detach().assign(2);
            assertTrue(a.hasGrad());
        }
    }

    @Test
    void stepsAreSetPerParameter() {
        Tensor a = parameter(DEVICE, 1);
        Tensor b = parameter(DEVICE, 1);
        Adam adam = opened(new Adam(named(a, b), 1));
        adam.steps(9, Map.of("a", 9L, "b", 2L));
        assertEquals(Map.of("a", 9L, "b", 2L), adam.parameterSteps());
        assertThrows(StriateException.class, () -> adam.steps(5, Map.of("a", 5L)));
        assertThrows(StriateException.class, () -> adam.steps(5, Map.of("a", 5L, "b", -1L)));
        assertEquals(9, adam.steps());
        assertEquals(Map.of("a", 9L, "b", 2L), adam.parameterSteps());
        // A number for all: b has no state, so it has made no step.
        adam.state().get("adam.v.a").fill(1);
        adam.steps(7);
        assertEquals(Map.of("a", 7L, "b", 0L), adam.parameterSteps());
    }

    @Test
    void whatCannotBeOptimizedIsRefused() {
        Tensor here = parameter(DEVICE, 1);
        Tensor there = parameter(Device.cpu(), 1);
        assertThrows(StriateException.class, () -> new Sgd(Map.of(), 1));
        DeviceException error = assertThrows(DeviceException.class, () -> new Sgd(named(here, there), 1));
        assertTrue(error.getMessage().contains("a is on reference, b on cpu"), error.getMessage());
        assertThrows(StriateException.class, () -> new Sgd(named(here), -1));
        assertThrows(StriateException.class, () -> new Sgd(named(here), Float.NaN));
        try (Scope scope = Scope.open()) {
            Tensor computed = here.mul(2);
            assertThrows(AutogradException.class, () -> new Adam(named(computed), 1));
        }
        Tensor closed = Tensor.of(DEVICE, 1);
        closed.close();
        assertThrows(StriateException.class, () -> new Adam(named(here, closed), 1));
        Adam adam = opened(new Adam(named(here), 1));
        assertThrows(StriateException.class, () -> adam.betas(1, .5f));
        assertThrows(StriateException.class, () -> adam.betas(.5f, -1));
        assertThrows(StriateException.class, () -> adam.epsilon(0));
        assertThrows(StriateException.class, () -> adam.weightDecay(-1));
        assertThrows(StriateException.class, () -> adam.learningRate(Float.POSITIVE_INFINITY));
        assertThrows(StriateException.class, () -> adam.clipGradNorm(0));
    }

    @Test
    void aGraphFromBeforeAStepCanNoLongerBeWalked() {
        Tensor a = parameter(DEVICE, 1, 2);
        Tensor b = parameter(DEVICE, 3, 4);
        Optimizer sgd = opened(new Sgd(named(a, b), 1));
        try (Scope scope = Scope.open()) {
            Tensor loss = a.mul(b).sum();
            sgd.step();
            assertEquals(1, sgd.steps());
            a.grad().fill(1);
            sgd.step();
            AutogradException error = assertThrows(AutogradException.class, loss::backward);
            assertTrue(error.getMessage().contains("changed in place"), error.getMessage());
        }
        assertArrayEquals(new float[] {1, 1}, a.grad().toFloatArray());
    }

    @Test
    void afterCloseTheParametersAreStillUsable() {
        int before = DEVICE.memory().liveBuffers();
        Tensor a = Tensor.of(DEVICE, 1, 2).requiresGrad(true);
        Tensor b = Tensor.of(DEVICE, 3).requiresGrad(true);
        try (Scope scope = Scope.open()) {
            Adam adam = new Adam(named(a, b), 1);
            adam.close();
            adam.close();
            assertThrows(StriateException.class, adam::step);
            assertThrows(StriateException.class, adam::zeroGrad);
            assertThrows(StriateException.class, adam::state);
            a.sum().backward();
        }
        assertArrayEquals(new float[] {1, 2}, a.toFloatArray());
        assertArrayEquals(new float[] {1, 1}, a.grad().toFloatArray());
        // The values' and the gradients' flat storage, held by the parameters.
        assertEquals(before + 2, DEVICE.memory().liveBuffers());
        a.close();
        assertArrayEquals(new float[] {3}, b.toFloatArray());
        b.close();
        assertEquals(before, DEVICE.memory().liveBuffers());
    }

    @Test
    void anOptimizerMadeInAScopeOutlivesIt() {
        Tensor a = parameter(DEVICE, 1);
        Sgd sgd;
        try (Scope scope = Scope.open()) {
            sgd = opened(new Sgd(named(a), 1).momentum(.5f));
        }
        sgd.zeroGrad();
        sgd.step();
        assertEquals(1, a.item());
        assertEquals(0, sgd.state().get("sgd.velocity.a").item());
    }

    @Test
    void stateGoesFromOneOptimizerToAnotherAcrossDevices() {
        float[] gradient = {.5f, -1, 2};
        Tensor here = parameter(DEVICE, 1, 2, 3);
        Tensor there = parameter(Device.cpu(), 1, 2, 3);
        Tensor straight = parameter(Device.cpu(), 1, 2, 3);
        Adam first = opened(new Adam(named(here), .1f));
        Adam whole = opened(new Adam(named(straight), .1f));
        for (int i = 0; i < 3; i++) {
            here.grad().assign(gradient);
            first.step();
            straight.grad().assign(gradient);
            whole.step();
        }
        Adam second = opened(new Adam(named(there), .1f));
        second.restore(first.state(), first.steps());
        there.detach().assign(here.toFloatArray());
        there.grad().assign(gradient);
        second.step();
        straight.grad().assign(gradient);
        whole.step();
        assertEquals(4, second.steps());
        // Two devices that round differently, four steps of size 0.1 with a handful of roundings each.
        assertArrayEquals(straight.toFloatArray(), there.toFloatArray(), 4 * 16 * 0x1p-24f);
        assertEquals(List.of("adam.m.a", "adam.v.a"), List.copyOf(second.state().keySet()));
    }

    @Test
    void kindsHaveNames() {
        assertEquals("adam", opened(new Adam(named(parameter(DEVICE, 1)), 1)).kind());
        assertEquals("adamw", opened(new AdamW(named(parameter(DEVICE, 1)), 1)).kind());
        assertEquals("sgd", opened(new Sgd(named(parameter(DEVICE, 1)), 1)).kind());
    }

    @Test
    void stateOfAnotherKindIsRefused() {
        Adam adam = opened(new Adam(named(parameter(DEVICE, 1)), 1));
        Sgd sgd = opened(new Sgd(named(parameter(DEVICE, 1)), 1).momentum(.9f));
        Adam longer = opened(new Adam(named(parameter(DEVICE, 1, 2)), 1));
        assertThrows(StriateException.class, () -> adam.restore(sgd.state(), 1));
        assertThrows(ShapeException.class, () -> adam.restore(longer.state(), 1));
        assertThrows(StriateException.class, () -> adam.restore(adam.state(), -1));
        assertThrows(StriateException.class, () -> adam.steps(-1));
        assertEquals(0, adam.steps());
    }

    /**
     * Windows start at multiples of the alignment, the padding stays zero, and a step of all parameters is one call.
     */
    @Test
    void flatStorageIsAlignedAndUpdatedByOneKernel() {
        List<Integer> updates = new ArrayList<>();
        Device device = Internals.device("aligned", aligned(Internals.backend(DEVICE), 8, updates));
        Tensor a = parameter(device, 1, 2, 3);
        Tensor b = parameter(device, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        Tensor c = parameter(device, 1);
        AdamW adam = opened(new AdamW(named(a, b, c), .1f));
        a.grad().fill(1);
        b.grad().fill(1);
        c.grad().fill(1);
        adam.step();
        assertEquals(List.of(8 + 16 + 8), updates);
        // The norm counts no padding: 13 ones.
        adam.clipGradNorm(1);
        assertEquals(1 / (Math.sqrt(13) + 1e-6), c.grad().item(), 1e-7);
        a.requiresGrad(false);
        adam.step();
        assertEquals(List.of(32, 24), updates);
        b.requiresGrad(false);
        a.requiresGrad(true);
        adam.step();
        assertEquals(List.of(32, 24, 8, 8), updates);
        // Two steps were made by a and b, three by c.
        b.requiresGrad(true);
        adam.step();
        assertEquals(List.of(32, 24, 8, 8, 24, 8), updates);
        adam.zeroGrad();
        adam.step();
        assertEquals(6, updates.size());
        assertEquals(5, adam.steps());
    }

    @Test
    void parametersWithTheSameSettingsAreUpdatedByOneKernel() {
        List<Integer> updates = new ArrayList<>();
        Device device = Internals.device("aligned", aligned(Internals.backend(DEVICE), 8, updates));
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        for (String name : List.of("a.weight", "a.bias", "b.weight", "b.bias")) {
            parameters.put(name, parameter(device, 1, 2, 3));
        }
        AdamW adam = opened(new AdamW(parameters, .1f));
        parameters.values().forEach(parameter -> parameter.grad().fill(1));
        adam.learningRateFactor("a.*", .5f);
        adam.step();
        assertEquals(List.of(16, 16), updates);
        updates.clear();
        adam.weightDecay("b.weight", 0);
        adam.step();
        assertEquals(List.of(16, 8, 8), updates);
        updates.clear();
        adam.learningRateFactor("*", 1).weightDecay("*", .5f);
        adam.step();
        assertEquals(List.of(32), updates);
    }

    @Test
    void theOptimizersWeightDecayIsForParametersWithoutTheirOwn() {
        Tensor weight = parameter(DEVICE, 1);
        Tensor bias = parameter(DEVICE, 1);
        Sgd sgd = opened(new Sgd(Map.of("weight", weight, "bias", bias), 1).weightDecay("bias", 0));
        sgd.weightDecay(.5f);
        weight.grad().fill(0);
        bias.grad().fill(0);
        sgd.step();
        assertEquals(.5f, weight.item());
        assertEquals(1, bias.item());
    }

    @Test
    void settingsOfParametersThatDoNotExistAreRefused() {
        Tensor shared = parameter(DEVICE, 1);
        Adam adam = opened(new Adam(named(shared, shared), 1));
        StriateException error = assertThrows(StriateException.class, () -> adam.learningRateFactor("x.*", .5f));
        assertEquals("Adam has no parameter that matches \"x.*\"; it has [a]", error.getMessage());
        assertThrows(StriateException.class, () -> adam.weightDecay("A", 0));
        // A shared weight has its first name.
        assertThrows(StriateException.class, () -> adam.weightDecay("b", 0));
        assertThrows(StriateException.class, () -> adam.learningRateFactor("a", -1));
        assertThrows(StriateException.class, () -> adam.weightDecay("a", Float.NaN));
    }

    /** The reference with an alignment to keep, which writes down the length of each update by Adam. */
    private static Backend aligned(Backend backend, int alignment, List<Integer> updates) {
        KernelSet kernels = KernelSets.map(
                backend.kernels(),
                (family, exact) -> family != OptimizerKernels.class
                        ? exact
                        : Proxy.newProxyInstance(
                                OptimizerTest.class.getClassLoader(),
                                new Class<?>[] {family},
                                (proxy, method, arguments) -> {
                                    if (method.getName().equals("adam")) {
                                        updates.add((Integer) arguments[0]);
                                    }
                                    return method.invoke(exact, arguments);
                                }));
        return (Backend) Proxy.newProxyInstance(
                OptimizerTest.class.getClassLoader(),
                new Class<?>[] {Backend.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "sliceAlignment" -> alignment;
                    case "kernels" -> kernels;
                    default -> method.invoke(backend, arguments);
                });
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void trainingLowersTheLossAndLeavesNoBufferBehind(Device device) {
        int before = device.memory().liveBuffers();
        try (Sequential model = new Sequential(new Linear(2, 8), new Relu(), new Linear(8, 2))) {
            model.initialize(device, new Generator(1));
            float first = 0;
            float last = 0;
            int live = 0;
            try (Adam adam = new Adam(model.parameters(), .05f)) {
                for (int i = 0; i < 60; i++) {
                    try (Scope scope = Scope.open()) {
                        Tensor x = Tensor.of(device, new float[][] {{0, 0}, {0, 1}, {1, 0}, {1, 1}});
                        Tensor loss = model.forward(x).crossEntropy(IntTensor.of(device, 0, 1, 1, 0));
                        adam.zeroGrad();
                        loss.backward();
                        adam.clipGradNorm(1);
                        adam.step();
                        last = loss.item();
                    }
                    if (i == 0) {
                        first = last;
                        live = device.memory().liveBuffers();
                    }
                    assertEquals(live, device.memory().liveBuffers());
                }
            }
            assertTrue(last < first / 4, first + " to " + last);
            model.eval();
            try (NoGrad off = NoGrad.open();
                    Scope scope = Scope.open()) {
                assertFalse(model.forward(Tensor.ones(device, 1, 2)).requiresGrad());
            }
        }
        assertEquals(before, device.memory().liveBuffers());
    }

    @Test
    void shapesSurviveTheMove() {
        try (Linear linear = new Linear(3, 2)) {
            linear.initialize(DEVICE, new Generator(1));
            opened(new Sgd(linear.parameters(), 1));
            assertEquals(
                    Shape.of(2, 3), linear.parameters().get("weight").grad().shape());
        }
    }
}
