package dev.striate.train;

import static dev.striate.WindowOption.padding;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.striate.Device;
import dev.striate.DeviceMemoryException;
import dev.striate.Generator;
import dev.striate.IntTensor;
import dev.striate.MemoryStatistics;
import dev.striate.NoGrad;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.TestDevices;
import dev.striate.autograd.Recorder;
import dev.striate.backend.Backend;
import dev.striate.internal.Internals;
import dev.striate.nn.AvgPool2d;
import dev.striate.nn.BatchNorm2d;
import dev.striate.nn.Conv2d;
import dev.striate.nn.Dropout;
import dev.striate.nn.Flatten;
import dev.striate.nn.GlobalAvgPool2d;
import dev.striate.nn.Linear;
import dev.striate.nn.MaxPool2d;
import dev.striate.nn.Relu;
import dev.striate.nn.Residual;
import dev.striate.nn.Sequential;
import dev.striate.nn.Tanh;
import dev.striate.optim.Adam;
import dev.striate.optim.Optimizer;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Training leaves no memory behind: after a warm-up the number of live buffers, their bytes and the bytes in the pool
 * are the same after every step. Each test has a device of its own, whose buffers nobody else takes.
 */
class MemoryTest {

    private static final int STEPS = 1000;
    private static final int WARM_UP = 60;

    private static final Shape IMAGES = Shape.of(4, 1, 4, 4);
    private static final int CLASSES = 3;
    private static final int[] LABELS = {0, 1, 2, 1};

    // ---- Constant over many steps

    @TestFactory
    Stream<DynamicTest> fullSteps() {
        return onEachDevice(device -> {
            try (Training training = new Training(device)) {
                requireConstant(device, STEPS, step -> {
                    training.step();
                    if (step % 20 == 0) {
                        training.evaluate();
                    }
                });
            }
            assertEquals(0, device.memory().liveBuffers());
        });
    }

    /** Whoever opens no scope closes what a call returned, and nothing else can be closed. */
    @TestFactory
    Stream<DynamicTest> predictionsWithoutAScope() {
        return onEachDevice(device -> {
            try (LeakProbe probe = new LeakProbe(device);
                    NoGrad off = NoGrad.open()) {
                requireConstant(
                        device,
                        WARM_UP + 10,
                        step -> probe.model.forward(probe.image).close());
            }
            assertEquals(0, device.memory().liveBuffers());
        });
    }

    /** A model of all kinds of layers for images, and one of these. */
    private static final class LeakProbe implements AutoCloseable {

        final Sequential model;
        final Tensor image;

        LeakProbe(Device device) {
            model = new Sequential(
                            new Conv2d(1, 2, 3),
                            new BatchNorm2d(2),
                            new Relu(),
                            new MaxPool2d(2),
                            new AvgPool2d(2),
                            new Tanh(),
                            new Dropout(0.5f),
                            new GlobalAvgPool2d(),
                            new Flatten(),
                            new Linear(2, 3))
                    .initialize(device, new Generator(1));
            model.eval();
            image = Tensor.ones(device, 1, 1, 12, 12);
        }

        @Override
        public void close() {
            model.close();
            image.close();
        }
    }

    @TestFactory
    Stream<DynamicTest> stepsThatFail() {
        return onEachDevice(device -> {
            try (Training training = new Training(device)) {
                requireConstant(device, 200, step -> {
                    switch (step % 5) {
                        case 0 -> assertThrows(ShapeException.class, () -> training.step(Shape.of(4, 1, 6, 4), LABELS));
                        case 1 -> assertThrows(ShapeException.class, () -> training.step(Shape.of(4, 2, 4, 4), LABELS));
                        case 2 -> assertThrows(ShapeException.class, () -> training.step(IMAGES, 0, 1, CLASSES, 1));
                        case 3 -> assertThrows(ShapeException.class, () -> training.step(IMAGES, 0, 1, 2));
                        default -> training.step();
                    }
                });
            }
            assertEquals(0, device.memory().liveBuffers());
        });
    }

