package dev.striate.nn;

import static dev.striate.WindowOption.ceilMode;
import static dev.striate.WindowOption.countIncludePad;
import static dev.striate.WindowOption.dilation;
import static dev.striate.WindowOption.groups;
import static dev.striate.WindowOption.outputPadding;
import static dev.striate.WindowOption.padding;
import static dev.striate.WindowOption.stride;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Interpolation;
import dev.striate.Padding;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LayersTest {

    private static final Device DEVICE = Device.reference();

    static Stream<Arguments> layersAndInputs() {
        Shape image = Shape.of(2, 4, 7, 9);
        return Stream.of(
                arguments(new Conv2d(4, 6, 3), image),
                arguments(new Conv2d(4, 6, 3, 2, stride(2), padding(1), groups(2)), image),
                arguments(new Conv2d(4, 4, 3, padding(Padding.SAME), dilation(2)).bias(false), image),
                arguments(new ConvTranspose2d(4, 6, 3, stride(2), padding(1), outputPadding(1, 1), groups(2)), image),
                arguments(new ConvTranspose2d(4, 2, 2, 3), image),
                arguments(new Linear(9, 5), image),
                arguments(new Linear(9, 5).bias(false), Shape.of(9)),
                arguments(new MaxPool2d(2), image),
                arguments(new MaxPool2d(3, 2, stride(2), padding(1), ceilMode()), image),
                arguments(new AvgPool2d(3, stride(2), padding(1), countIncludePad(false)), image),
                arguments(new GlobalAvgPool2d(), image),
                arguments(new AdaptiveAvgPool2d(3, 2), image),
                arguments(new BatchNorm2d(4), image),
                arguments(new BatchNorm2d(4), Shape.of(3, 4)),
                arguments(new AvgPool2d(3, dilation(2), padding(2)), image),
                arguments(new GlobalMaxPool2d(), image),
                arguments(new GroupNorm(2, 4), image),
                arguments(new GroupNorm(4, 4).affine(false), Shape.of(3, 4, 5)),
                arguments(new InstanceNorm2d(4), image),
                arguments(new InstanceNorm2d(4).affine(true).epsilon(1e-3f), image),
                arguments(new LayerNorm(9), image),
                arguments(new LayerNorm(4, 7, 9).affine(false), image),
                arguments(new LocalResponseNorm(5), image),
                arguments(Upsample.byScale(2, Interpolation.NEAREST), image),
                arguments(Upsample.byScale(0.5, 1.5, Interpolation.BILINEAR), image),
                arguments(Upsample.toSize(5, 20, Interpolation.BILINEAR_ALIGN_CORNERS), image),
                arguments(new PixelShuffle(2), image),
                arguments(new ReflectionPad2d(2), image),
                arguments(new ReplicationPad2d(1, 0, 9, 2), image),
                arguments(new Dropout(.3f), image),
                arguments(new Flatten(), image),
                arguments(new Flatten(2), image),
                arguments(new Relu(), image),
                arguments(new LeakyRelu(.1f), image),
                arguments(new Elu(1), image),
                arguments(new Sigmoid(), image),
                arguments(new Tanh(), image),
                arguments(new Gelu(), image),
                arguments(new Silu(), image),
                arguments(new HardSigmoid(), image),
                arguments(new HardSwish(), image),
                arguments(new Softplus(), image),
                arguments(new Mish(), image),
                arguments(new Prelu(), image),
                arguments(new Prelu(4), image),
                arguments(new Softmax(1), image),
                arguments(new LogSoftmax(-1), image),
                arguments(new Residual(new Conv2d(4, 4, 3, padding(1))), image),
                arguments(new Residual(new Conv2d(4, 6, 3), new Conv2d(4, 6, 3)), image),
                arguments(new ResidualBlock(4, 4, 1), image),
                arguments(new ResidualBlock(4, 6, 2), image),
                arguments(new Sequential(), image),
                arguments(new Sequential(new Conv2d(4, 2, 3), new Relu(), new Flatten(), new Linear(70, 3)), image));
    }

    @ParameterizedTest
    @MethodSource("layersAndInputs")
    void outputShapeIsThatOfForwardAndGradientsReachEveryParameter(Block layer, Shape input) {
        int before = DEVICE.memory().liveBuffers();
        try (layer;
                Scope scope = Scope.open()) {
            layer.initialize(DEVICE, new Generator(1));
            Tensor x = Tensor.randn(DEVICE, new Generator(2), input.toArray()).requiresGrad(true);
            Tensor y = layer.forward(x);
            assertEquals(layer.outputShape(input), y.shape());
            y.sum().backward();
            assertEquals(input, x.grad().shape());
            layer.parameters()
                    .forEach((name, tensor) ->
                            assertEquals(tensor.shape(), tensor.grad().shape(), name));
        }
        assertEquals(before, DEVICE.memory().liveBuffers());
    }

    static Stream<Arguments> imageLayers() {
        return Stream.<Supplier<ImageLayer<?>>>of(
                        () -> new Conv2d(4, 6, 3, stride(2), padding(1), groups(2)),
                        () -> new ConvTranspose2d(4, 6, 3, stride(2)),
                        () -> new MaxPool2d(2),
                        () -> new AvgPool2d(3, 2, padding(1, 0)),
                        () -> new GlobalAvgPool2d(),
                        () -> new AdaptiveAvgPool2d(3, 2),
                        () -> new BatchNorm2d(4),
                        () -> new GlobalMaxPool2d(),
                        () -> new GroupNorm(2, 4),
                        () -> new InstanceNorm2d(4).affine(true),
                        () -> new LocalResponseNorm(3),
                        () -> Upsample.byScale(2, Interpolation.BILINEAR),
                        () -> new PixelShuffle(2),
                        () -> new ReflectionPad2d(1, 2, 3, 0),
                        () -> new ReplicationPad2d(2))
                .map(Arguments::arguments);
    }

    @ParameterizedTest
    @MethodSource("imageLayers")
    void nhwcGivesTheSameNumbersInTheOtherOrder(Supplier<ImageLayer<?>> make) {
        ImageLayer<?> planes = make.get();
        ImageLayer<?> pixels = make.get().layout(Layout.NHWC);
        int before = DEVICE.memory().liveBuffers();
        try (planes;
                pixels;
                Scope scope = Scope.open()) {
            planes.initialize(DEVICE, new Generator(1));
            pixels.initialize(DEVICE, new Generator(1));
            Tensor x = Tensor.randn(DEVICE, new Generator(2), 2, 4, 7, 9).requiresGrad(true);
            Tensor channelsLast = x.detach().toNhwc().requiresGrad(true);
            Tensor y = planes.forward(x);
            Tensor z = pixels.forward(channelsLast);
            assertEquals(pixels.outputShape(channelsLast.shape()), z.shape());
            assertEquals(y.toNhwc().shape(), z.shape());
            assertArrayEquals(y.toNhwc().toFloatArray(), z.toFloatArray());
            Tensor upstream = Tensor.randn(DEVICE, new Generator(3), y.shape().toArray());
            y.backward(upstream);
            z.backward(upstream.toNhwc());
            assertArrayEquals(
                    x.grad().toNhwc().toFloatArray(), channelsLast.grad().toFloatArray());
        }
        assertEquals(before, DEVICE.memory().liveBuffers());
    }

    @Test
    void nhwcRefusesWhatIsNoImage() {
        MaxPool2d pool = new MaxPool2d(2).layout(Layout.NHWC);
        assertThrows(ShapeException.class, () -> pool.outputShape(Shape.of(2, 3, 4)));
        try (Tensor x = Tensor.zeros(DEVICE, 2, 3, 4)) {
            ShapeException error = assertThrows(ShapeException.class, () -> pool.forward(x));
            assertTrue(error.getMessage().contains("(N, H, W, C)"), error.getMessage());
        }
    }

    @Test
    void wrongSizesAndOptionsAreRefusedByConstructors() {
        assertThrows(ShapeException.class, () -> new Conv2d(3, 4, 3, groups(2)));
        assertThrows(ShapeException.class, () -> new ConvTranspose2d(4, 3, 3, groups(2)));
        refused("expected sizes of at least 1, got shape (4, 0, 3, 3)", () -> new Conv2d(0, 4, 3));
        refused("expected sizes of at least 1, got shape (0, 1, 3, 3)", () -> new Conv2d(1, 0, 3));
        refused("expected sizes of at least 1, got shape (0)", () -> Conv2d.lazy(0, 3));
        refused("expected sizes of at least 1, got shape (1, 0, 3, 3)", () -> new ConvTranspose2d(1, 0, 3));
        refused("expected sizes of at least 1, got shape (0)", () -> ConvTranspose2d.lazy(0, 3));
        assertThrows(ShapeException.class, () -> new Conv2d(1, 4, 3, ceilMode()));
        refused("expected sizes of at least 1, got shape (4, 0)", () -> new Linear(0, 4));
        refused("expected sizes of at least 1, got shape (0)", () -> Linear.lazy(0));
        refused("expected sizes of at least 1, got shape (0)", () -> new BatchNorm2d(0));
        refused("expected sizes of at least 1, got shape (2, 0)", () -> new LayerNorm(2, 0));
        assertThrows(ShapeException.class, () -> new ConvTranspose2d(1, 4, 3, padding(Padding.SAME)));
        assertThrows(ShapeException.class, () -> new ConvTranspose2d(1, 4, 3, stride(2), outputPadding(1, 2)));
        refused("maxPool2d: expected a kernel of at least 1 by 1, got 0 by 0", () -> new MaxPool2d(0));
        refused("maxPool2d: expected a kernel of at least 1 by 1, got 2 by -1", () -> new MaxPool2d(2, -1));
        refused("maxPool2d has no option groups", () -> new MaxPool2d(2, groups(2)));
        refused("maxPool2d: the option stride was given twice", () -> new MaxPool2d(2, stride(1), stride(2)));
        refused("maxPool2d: padding must be smaller than the window", () -> new MaxPool2d(2, padding(2)));
        refused("maxPool2d: the window's height would be 2147483649", () -> new MaxPool2d(3, dilation(1 << 30)));
        refused("avgPool2d: expected a kernel of at least 1 by 1, got 0 by 3", () -> new AvgPool2d(0, 3));
        refused("avgPool2d has no option groups", () -> new AvgPool2d(2, groups(2)));
        refused("avgPool2d: the window's height would be 2147483649", () -> new AvgPool2d(3, dilation(1 << 30)));
        refused("avgPool2d: padding must be smaller than the window", () -> new AvgPool2d(3, padding(0, 0, 0, 3)));
        refused(
                "adaptiveAvgPool2d: expected an output of at least 1 by 1, got 0 by 2",
                () -> new AdaptiveAvgPool2d(0, 2));
        refused(
                "adaptiveAvgPool2d: expected an output of at least 1 by 1, got 2 by -3",
                () -> new AdaptiveAvgPool2d(2, -3));
        refused("groupNorm: 3 groups must divide the 4 channels", () -> new GroupNorm(3, 4));
        refused("expected sizes of at least 1, got shape (0)", () -> new GroupNorm(1, 0));
        refused("expected sizes of at least 1, got shape (0)", () -> new InstanceNorm2d(0));
        refused("layerNorm: expected a tensor with the last sizes (), at least one", () -> new LayerNorm());
        refused("localResponseNorm: expected a size of at least 1, got 0", () -> new LocalResponseNorm(0));
        refused("pixelShuffle: expected a factor of at least 1, got 0", () -> new PixelShuffle(0));
        refused("upsample: expected a finite scale above 0", () -> Upsample.byScale(-1, Interpolation.NEAREST));
        refused("upsample: expected a size of at least 1", () -> Upsample.toSize(0, 1, Interpolation.NEAREST));
        refused("expected padding of at least 0", () -> new ReflectionPad2d(-1));
        refused("GroupNorm(2, 4): expected (N, 4, ...)", () -> new GroupNorm(2, 4).outputShape(Shape.of(2, 6)));
        refused(
                "InstanceNorm2d(4): expected (N, 4, H, W)",
                () -> new InstanceNorm2d(4).outputShape(Shape.of(2, 6, 3, 3)));
        refused("layerNorm: expected a tensor", () -> new LayerNorm(4).outputShape(Shape.of(2, 6)));
        refused("padReflect: padding must be", () -> new ReflectionPad2d(3).outputShape(Shape.of(2, 6, 3, 3)));
        assertThrows(StriateException.class, () -> new GroupNorm(2, 4).epsilon(0));
        assertThrows(StriateException.class, () -> new Dropout(1));
        assertThrows(StriateException.class, () -> new BatchNorm2d(1).momentum(2));
        assertThrows(StriateException.class, () -> new BatchNorm2d(1).epsilon(0));
        assertThrows(StriateException.class, () -> new BatchNorm2d(1).epsilon(Float.POSITIVE_INFINITY));
        assertThrows(ShapeException.class, () -> new BatchNorm2d(3).outputShape(Shape.of(2, 4, 5, 5)));
    }

    private static void refused(String message, Executable constructor) {
        String got = assertThrows(ShapeException.class, constructor).getMessage();
        assertTrue(got.startsWith(message), got);
    }

    @Test
    void theInputIsNeverClosedAndIntermediatesAlwaysAre() {
        int before = DEVICE.memory().liveBuffers();
        List<Block> models = List.of(
                new Sequential(new Dropout(.5f), new Relu(), new Dropout(.5f), new Tanh(), new Flatten()),
                new Sequential(new Dropout(.5f)),
                new Sequential(new Flatten(), new Sequential(new Flatten(), new Relu())),
                new Residual(new Sequential(new Dropout(.5f)), new Dropout(.5f)),
                new Residual(new Relu()));
        for (Block model : models) {
            model.initialize(DEVICE, new Generator(1)).eval();
            try (Tensor x = Tensor.ones(DEVICE, 2, 1, 3, 3);
                    Tensor y = model.forward(x)) {
                assertEquals(before + (x == y ? 1 : 2), DEVICE.memory().liveBuffers());
                assertEquals(18, x.toFloatArray().length);
                assertEquals(18, y.toFloatArray().length);
            }
            assertEquals(before, DEVICE.memory().liveBuffers());
        }
    }

    @Test
    void dropoutDropsInTrainingAndIsTheIdentityInEvaluation() {
        Dropout dropout = new Dropout(.25f);
        int n = 4096;
        try (Scope scope = Scope.open()) {
            dropout.initialize(DEVICE, new Generator(1));
            Tensor x = Tensor.ones(DEVICE, n);
            float[] first = dropout.forward(x).toFloatArray();
            float[] second = dropout.forward(x).toFloatArray();
            assertFalse(Arrays.equals(first, second));
            int kept = 0;
            for (float value : first) {
                assertTrue(value == 0 || value == 1 / .75f);
                kept += value == 0 ? 0 : 1;
            }
            // Five deviations of a binomial count.
            assertEquals(.75 * n, kept, 5 * Math.sqrt(.75 * .25 * n));
            dropout.initialize(DEVICE, new Generator(1));
            assertArrayEquals(first, dropout.forward(x).toFloatArray());
            dropout.eval();
            assertSame(x, dropout.forward(x));
        }
    }

    @Test
    void batchNormUsesTheBatchInTrainingAndTheRunningStatisticsInEvaluation() {
        try (BatchNorm2d norm = new BatchNorm2d(1);
                Scope scope = Scope.open()) {
            norm.initialize(DEVICE, new Generator(1));
            Tensor x = Tensor.of(DEVICE, Shape.of(1, 1, 2, 2), 1, 2, 3, 6);
            // Mean 3, biased variance 14/4, unbiased 14/3.
            assertEquals(-2 / Math.sqrt(3.5 + 1e-5f), norm.forward(x).toFloatArray()[0], 1e-6);
            assertEquals(.1 * 3, norm.buffers().get("running_mean").item(), 1e-7);
            assertEquals(.9 + .1 * 14 / 3, norm.buffers().get("running_var").item(), 1e-6);
            norm.eval();
            assertEquals(
                    (1 - .3) / Math.sqrt(.9 + 1.4 / 3 + 1e-5f), norm.forward(x).toFloatArray()[0], 1e-6);
            assertEquals(.1 * 3, norm.buffers().get("running_mean").item(), 1e-7);
        }
    }

    @Test
    void theResidualGradientGoesBothWays() {
        Linear identity = new Linear(1, 1).bias(false).initializer(Initializer.ONES);
        try (Scope scope = Scope.open();
                Residual block = new Residual(identity)) {
            block.initialize(DEVICE, new Generator(1));
            Tensor x = Tensor.of(DEVICE, new float[][] {{3}, {-2}}).requiresGrad(true);
            Tensor y = block.forward(x);
            assertArrayEquals(new float[] {6, 0}, y.toFloatArray());
            y.sum().backward();
            assertArrayEquals(new float[] {2, 0}, x.grad().toFloatArray());
            assertArrayEquals(
                    new float[] {3},
                    block.parameters().get("body.weight").grad().toFloatArray());
        }
    }

    @Test
    void aResidualWhoseShapesDifferSaysSo() {
        ShapeException error = assertThrows(
                ShapeException.class, () -> new Residual(new Conv2d(1, 2, 1)).outputShape(Shape.of(1, 1, 3, 3)));
        assertTrue(error.getMessage().contains("shortcut"), error.getMessage());
    }

    @Test
    void residualBlocksCarryTorchvisionsNames() {
        try (ResidualBlock block = new ResidualBlock(2, 4, 2)) {
            block.initialize(DEVICE, new Generator(1));
            assertEquals(
                    List.of(
                            "conv1.weight",
                            "bn1.weight",
                            "bn1.bias",
                            "conv2.weight",
                            "bn2.weight",
                            "bn2.bias",
                            "downsample.0.weight",
                            "downsample.1.weight",
                            "downsample.1.bias"),
                    List.copyOf(block.parameters().keySet()));
            assertEquals(Shape.of(1, 4, 3, 3), block.outputShape(Shape.of(1, 2, 5, 5)));
        }
    }
}
