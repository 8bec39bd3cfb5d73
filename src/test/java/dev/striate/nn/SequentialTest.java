package dev.striate.nn;

import static dev.striate.op.WindowOption.padding;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.autograd.NoGrad;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SequentialTest {

    /** Counts live buffers at the moment it is reached. */
    private static final class Probe extends Module {

        private int live;

        @Override
        public Tensor forward(Tensor x) {
            live = x.device().backend().memory().liveBuffers();
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
            builder.add(new Conv2d(2, 2, 3, padding(1))).add(new BatchNorm2d(2)).add(new Relu()).add(probes[i]);
        }
        try (Sequential model = builder.build(); NoGrad off = NoGrad.open()) {
            model.initialize(device, new Generator(1)).eval();
            try (Tensor x = Tensor.randn(device, new Generator(2), 1, 2, 6, 6)) {
                int before = device.backend().memory().liveBuffers();
                model.forward(x).close();
                assertEquals(before, device.backend().memory().liveBuffers());
                for (Probe probe : probes) {
                    assertEquals(before + 1, probe.live);
                }
            }
        }
    }

    @Test
    void builderNamesAndPlacesMix() {
        Sequential model = Sequential.builder().add("conv1", new Conv2d(1, 1, 1)).add(new Relu()).build();
        assertEquals(List.of("conv1", "1"), List.copyOf(model.children().keySet()));
        assertEquals(List.of("0", "1"), List.copyOf(new Sequential(new Relu(), new Relu()).children().keySet()));
    }

    @Test
    void theSummaryIsAnAlignedTableWithDottedNames() {
        try (Sequential model = Sequential.builder()
                .add("conv1", new Conv2d(1, 8, 3, padding(1)))
                .add("block", new Sequential(new BatchNorm2d(8), new Relu(), new MaxPool2d(2)))
                .add("flatten", new Flatten())
                .add("head", new Linear(128, 10))
                .build()) {
            Summary summary = model.initialize(Device.reference(), new Generator(1)).summary(Shape.of(32, 1, 8, 8));
            assertEquals("""
                    Layer    Type               Output shape   Parameters
                    -----------------------------------------------------
                    (input)                     (32, 1, 8, 8)
                    conv1    Conv2d(1, 8, 3x3)  (32, 8, 8, 8)          80
                    block    Sequential         (32, 8, 4, 4)           0
                    block.0  BatchNorm2d(8)     (32, 8, 8, 8)          16
                    block.1  Relu               (32, 8, 8, 8)           0
                    block.2  MaxPool2d(2x2)     (32, 8, 4, 4)           0
                    flatten  Flatten            (32, 128)               0
                    head     Linear(128, 10)    (32, 10)            1,290
                    -----------------------------------------------------
                    Total    Sequential                             1,386""", summary.toString());
            assertEquals(model.parameterCount(), summary.parameters());
            assertEquals(summary.parameters(), summary.rows().stream().mapToLong(Summary.Row::parameters).sum());
        }
    }

    @Test
    void aSingleLayerHasASummaryToo() {
        try (Linear linear = new Linear(3, 2)) {
            linear.initialize(Device.reference(), new Generator(1));
            assertEquals(List.of(new Summary.Row("", "Linear(3, 2)", Shape.of(5, 2), 8)), linear.summary(Shape.of(5, 3)).rows());
            assertTrue(linear.summary(Shape.of(5, 3)).toString().endsWith("8"));
        }
    }
}
