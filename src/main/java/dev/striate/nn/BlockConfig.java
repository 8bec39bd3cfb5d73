package dev.striate.nn;

import dev.striate.Padding;
import dev.striate.StriateException;
import dev.striate.WindowOption;
import dev.striate.disk.PrintableText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How a block was made: its type, its settings and, for containers, its parts. {@link #build} makes the same block
 * again, without its weights. Initialisers are not part of it, because the weights are loaded.
 *
 * <pre>{@code
 * BlockConfig config = new Linear(64, 10).config();     // Linear {in=64, out=10, bias=true}
 * Block same = config.build();
 * }</pre>
 *
 * @param type     the simple name of a class of this package
 * @param settings numbers, booleans, texts and lists of integers by name
 * @param parts    the parts by name, in order
 */
public record BlockConfig(String type, Map<String, Object> settings, Map<String, BlockConfig> parts) {

    public BlockConfig {
        settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
        parts = Collections.unmodifiableMap(new LinkedHashMap<>(parts));
    }

    /** Returns a configuration without settings and parts. */
    static BlockConfig of(Block block) {
        return new BlockConfig(block.getClass().getSimpleName(), Map.of(), Map.of());
    }

    /** Returns this configuration with another setting. */
    BlockConfig with(String key, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(settings);
        more.put(key, value);
        return new BlockConfig(type, more, parts);
    }

    /** Returns this configuration with a part. */
    BlockConfig withPart(String name, BlockConfig part) {
        Map<String, BlockConfig> more = new LinkedHashMap<>(parts);
        more.put(name, part);
        return new BlockConfig(type, settings, more);
    }

    /** Returns this configuration with a setting for each option. */
    BlockConfig with(WindowOption... options) {
        BlockConfig config = this;
        for (WindowOption option : options) {
            config = config.with(option.kind().toString(), value(option));
        }
        return config;
    }

    private static Object value(WindowOption option) {
        return switch (option.kind()) {
            case STRIDE, DILATION, OUTPUT_PADDING -> List.of(option.height(), option.width());
            case GROUPS -> option.height();
            case CEIL_MODE, COUNT_INCLUDE_PAD -> option.height() == 1;
            case PADDING -> {
                Padding padding = option.padding();
                yield padding.rule() == Padding.Rule.GIVEN
                        ? List.of(padding.top(), padding.bottom(), padding.left(), padding.right())
                        : padding.rule().name().toLowerCase(Locale.ROOT);
            }
        };
    }

    /**
     * Builds the block. Its parameters do not exist until it is initialised.
     *
     * @throws StriateException if the type is not one of this package, or a setting is missing or invalid
     */
    public Block build() {
        return KnownBlocks.build(this);
    }

    // ---- Reading settings

    boolean has(String key) {
        return settings.containsKey(key);
    }

    int integer(String key) {
        return get(key, Integer.class, "an integer");
    }

    float number(String key) {
        return get(key, Number.class, "a number").floatValue();
    }

    boolean flag(String key) {
        return get(key, Boolean.class, "true or false");
    }

    String text(String key) {
        return get(key, String.class, "a text");
    }

    int[] integers(String key) {
        List<?> list = get(key, List.class, "a list");
        if (!list.stream().allMatch(Integer.class::isInstance)) {
            throw invalid(key, "integers", list);
        }
        return list.stream().mapToInt(Integer.class::cast).toArray();
    }

    /** Returns a list of {@code count} integers. */
    int[] integers(String key, int count) {
        int[] list = integers(key);
        if (list.length != count) {
            throw invalid(key, count + " integers", Arrays.toString(list));
        }
        return list;
    }

    BlockConfig part(String name) {
        BlockConfig part = parts.get(name);
        if (part == null) {
            throw new StriateException("the structure of a network: " + type() + " has no part \"" + name + "\"");
        }
        return part;
    }

    /** Returns the options that {@link #with(WindowOption...)} has set. */
    WindowOption[] options() {
        List<WindowOption> options = new ArrayList<>();
        for (WindowOption.Kind kind : WindowOption.Kind.values()) {
            if (has(kind.toString())) {
                options.add(option(kind, kind.toString()));
            }
        }
        return options.toArray(WindowOption[]::new);
    }

    private WindowOption option(WindowOption.Kind kind, String key) {
        return switch (kind) {
            case STRIDE -> WindowOption.stride(integers(key, 2)[0], integers(key, 2)[1]);
            case DILATION -> WindowOption.dilation(integers(key, 2)[0], integers(key, 2)[1]);
            case OUTPUT_PADDING -> WindowOption.outputPadding(integers(key, 2)[0], integers(key, 2)[1]);
            case GROUPS -> WindowOption.groups(integer(key));
            case CEIL_MODE -> WindowOption.ceilMode();
            case COUNT_INCLUDE_PAD -> WindowOption.countIncludePad(flag(key));
            case PADDING -> WindowOption.padding(padding(key));
        };
    }

    private Padding padding(String key) {
        if (settings.get(key) instanceof String) {
            String rule = text(key);
            return switch (rule) {
                case "same" -> Padding.SAME;
                case "full" -> Padding.FULL;
                default -> throw invalid(key, "same, full or four integers", rule);
            };
        }
        int[] sides = integers(key, 4);
        return Padding.of(sides[0], sides[1], sides[2], sides[3]);
    }

    private <T> T get(String key, Class<T> kind, String expected) {
        Object value = settings.get(key);
        if (!kind.isInstance(value)) {
            throw invalid(key, expected, value == null ? "nothing" : value);
        }
        return kind.cast(value);
    }

    private StriateException invalid(String key, String expected, Object got) {
        return new StriateException("the structure of a network: " + PrintableText.excerpt(type()) + " needs " + key
                + ", " + expected + ", got " + PrintableText.excerpt(got.toString()));
    }

    @Override
    public String toString() {
        return type + " " + settings + (parts.isEmpty() ? "" : " " + parts);
    }
}
