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
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Interpolation;
import dev.striate.Padding;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class BlockConfigTest {

    private static final Shape IMAGES = Shape.of(2, 4, 9, 7);

    static Stream<Arguments> blocks() {
        return Stream.of(
                        new Conv2d(4, 6, 3, 2, stride(2, 1), padding(1, 0, 2, 1), dilation(2), groups(2)).bias(false),
                        new Conv2d(4, 6, 3, padding(Padding.SAME)),
                        new Conv2d(4, 6, 3, padding(Padding.FULL)).layout(Layout.NCHW),
                        new ConvTranspose2d(4, 6, 3, stride(2), outputPadding(1, 0), groups(2)),
                        new MaxPool2d(3, 2, stride(2), padding(1, 0), dilation(1, 2), ceilMode()),
                        new AvgPool2d(3, stride(2), padding(1), countIncludePad(false)),
                        new AvgPool2d(2),
                        new AdaptiveAvgPool2d(3, 2),
                        new GlobalAvgPool2d(),
                        new BatchNorm2d(4).momentum(0.25f).epsilon(1e-3f),
                        new Flatten(2),
                        new Flatten(),
                        new Linear(7, 3).bias(false),
                        new Dropout(0.3f),
                        new Elu(0.7f),
                        new LeakyRelu(0.2f),
                        new Prelu(4),
                        new Softmax(1),
                        new LogSoftmax(-1),
                        new Gelu(),
                        new HardSigmoid(),
                        new HardSwish(),
                        new Mish(),
                        new Relu(),
                        new Sigmoid(),
                        new Silu(),
                        new Softplus(),
                        new Tanh(),
                        new GlobalMaxPool2d(),
                        new GroupNorm(2, 4).epsilon(1e-3f),
                        new InstanceNorm2d(4).affine(true),
                        new LayerNorm(9, 7).affine(false),
                        new LocalResponseNorm(3, 0.1f, 0.5f, 2),
                        new PixelShuffle(2),
                        new ReflectionPad2d(1, 2, 3, 0),
                        new ReplicationPad2d(2),
                        Upsample.byScale(1.7, 2, Interpolation.BILINEAR),
                        Upsample.toSize(5, 11, Interpolation.NEAREST),
                        new Residual(new Conv2d(4, 4, 3, padding(1))),
                        new Residual(new Conv2d(4, 6, 1), new Conv2d(4, 6, 1)),
                        new ResidualBlock(4, 6, 2),
                        Sequential.builder()
                                .add("first", new Conv2d(4, 3, 3))
                                .add("second", new Sequential(new Relu(), new MaxPool2d(2)))
                                .build())
                .map(Arguments::of);
    }

    /** With the same weights, the block and the one built from its configuration give the same bits. */
    @ParameterizedTest
    @MethodSource("blocks")
    void buildsTheSameBlock(Block block) {
        Device device = Device.cpu();
        try (Block same = block.config().build();
                Tensor x = Tensor.randn(device, new Generator(3), IMAGES.toArray())) {
            assertEquals(block.config(), same.config());
            assertEquals(block.toString(), same.toString());
            block.initialize(device, new Generator(1)).eval();
            same.initialize(device, new Generator(1)).eval();
            try (Tensor y = block.forward(x);
                    Tensor again = same.forward(x)) {
                assertEquals(y.shape(), again.shape());
                assertArrayEquals(y.toFloatArray(), again.toFloatArray());
            }
        } finally {
            block.close();
        }
    }

    @Test
    void theLayoutIsKept() {
        Block block = new Conv2d(7, 5, 1).layout(Layout.NHWC);
        assertEquals("NHWC", block.config().settings().get("layout"));
        assertEquals(block.config(), block.config().build().config());
    }

    @Test
    void othersHaveNone() {
        Block own = new Block() {
            @Override
            protected Tensor compute(Tensor x) {
                return x;
            }
        };
        String message = assertThrows(StriateException.class, () -> new Sequential(new Relu(), own).config())
                .getMessage();
        assertTrue(message.contains("BlockConfigTest") && message.contains("NetworkBuilder"), message);
    }

    @Test
    void whatIsMissingOrWrongIsNamed() {
        assertEquals(
                "the structure of a network: Linear needs out, an integer, got nothing",
                refusal("Linear", Map.of("in", 3)));
        assertEquals(
                "the structure of a network: Linear needs in, an integer, got x", refusal("Linear", Map.of("in", "x")));
        assertEquals(
                "the structure of a network: MaxPool2d needs kernel, 2 integers, got [1]",
                refusal("MaxPool2d", Map.of("kernel", List.of(1))));
        assertTrue(refusal("java.io.File", Map.of()).startsWith("the structure of a network: unknown layer "));
        assertEquals("the structure of a network: Residual has no part \"body\"", refusal("Residual", Map.of()));
        assertThrows(
                StriateException.class,
                () -> new BlockConfig("Linear", Map.of("in", 1 << 20, "out", 1 << 20, "bias", true), Map.of()).build());
    }

    private static String refusal(String type, Map<String, Object> settings) {
        return assertThrows(StriateException.class, () -> new BlockConfig(type, settings, Map.of()).build())
                .getMessage();
    }
}
