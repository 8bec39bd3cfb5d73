package dev.striate.nn;

import static java.util.Map.entry;

import dev.striate.StriateException;
import dev.striate.disk.PrintableText;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The blocks that a {@link BlockConfig} can name. Only these are made; a name is never taken for that of a class. */
final class KnownBlocks {

    private static final Map<String, Function<BlockConfig, Block>> BUILDERS = Map.ofEntries(
            entry("AdaptiveAvgPool2d", c -> new AdaptiveAvgPool2d(c.integer("height"), c.integer("width"))),
            entry("AvgPool2d", c -> new AvgPool2d(kernel(c)[0], kernel(c)[1], c.options())),
            entry(
                    "BatchNorm2d",
                    c -> new BatchNorm2d(c.integer("channels"))
                            .momentum(c.number("momentum"))
                            .epsilon(c.number("epsilon"))),
            entry(
                    "Conv2d",
                    c -> new Conv2d(c.integer("in"), c.integer("out"), kernel(c)[0], kernel(c)[1], c.options())
                            .bias(c.flag("bias"))),
            entry(
                    "ConvTranspose2d",
                    c -> new ConvTranspose2d(c.integer("in"), c.integer("out"), kernel(c)[0], kernel(c)[1], c.options())
                            .bias(c.flag("bias"))),
            entry("Dropout", c -> new Dropout(c.number("probability"))),
            entry("Elu", c -> new Elu(c.number("alpha"))),
            entry("Flatten", c -> new Flatten(c.integer("fromAxis"))),
            entry("Gelu", c -> new Gelu()),
            entry("GlobalAvgPool2d", c -> new GlobalAvgPool2d()),
            entry("GlobalMaxPool2d", c -> new GlobalMaxPool2d()),
            entry(
                    "GroupNorm",
                    c -> new GroupNorm(c.integer("groups"), c.integer("channels"))
                            .affine(c.flag("affine"))
                            .epsilon(c.number("epsilon"))),
            entry("HardSigmoid", c -> new HardSigmoid()),
            entry("HardSwish", c -> new HardSwish()),
            entry(
                    "InstanceNorm2d",
                    c -> new InstanceNorm2d(c.integer("channels"))
                            .affine(c.flag("affine"))
                            .epsilon(c.number("epsilon"))),
            entry(
                    "LayerNorm",
                    c -> new LayerNorm(c.integers("sizes"))
                            .affine(c.flag("affine"))
                            .epsilon(c.number("epsilon"))),
            entry("LeakyRelu", c -> new LeakyRelu(c.number("slope"))),
            entry("Linear", c -> new Linear(c.integer("in"), c.integer("out")).bias(c.flag("bias"))),
            entry(
                    "LocalResponseNorm",
                    c -> new LocalResponseNorm(c.integer("size"), c.number("alpha"), c.number("beta"), c.number("k"))),
            entry("LogSoftmax", c -> new LogSoftmax(c.integer("axis"))),
            entry("MaxPool2d", c -> new MaxPool2d(kernel(c)[0], kernel(c)[1], c.options())),
            entry("Mish", c -> new Mish()),
            entry("PixelShuffle", c -> new PixelShuffle(c.integer("factor"))),
            entry("Prelu", c -> new Prelu(c.integer("channels"))),
            entry("ReflectionPad2d", c -> {
                int[] sides = c.integers("padding", 4);
                return new ReflectionPad2d(sides[0], sides[1], sides[2], sides[3]);
            }),
            entry("Relu", c -> new Relu()),
            entry("ReplicationPad2d", c -> {
                int[] sides = c.integers("padding", 4);
                return new ReplicationPad2d(sides[0], sides[1], sides[2], sides[3]);
            }),
            entry("Residual", c -> new Residual(c.part("body").build(), partOrNull(c, "shortcut"))),
            entry("ResidualBlock", c -> new ResidualBlock(c.integer("in"), c.integer("out"), c.integer("stride"))),
            entry("Sequential", KnownBlocks::sequential),
            entry("Sigmoid", c -> new Sigmoid()),
            entry("Silu", c -> new Silu()),
            entry("Softmax", c -> new Softmax(c.integer("axis"))),
            entry("Softplus", c -> new Softplus()),
            entry("Tanh", c -> new Tanh()),
            entry("Upsample", Upsample::of));

    private KnownBlocks() {}

    static Block build(BlockConfig config) {
        Function<BlockConfig, Block> builder = BUILDERS.get(config.type());
        if (builder == null) {
            throw new StriateException("the structure of a network: unknown layer \""
                    + PrintableText.excerpt(config.type()) + "\"; known are " + new TreeSet<>(BUILDERS.keySet()));
        }
        Block block = builder.apply(config);
        if (config.has("layout") && block instanceof ImageLayer<?> layer) {
            layer.layout(layout(config.text("layout")));
        }
        return block;
    }

    private static Layout layout(String name) {
        for (Layout layout : Layout.values()) {
            if (layout.name().equals(name)) {
                return layout;
            }
        }
        throw new StriateException(
                "the structure of a network: unknown layout \"" + PrintableText.excerpt(name) + "\"");
    }

    /** Height and width. */
    private static int[] kernel(BlockConfig config) {
        return config.integers("kernel", 2);
    }

    private static @Nullable Block partOrNull(BlockConfig config, String name) {
        BlockConfig part = config.parts().get(name);
        return part == null ? null : part.build();
    }

    private static Block sequential(BlockConfig config) {
        Sequential.Builder parts = Sequential.builder();
        config.parts().forEach((name, part) -> parts.add(name, part.build()));
        return parts.build();
    }
}
