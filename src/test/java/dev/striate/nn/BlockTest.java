package dev.striate.nn;

import static dev.striate.WindowOption.padding;
import static dev.striate.WindowOption.stride;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.NoGrad;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BlockTest {

    private static final Device DEVICE = Device.reference();

    /** A user's own block: a parameter and a buffer of its own, children, and a forward of its own. */
    private static final class Own extends Block {

        private final Conv2d conv = addChild("conv1", new Conv2d(1, 2, 3));
        private final BatchNorm2d norm = addChild("bn1", new BatchNorm2d(2));
        private final Linear head = addChild("head", new Linear(2, 3).bias(false));

        @Override
        protected void create(Device device, Generator generator) {
            addParameter("scale", Tensor.ones(device, 1));
            addBuffer("offset", Tensor.zeros(device, 1));
        }

        @Override
        protected Tensor compute(Tensor x) {
            Tensor planes =
                    norm.forward(conv.forward(x)).relu().globalAvgPool2d().flatten(1);
            return head.forward(planes).mul(parameter("scale")).add(buffer("offset"));
        }
    }

    @Test
    void partsHaveDottedNamesInOrder() {
        try (Own own = new Own()) {
            own.initialize(DEVICE, new Generator(1));
            assertEquals(
                    List.of("scale", "conv1.weight", "conv1.bias", "bn1.weight", "bn1.bias", "head.weight"),
                    List.copyOf(own.parameters().keySet()));
            assertEquals(
                    List.of("offset", "bn1.running_mean", "bn1.running_var"),
                    List.copyOf(own.buffers().keySet()));
            assertEquals(1 + 18 + 2 + 2 + 2 + 6, own.parameterCount());
            assertEquals(
                    List.of("conv1", "bn1", "head"), List.copyOf(own.children().keySet()));
            own.parameters().values().forEach(tensor -> assertTrue(tensor.requiresGrad()));
            own.buffers().values().forEach(tensor -> assertFalse(tensor.requiresGrad()));
        }
    }

    @Test
    void anOwnModuleTrains() {
        try (Own own = new Own();
                Scope scope = Scope.open()) {
            own.initialize(DEVICE, new Generator(1));
            own.forward(Tensor.randn(DEVICE, new Generator(2), 2, 1, 5, 5))
                    .sum()
                    .backward();
            own.parameters()
                    .forEach((name, tensor) ->
                            assertEquals(tensor.shape(), tensor.grad().shape(), name));
        }
    }

    @Test
    void beforeInitializeTheErrorSaysWhatToCall() {
        Own own = new Own();
        try (Tensor x = Tensor.zeros(DEVICE, 1, 1, 5, 5)) {
            StriateException error = assertThrows(StriateException.class, () -> own.forward(x));
            assertTrue(error.getMessage().contains("Conv2d(1, 2, 3x3)"), error.getMessage());
            assertTrue(error.getMessage().contains("initialize(device, generator)"), error.getMessage());
            assertThrows(StriateException.class, () -> new BatchNorm2d(1).forward(x));
            assertThrows(StriateException.class, () -> new Dropout(.5f).forward(x));
        }
        assertThrows(StriateException.class, own::parameters);
        assertThrows(StriateException.class, own::buffers);
        assertThrows(StriateException.class, own::parameterCount);
    }

    @Test
    void generatorsAreNamedAndOfTheModulesInit() {
        Generator given = new Generator(3);
        try (Sequential net = new Sequential(new Linear(2, 2), new Dropout(0.5f), new Sequential(new Dropout(0.1f)))) {
            assertThrows(StriateException.class, net::generators);
            net.initialize(DEVICE, given);
            assertEquals(
                    List.of("1.generator", "2.0.generator"),
                    List.copyOf(net.generators().keySet()));
            net.generators().values().forEach(generator -> assertSame(given, generator));
            net.initialize(DEVICE, new Generator(4));
            assertEquals(4, net.generators().get("1.generator").seed());
        }
    }

    @Test
    void closeGivesAllMemoryBackAndInitializeStartsAgain() {
        int before = DEVICE.memory().liveBuffers();
        Own own = new Own();
        own.initialize(DEVICE, new Generator(1));
        assertEquals(before + 9, DEVICE.memory().liveBuffers());
        own.close();
        own.close();
        assertEquals(before, DEVICE.memory().liveBuffers());
        assertThrows(StriateException.class, own::parameters);
        own.initialize(DEVICE, new Generator(1)).close();
        assertEquals(before, DEVICE.memory().liveBuffers());
    }

    @Test
    void aSecondInitializeClosesTheOldParameters() {
        int before = DEVICE.memory().liveBuffers();
        try (Linear linear = new Linear(2, 2)) {
            Generator generator = new Generator(1);
            linear.initialize(DEVICE, generator);
            Tensor old = linear.parameters().get("weight");
            float[] values = old.toFloatArray();
            linear.initialize(DEVICE, generator);
            assertNotSame(old, linear.parameters().get("weight"));
            assertThrows(StriateException.class, old::toFloatArray);
            assertFalse(Arrays.equals(values, linear.parameters().get("weight").toFloatArray()));
        }
        assertEquals(before, DEVICE.memory().liveBuffers());
    }

    @Test
    void parametersOutliveTheScopeTheyWereMadeIn() {
        try (Own own = new Own()) {
            int before = DEVICE.memory().liveBuffers();
            try (Scope scope = Scope.open()) {
                own.initialize(DEVICE, new Generator(1));
            }
            assertEquals(before + 9, DEVICE.memory().liveBuffers());
            assertEquals(6, own.parameters().get("head.weight").toFloatArray().length);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void theSameSeedGivesTheSameValuesOnEveryDevice(Device device) {
        try (Own own = new Own();
                Own other = new Own()) {
            Map<String, Tensor> here = own.initialize(device, new Generator(5)).parameters();
            Map<String, Tensor> there =
                    other.initialize(DEVICE, new Generator(5)).parameters();
            here.forEach(
                    (name, tensor) -> assertArrayEquals(there.get(name).toFloatArray(), tensor.toFloatArray(), name));
        }
    }

    @Test
    void trainAndEvalReachEveryPart() {
        Sequential inner = new Sequential(new Dropout(.5f));
        Residual outer = new Residual(inner);
        assertTrue(inner.isTraining());
        assertSame(outer, outer.eval());
        assertFalse(inner.children().get("0").isTraining());
        outer.train();
        assertTrue(inner.children().get("0").isTraining());
    }

    @Test
    void sharedWeightsCountOnceAndComeUnderEachName() {
        Linear shared = new Linear(3, 3);
        try (Sequential twice = new Sequential(shared, shared)) {
            twice.initialize(DEVICE, new Generator(1));
            assertEquals(
                    List.of("0.weight", "0.bias", "1.weight", "1.bias"),
                    List.copyOf(twice.parameters().keySet()));
            assertSame(twice.parameters().get("0.weight"), twice.parameters().get("1.weight"));
            assertEquals(12, twice.parameterCount());
            assertEquals(
                    12,
                    twice.summary(Shape.of(1, 3)).rows().stream()
                            .mapToLong(Summary.Row::parameters)
                            .sum());
        }
    }

    @Test
    void badNamesAreRefused() {
        assertThrows(
                StriateException.class,
                () -> Sequential.builder().add("a.b", new Relu()).build());
        assertThrows(
                StriateException.class,
                () -> Sequential.builder().add("", new Relu()).build());
        assertThrows(
                StriateException.class,
                () -> Sequential.builder().add("a", new Relu()).add("a", new Relu()));
    }

    @Test
    void settingsThatDecideParametersComeBeforeInitialize() {
        try (Linear linear = new Linear(1, 1);
                Conv2d conv = new Conv2d(1, 1, 1)) {
            linear.initialize(DEVICE, new Generator(1));
            conv.initialize(DEVICE, new Generator(1));
            assertThrows(StriateException.class, () -> linear.bias(false));
            assertThrows(StriateException.class, () -> conv.initializer(Initializer.ONES));
        }
    }

    /** By running it once on zeros, which leaves running statistics and modes as they were. */
    @Test
    void aBlockWithoutAShapeRuleCanBeSummarised() {
        try (Own own = new Own()) {
            assertThrows(StriateException.class, () -> own.outputShape(Shape.of(4, 1, 5, 5)));
            own.initialize(DEVICE, new Generator(1));
            own.norm.eval();
            int before = DEVICE.memory().liveBuffers();
            assertEquals(Shape.of(4, 3), own.outputShape(Shape.of(4, 1, 5, 5)));
            assertEquals(
                    List.of(
                            new Summary.Row("", "Own", Shape.of(4, 3), 1, 0, null),
                            new Summary.Row("conv1", "Conv2d(1, 2, 3x3)", Shape.of(4, 2, 3, 3), 20, 162, null),
                            new Summary.Row("bn1", "BatchNorm2d(2)", Shape.of(4, 2, 3, 3), 4, 0, null),
                            new Summary.Row("head", "Linear(2, 3)", Shape.of(4, 3), 6, 6, null)),
                    own.summary(Shape.of(4, 1, 5, 5)).rows());
            assertEquals(before, DEVICE.memory().liveBuffers());
            assertTrue(own.isTraining() && own.conv.isTraining() && !own.norm.isTraining());
            assertArrayEquals(
                    new float[2], own.buffers().get("bn1.running_mean").toFloatArray());
        }
    }

    @Test
    void anObserverSeesThePartsOfAUsersBlock() {
        try (Own own = new Own();
                Tensor x = Tensor.ones(DEVICE, 1, 1, 5, 5)) {
            own.initialize(DEVICE, new Generator(1));
            List<Block> seen = new ArrayList<>();
            own.forward(x, (block, output) -> seen.add(block)).close();
            assertEquals(List.of(own.conv, own.norm, own.head, own), seen);
        }
    }

    @Test
    void parametersAreFrozenByPattern() {
        try (Own own = new Own();
                Tensor x = Tensor.ones(DEVICE, 1, 1, 5, 5)) {
            own.initialize(DEVICE, new Generator(1));
            own.freeze("*.weight");
            own.freeze("conv1.bias");
            own.forward(x).sum().backward();
            own.parameters()
                    .forEach((name, tensor) ->
                            assertEquals(name.equals("scale") || name.equals("bn1.bias"), tensor.hasGrad(), name));
            own.unfreeze("*");
            assertTrue(own.parameters().values().stream().allMatch(Tensor::requiresGrad));
            String message = assertThrows(StriateException.class, () -> own.freeze("conv?"))
                    .getMessage();
            assertTrue(message.startsWith("Own has no parameter that matches \"conv?\"; it has [scale, "), message);
        }
    }

    @Test
    void aPartOfAChainCanBeReplaced() {
        int before = DEVICE.memory().liveBuffers();
        try (Sequential net = new Sequential(new Flatten(), new Linear(4, 3), new Relu());
                Tensor x = Tensor.ones(DEVICE, 1, 4)) {
            net.initialize(DEVICE, new Generator(1));
            Linear head = new Linear(4, 2);
            head.initialize(DEVICE, new Generator(2));
            net.replace("1", head);
            try (NoGrad off = NoGrad.open();
                    Tensor y = net.forward(x)) {
                assertEquals(Shape.of(1, 2), y.shape());
            }
            assertEquals(2, net.parameters().size());
            assertThrows(StriateException.class, () -> net.replace("head", head));
        }
        assertEquals(before, DEVICE.memory().liveBuffers());
    }

    @Test
    void lazyLayersTakeTheirSizesFromTheInput() {
        Sequential lazy = new Sequential(
                Conv2d.lazy(4, 3, padding(1)),
                BatchNorm2d.lazy(),
                new Relu(),
                ConvTranspose2d.lazy(2, 2, stride(2)),
                new Flatten(),
                Linear.lazy(5));
        Sequential sized = new Sequential(
                new Conv2d(3, 4, 3, padding(1)),
                new BatchNorm2d(4),
                new Relu(),
                new ConvTranspose2d(4, 2, 2, stride(2)),
                new Flatten(),
                new Linear(2 * 12 * 10, 5));
        try (lazy;
                sized;
                Tensor x = Tensor.randn(DEVICE, new Generator(3), 2, 3, 6, 5)) {
            assertEquals("Linear(?, 5)", lazy.children().get("5").toString());
            lazy.initialize(DEVICE, new Generator(1));
            String message =
                    assertThrows(StriateException.class, lazy::parameters).getMessage();
            assertTrue(message.startsWith("Conv2d(?, 4, 3x3): its number of inputs is not known yet"), message);
            assertThrows(StriateException.class, lazy::config);
            int before = DEVICE.memory().liveBuffers();
            lazy.initialize(DEVICE, new Generator(1), Shape.of(1, 3, 6, 5));
            sized.initialize(DEVICE, new Generator(1));
            assertEquals(before + 2 * sized.state().size(), DEVICE.memory().liveBuffers());
            assertEquals(sized.config(), lazy.config());
            lazy.state()
                    .forEach((name, tensor) ->
                            assertArrayEquals(sized.state().get(name).toFloatArray(), tensor.toFloatArray(), name));
            try (Tensor y = lazy.forward(x);
                    Tensor expected = sized.forward(x)) {
                assertArrayEquals(expected.toFloatArray(), y.toFloatArray());
            }
        }
        assertThrows(ShapeException.class, () -> Linear.lazy(0));
        assertThrows(ShapeException.class, () -> Conv2d.lazy(4, 0));
        assertThrows(
                ShapeException.class,
                () -> new Sequential(Linear.lazy(2), new Linear(3, 1))
                        .initialize(DEVICE, new Generator(1), Shape.of(1, 7)));
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void fusedLazyLayersTakeTheirSizesFromTheInput(Device device) {
        try (Scope scope = Scope.open();
                Sequential lazy = new Sequential(
                        Conv2d.lazy(4, 3),
                        new Relu(),
                        BatchNorm2d.lazy(),
                        new MaxPool2d(2),
                        new Flatten(),
                        Linear.lazy(5),
                        new Relu());
                Sequential sized = new Sequential(
                        new Conv2d(3, 4, 3),
                        new Relu(),
                        new BatchNorm2d(4),
                        new MaxPool2d(2),
                        new Flatten(),
                        new Linear(4 * 2 * 3, 5),
                        new Relu())) {
            Tensor x = Tensor.randn(device, new Generator(3), 2, 3, 6, 8);
            lazy.initialize(device, new Generator(1));
            sized.initialize(device, new Generator(1));
            assertArrayEquals(sized.forward(x).toFloatArray(), lazy.forward(x).toFloatArray());
            assertEquals(sized.state().keySet(), lazy.state().keySet());
        }
    }

    @Test
    void lazyLayersTakeTheirSizesFromTheChannelsOfTheirLayout() {
        try (Scope scope = Scope.open();
                Sequential net = new Sequential(
                        BatchNorm2d.lazy().layout(Layout.NHWC),
                        Conv2d.lazy(4, 3).layout(Layout.NHWC),
                        ConvTranspose2d.lazy(2, 2).layout(Layout.NHWC))) {
            net.initialize(DEVICE, new Generator(1));
            net.forward(Tensor.ones(DEVICE, 2, 6, 5, 3));
            assertEquals(
                    List.of("BatchNorm2d(3)", "Conv2d(3, 4, 3x3)", "ConvTranspose2d(4, 2, 2x2)"),
                    net.children().values().stream().map(Block::toString).toList());
        }
        Conv2d conv = Conv2d.lazy(4, 3).layout(Layout.NHWC);
        assertEquals(Shape.of(2, 4, 3, 4), conv.outputShape(Shape.of(2, 6, 5, 3)));
        assertEquals("Conv2d(3, 4, 3x3)", conv.toString());
    }

    @Test
    void aLazyLayerRefusesAnInputWithoutItsSizes() {
        for (Block lazy : List.of(
                Conv2d.lazy(4, 3),
                ConvTranspose2d.lazy(4, 3).layout(Layout.NHWC),
                BatchNorm2d.lazy().layout(Layout.NHWC))) {
            ShapeException error = assertThrows(ShapeException.class, () -> lazy.outputShape(Shape.of(3, 8, 8)));
            assertTrue(error.getMessage().startsWith(lazy + ": expected images (N, "), error.getMessage());
        }
        assertThrows(ShapeException.class, () -> Linear.lazy(4).outputShape(Shape.SCALAR));
        assertThrows(ShapeException.class, () -> BatchNorm2d.lazy().outputShape(Shape.of(3)));
        assertThrows(StriateException.class, () -> BatchNorm2d.lazy().config());
    }

    @Test
    void aClosedLazyLayerCreatesNothing() {
        int before = DEVICE.memory().liveBuffers();
        Linear lazy = Linear.lazy(4);
        lazy.initialize(DEVICE, new Generator(1)).close();
        try (Tensor x = Tensor.ones(DEVICE, 2, 3)) {
            assertThrows(StriateException.class, () -> lazy.forward(x));
        }
        assertEquals(before, DEVICE.memory().liveBuffers());
        try (lazy) {
            lazy.initialize(DEVICE, new Generator(1));
            assertEquals(Shape.of(4, 3), lazy.parameters().get("weight").shape());
        }
    }

    @Test
    void aLazyLayerInAUsersBlockIsSizedByRunningIt() {
        Block net = new Block() {
            private final Linear head = addChild("head", Linear.lazy(3));

            @Override
            protected Tensor compute(Tensor x) {
                return head.forward(x.flatten(1));
            }
        };
        try (net) {
            net.initialize(DEVICE, new Generator(1), Shape.of(2, 4, 5));
            assertEquals(Shape.of(3, 20), net.parameters().get("head.weight").shape());
        }
    }

    @Test
    void anErrorNamesThePartInWhichItHappened() {
        try (Sequential net = Sequential.builder()
                        .add("stem", new Relu())
                        .add("own", new Own())
                        .build();
                Sequential chain = new Sequential(new Conv2d(1, 2, 3), new BatchNorm2d(3), new Relu());
                Tensor x = Tensor.ones(DEVICE, 1, 2, 5, 5)) {
            net.initialize(DEVICE, new Generator(1));
            chain.initialize(DEVICE, new Generator(1));
            ShapeException error = assertThrows(ShapeException.class, () -> net.forward(x));
            assertTrue(error.getMessage().endsWith(" (in own.conv1: Conv2d(1, 2, 3x3))"), error.getMessage());
            error = assertThrows(ShapeException.class, () -> net.outputShape(x.shape()));
            assertTrue(error.getMessage().endsWith(" (in own.conv1: Conv2d(1, 2, 3x3))"), error.getMessage());
            try (Tensor grey = Tensor.ones(DEVICE, 1, 1, 5, 5)) {
                error = assertThrows(ShapeException.class, () -> chain.forward(grey));
                assertTrue(error.getMessage().endsWith(" (in 1: BatchNorm2d(3))"), error.getMessage());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void anErrorInAPooledNormNamesItOnce(Device device) {
        try (Sequential net = new Sequential(new Conv2d(1, 2, 3), new BatchNorm2d(3), new MaxPool2d(2));
                Tensor x = Tensor.ones(device, 1, 1, 8, 8)) {
            net.initialize(device, new Generator(1));
            ShapeException error = assertThrows(ShapeException.class, () -> net.forward(x));
            assertTrue(error.getMessage().endsWith(" (in 1: BatchNorm2d(3))"), error.getMessage());
        }
    }
}