    /** Without blocks and optimisers: parameters are leaves, updated in place. */
    @TestFactory
    Stream<DynamicTest> functionalStepsInAScope() {
        return onEachDevice(device -> {
            Generator generator = new Generator(3);
            try (Tensor kernel = Tensor.randn(device, generator, 2, 1, 3, 3).requiresGrad(true);
                    Tensor weight = Tensor.randn(device, generator, CLASSES, 8).requiresGrad(true)) {
                requireConstant(device, STEPS, step -> {
                    try (Scope scope = Scope.open()) {
                        Tensor features = Tensor.randn(device, generator, IMAGES.toArray())
                                .conv2d(kernel, null, padding(1))
                                .relu()
                                .maxPool2d(2)
                                .flatten(1);
                        Tensor loss = features.matmul(weight, false, true).crossEntropy(IntTensor.of(device, LABELS));
                        loss.backward();
                        descend(kernel);
                        descend(weight);
                        assertTrue(Float.isFinite(loss.item()));
                    }
                });
            }
            assertEquals(0, device.memory().liveBuffers());
        });
    }

    /** Every tensor is closed by hand, the inputs of the graph before it is walked. */
    @TestFactory
    Stream<DynamicTest> functionalStepsWithoutAScope() {
        return onEachDevice(device -> {
            Generator generator = new Generator(3);
            try (Tensor weight = Tensor.randn(device, generator, CLASSES, 16).requiresGrad(true)) {
                requireConstant(device, STEPS, step -> {
                    try (IntTensor labels = IntTensor.of(device, LABELS);
                            Tensor x = Tensor.randn(device, generator, 4, 16);
                            Tensor logits = x.linear(weight, null);
                            Tensor activated = logits.tanh();
                            Tensor loss = activated.crossEntropy(labels)) {
                        labels.close();
                        x.close();
                        logits.close();
                        activated.close();
                        loss.backward();
                        descend(weight);
                    }
                });
            }
            assertEquals(0, device.memory().liveBuffers());
        });
    }

    private static void descend(Tensor parameter) {
        try (NoGrad off = NoGrad.open()) {
            parameter.addInPlace(-0.01f, parameter.grad());
        }
        parameter.zeroGrad();
    }

    // ---- Whatever fails

    /**
     * Each allocation of a step fails once, the first, the second and so on: nothing of it is left, and the next step
     * works.
     */
    @TestFactory
    Stream<DynamicTest> anyAllocationOfAStepFails() {
        return onEachDevice(given -> {
            FailingAllocations failing = new FailingAllocations(Internals.backend(given));
            Device device = Internals.device(given.name(), failing.backend());
            try (Training training = new Training(device)) {
                Runnable step = () -> {
                    training.step();
                    training.evaluate();
                };
                step.run();
                MemoryStatistics before = device.memory();
                int failures = failing.failEach(
                        () -> {
                            assertThrows(DeviceMemoryException.class, step::run);
                            requireSame(before, device.memory());
                        },
                        step);
                assertTrue(failures > 30, failures + " allocations");
            }
            assertEquals(0, device.memory().liveBuffers());
        });
    }

    /** The same for what makes a model and its optimiser. */
    @TestFactory
    Stream<DynamicTest> anyAllocationOfTheSetUpFails() {
        return onEachDevice(given -> {
            FailingAllocations failing = new FailingAllocations(Internals.backend(given));
            Device device = Internals.device(given.name(), failing.backend());
            Runnable setUp = () -> new Training(device).close();
            int failures = failing.failEach(
                    () -> {
                        assertThrows(DeviceMemoryException.class, setUp::run);
                        assertEquals(0, device.memory().liveBuffers());
                    },
                    setUp);
            assertTrue(failures > 10, failures + " allocations");
        });
    }

    /** A rule that throws ends the walk when gradients are under way to several operations. */
    @TestFactory
    Stream<DynamicTest> gradientRuleThrows() {
        return onEachDevice(device -> {
            int before = device.memory().liveBuffers();
            try (Scope scope = Scope.open()) {
                Tensor x = Tensor.ones(device, 3).requiresGrad(true);
                Tensor doubled = x.mul(2);
                Tensor broken = Recorder.of("broken", doubled.add(1).detach())
                        .input(doubled, (dy, saved) -> {
                            throw new StriateException("no gradient");
                        })
                        .record();
                Tensor loss = broken.mul(x.exp()).sum();
                StriateException thrown = assertThrows(StriateException.class, loss::backward);
                assertEquals("no gradient", thrown.getMessage());
            }
            assertEquals(before, device.memory().liveBuffers());
        });
    }

