package dev.striate.nn;

import static dev.striate.WindowOption.padding;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.NoGrad;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SequentialTest {

    /** Counts live buffers at the moment it is reached. */
    private static final class Probe extends Block {

        private int live;

        @Override
        protected Tensor compute(Tensor x) {
            live = x.device().memory().liveBuffers();
            return x;
        }
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void inEvaluationMemoryDoesNotGrowWithDepth(Device device) {
        Sequential.Builder builder = Sequential.builder();
        Probe[] probes = new Probe[6];
        for (int i = 0; i < probes.length; i++) {
            probes[i] = new Probe();
            builder.add(new Conv2d(2, 2, 3, padding(1)))
                    .add(new BatchNorm2d(2))
                    .add(new Relu())
                    .add(probes[i]);
        }
        try (Sequential model = builder.build();
                NoGrad off = NoGrad.open()) {
            model.initialize(device, new Generator(1)).eval();
            try (Tensor x = Tensor.randn(device, new Generator(2), 1, 2, 6, 6)) {
                int before = device.memory().liveBuffers();
                model.forward(x).close();
                assertEquals(before, device.memory().liveBuffers());
                for (Probe probe : probes) {
                    assertEquals(before + 1, probe.live);
                }
            }
        }
    }

    @Test
    void builderNamesAndPlacesMix() {
        Sequential model = Sequential.builder()
                .add("conv1", new Conv2d(1, 1, 1))
                .add(new Relu())
                .build();
        assertEquals(List.of("conv1", "1"), List.copyOf(model.children().keySet()));
        assertEquals(
                List.of("0", "1"),
                List.copyOf(new Sequential(new Relu(), new Relu()).children().keySet()));
    }

    @Test
    void aPartWithoutANameTakesANumberThatIsFree() {
        Sequential model = Sequential.builder()
                .add("1", new Relu())
                .add(new Tanh())
                .add(new Relu())
                .add("0", new Relu())
                .build();
        assertEquals(List.of("1", "2", "3", "0"), List.copyOf(model.children().keySet()));
    }

    @Test
    void namesAreCheckedWhenTheyAreGiven() {
        Sequential.Builder builder = Sequential.builder().add("a", new Relu()).add(new Relu());
        assertEquals(
                "Sequential: there is already a part named \"1\"",
                assertThrows(StriateException.class, () -> builder.add("1", new Relu()))
                        .getMessage());
        assertThrows(StriateException.class, () -> builder.add("a", new Relu()));
        for (String name : List.of("", "a.b", ".")) {
            assertEquals(
                    "Sequential: expected a part name that is not empty and has no dot, got \"" + name + "\"",
                    assertThrows(StriateException.class, () -> builder.add(name, new Relu()))
                            .getMessage());
        }
        assertEquals(List.of("a", "1"), List.copyOf(builder.build().children().keySet()));
    }

    @Test
    void theSummaryIsAnAlignedTableWithDottedNames() {
        try (Sequential model = Sequential.builder()
                .add("conv1", new Conv2d(1, 8, 3, padding(1)))
                .add("block", new Sequential(new BatchNorm2d(8), new Relu(), new MaxPool2d(2)))
                .add("flatten", new Flatten())
                .add("head", new Linear(128, 10))
                .build()) {
            Summary summary =
                    model.initialize(Device.reference(), new Generator(1)).summary(Shape.of(32, 1, 8, 8));
            assertEquals("""
                    Layer    Type               Output shape   Parameters  Multiply-adds  Field  Stride  Centre
                    -------------------------------------------------------------------------------------------
                    (input)                     (32, 1, 8, 8)
                    conv1    Conv2d(1, 8, 3x3)  (32, 8, 8, 8)          80          4,608      3       1       0
                    block    Sequential         (32, 8, 4, 4)           0              0      4       2     0.5
                    block.0  BatchNorm2d(8)     (32, 8, 8, 8)          16              0      3       1       0
                    block.1  Relu               (32, 8, 8, 8)           0              0      3       1       0
                    block.2  MaxPool2d(2x2)     (32, 8, 4, 4)           0              0      4       2     0.5
                    flatten  Flatten            (32, 128)               0              0      4
                    head     Linear(128, 10)    (32, 10)            1,290          1,280     10
                    -------------------------------------------------------------------------------------------
                    Total    Sequential                             1,386          5,888""", summary.withReceptiveFields());
            List<String> lines = summary.toString().lines().toList();
            assertEquals("Layer    Type               Output shape   Parameters  Multiply-adds", lines.get(0));
            assertEquals("conv1    Conv2d(1, 8, 3x3)  (32, 8, 8, 8)          80          4,608", lines.get(3));
            assertEquals(model.parameterCount(), summary.parameters());
            assertEquals(
                    summary.parameters(),
                    summary.rows().stream().mapToLong(Summary.Row::parameters).sum());
        }
    }

    @Test
    void aSingleLayerHasASummaryToo() {
        try (Linear linear = new Linear(3, 2)) {
            linear.initialize(Device.reference(), new Generator(1));
            assertEquals(
                    List.of(new Summary.Row("", "Linear(3, 2)", Shape.of(5, 2), 8, 6, null)),
                    linear.summary(Shape.of(5, 3)).rows());
            assertTrue(linear.summary(Shape.of(5, 3)).toString().endsWith("8              6"));
        }
    }

    @Test
    void anObserverSeesEveryPartInTheGivenOrder() {
        try (Sequential model = Sequential.builder()
                        .add("conv1", new Conv2d(1, 4, 3, padding(1)))
                        .add("relu1", new Relu())
                        .add("pool1", new MaxPool2d(2))
                        .add("res", new Residual(new Sequential(new Conv2d(4, 4, 1)), new Conv2d(4, 4, 1)))
                        .add("block", new ResidualBlock(4, 6, 2))
                        .add("dropout", new Dropout(0.5f))
                        .add("flatten", new Flatten())
                        .build();
                Scope scope = Scope.open()) {
            model.initialize(Device.reference(), new Generator(1)).eval();
            IdentityHashMap<Block, String> names = new IdentityHashMap<>();
            model.blocks().forEach((name, block) -> names.put(block, name));
            List<String> seen = new ArrayList<>();
            List<Shape> shapes = new ArrayList<>();
            Tensor x = Tensor.randn(Device.reference(), new Generator(2), 2, 1, 8, 8);
            Tensor y = model.forward(x, (block, output) -> {
                seen.add(names.get(block));
                shapes.add(output.shape());
                if (names.get(block).equals("relu1")) {
                    for (float value : output.toFloatArray()) {
                        assertTrue(value >= 0);
                    }
                }
            });
            assertArrayEquals(model.forward(x).toFloatArray(), y.toFloatArray());
            assertEquals(
                    List.of(
                            "conv1",
                            "relu1",
                            "pool1",
                            "res.body.0",
                            "res.body",
                            "res.shortcut",
                            "res",
                            "block.conv1",
                            "block.bn1",
                            "block.relu",
                            "block.conv2",
                            "block.bn2",
                            "block.downsample.0",
                            "block.downsample.1",
                            "block.downsample",
                            "block",
                            "dropout",
                            "flatten",
                            ""),
                    seen);
            assertEquals(
                    List.of(Shape.of(2, 4, 8, 8), Shape.of(2, 4, 8, 8), Shape.of(2, 4, 4, 4)), shapes.subList(0, 3));
            assertEquals(Shape.of(2, 24), shapes.get(shapes.size() - 1));
        }
    }

    @Test
    void beingObservedTakesNoMemoryThatStays() {
        try (Sequential model =
                        new Sequential(new Conv2d(1, 2, 3), new Relu(), new ResidualBlock(2, 2, 1), new Flatten());
                NoGrad off = NoGrad.open()) {
            model.initialize(Device.reference(), new Generator(1)).eval();
            int before = Device.reference().memory().liveBuffers();
            try (Tensor x = Tensor.ones(Device.reference(), 1, 1, 6, 6)) {
                model.forward(x, (block, output) -> {}).close();
            }
            assertEquals(before, Device.reference().memory().liveBuffers());
        }
    }
}