    // ---- Tools

    private static Stream<DynamicTest> onEachDevice(Consumer<Device> test) {
        return TestDevices.withReference().stream()
                .map(device -> dynamicTest(device.name(), () -> test.accept(device.open())));
    }

    private static void requireConstant(Device device, int steps, IntConsumer step) {
        MemoryStatistics first = null;
        for (int i = 0; i < steps; i++) {
            step.accept(i);
            if (i == WARM_UP) {
                first = device.memory();
            } else if (i > WARM_UP) {
                MemoryStatistics now = device.memory();
                int at = i;
                assertEquals(first, now, () -> "after step " + at);
            }
        }
    }

    private static void requireSame(MemoryStatistics before, MemoryStatistics now) {
        assertEquals(before.liveBuffers(), now.liveBuffers());
        assertEquals(before.liveBytes(), now.liveBytes());
    }

    /** A small network with every kind of layer that keeps something, and a whole step with all that belongs to one. */
    private static final class Training implements AutoCloseable {

        private final Device device;
        private final Generator generator = new Generator(1);
        private final Sequential net;
        private final Optimizer optimizer;

        Training(Device device) {
            this.device = device;
            net = new Sequential(
                    new Conv2d(1, 2, 3, padding(1)),
                    new BatchNorm2d(2),
                    new Relu(),
                    new Residual(new Sequential(new Conv2d(2, 2, 3, padding(1)), new BatchNorm2d(2))),
                    new MaxPool2d(2),
                    new Flatten(),
                    new Dropout(0.25f),
                    new Linear(8, CLASSES));
            net.initialize(device, generator);
            try {
                optimizer = new Adam(net.parameters(), 0.01f);
            } catch (RuntimeException e) {
                net.close();
                throw e;
            }
        }

        void step() {
            step(IMAGES, LABELS);
        }

        void step(Shape images, int... labels) {
            try (Scope scope = Scope.open()) {
                optimizer.zeroGrad();
                Tensor x = Tensor.randn(device, generator, images.toArray());
                Tensor loss = net.forward(x).crossEntropy(IntTensor.of(device, labels));
                loss.backward();
                optimizer.clipGradNorm(0.5f);
                optimizer.step();
                assertTrue(Float.isFinite(loss.item()));
            }
        }

        void evaluate() {
            net.eval();
            try (Scope scope = Scope.open();
                    NoGrad off = NoGrad.open()) {
                net.forward(Tensor.randn(device, generator, 7, 1, 4, 4))
                        .softmax(1)
                        .argmax(1)
                        .toIntArray();
            } finally {
                net.train();
            }
        }

        @Override
        public void close() {
            optimizer.close();
            net.close();
        }
    }

    /** A backend of which one allocation fails. */
    private static final class FailingAllocations {

        private final Backend target;
        private int untilFailure = Integer.MAX_VALUE;
        private boolean failed;

        FailingAllocations(Backend target) {
            this.target = target;
        }

        Backend backend() {
            return (Backend) Proxy.newProxyInstance(
                    Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (self, method, arguments) -> {
                        if (method.getName().startsWith("allocate") && --untilFailure == 0) {
                            failed = true;
                            throw new DeviceMemoryException("this one fails");
                        }
                        try {
                            return method.invoke(target, arguments);
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    });
        }

        /**
         * Runs {@code failing} with the first allocation failing, then with the second and so on, and {@code
         * succeeding} after each.
         *
         * @return how many allocations {@code succeeding} makes
         */
        int failEach(Runnable failing, Runnable succeeding) {
            untilFailure = Integer.MAX_VALUE;
            succeeding.run();
            int allocations = Integer.MAX_VALUE - untilFailure;
            for (int which = 1; which <= allocations; which++) {
                untilFailure = which;
                failed = false;
                failing.run();
                assertTrue(failed);
                untilFailure = Integer.MAX_VALUE;
                succeeding.run();
            }
            return allocations;
        }
    }
}
