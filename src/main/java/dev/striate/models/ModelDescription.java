package dev.striate.models;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.data.Draws;
import dev.striate.data.Normalize;
import dev.striate.disk.PrintableText;
import dev.striate.io.Image;
import dev.striate.nn.Block;
import dev.striate.nn.BlockConfig;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a model file says about its network, in the metadata beside the weights: how the network is built, its input, the
 * names of the classes, and how pictures are prepared.
 *
 * <pre>{@code
 * ModelDescription description = ModelDescription.of(model, Shape.of(1, 28, 28))
 *         .withClassNames(List.of("cat", "dog"))
 *         .withNormalize(new Normalize(0.5f, 0.25f));
 * description.save(model, Path.of("model.safetensors"));
 * }</pre>
 *
 * @param builder    the name of the {@link NetworkBuilder}, or empty if there is a structure
 * @param settings   the settings for the builder
 * @param structure  the network itself, if it consists of Striate's own layers; otherwise null
 * @param input      the shape of one input, {@code (channels, height, width)}
 * @param dataset    the name of the training data set, or empty
 * @param classNames the names of the classes in the order of their labels, or empty
 * @param border     the width in pixels of the black border around a picture in the network's input: 2 if 28x28
 *     pixels are centred in 32x32
 * @param mean       the mean of each channel, which is subtracted from pixels between 0 and 1
 * @param deviation  the standard deviation of each channel, by which the difference is divided
 * @param metadata   further entries of the file, for programs
 */
public record ModelDescription(
        String builder,
        Map<String, String> settings,
        @Nullable BlockConfig structure,
        Shape input,
        String dataset,
        List<String> classNames,
        int border,
        List<Float> mean,
        List<Float> deviation,
        Map<String, String> metadata) {

    private static final JsonFactory JSON = new JsonFactory();

    /** So that names without weights, which a file may have, take little memory. */
    private static final int MOST_CLASSES = 1_000_000;

    /** The keys of this class start with this. */
    private static final String KEYS = "model.";

    private static final String BUILDER = KEYS + "architecture";
    private static final String SETTINGS = KEYS + "settings";
    private static final String STRUCTURE = KEYS + "structure";
    private static final String INPUT = KEYS + "input";
    private static final String DATASET = KEYS + "dataset";
    private static final String CLASSES = KEYS + "classes";
    private static final String BORDER = KEYS + "border";
    private static final String MEAN = KEYS + "mean";
    private static final String DEVIATION = KEYS + "deviation";

    /** @throws StriateException if a value is invalid or does not fit the input */
    public ModelDescription {
        settings = Map.copyOf(settings);
        classNames = List.copyOf(classNames);
        mean = List.copyOf(mean);
        deviation = List.copyOf(deviation);
        metadata = Map.copyOf(metadata);
        require(builder.isEmpty() != (structure == null), "either a builder or a structure", builder);
        requireImageShape(input);
        require(
                border >= 0 && 2L * border < Math.min(input.size(1), input.size(2)),
                "a border that leaves room in " + input,
                border);
        require(
                mean.size() == input.size(0) && mean.stream().allMatch(Float::isFinite),
                "a mean for each channel of " + input,
                mean);
        require(
                deviation.size() == input.size(0)
                        && deviation.stream().allMatch(value -> value > 0 && Float.isFinite(value)),
                "a deviation above 0 for each channel of " + input,
                deviation);
        for (String key : metadata.keySet()) {
            require(!key.startsWith(KEYS), "free metadata whose keys do not start with " + KEYS, key);
        }
    }

    static void requireImageShape(Shape input) {
        require(input.rank() == 3 && input.elements() > 0, "the shape of one input, (channels, height, width)", input);
    }

    /**
     * Returns the description of a network of Striate's own layers and containers. Pixels are not normalised, and
     * classes have no names.
     *
     * @param input the shape of one input, {@code (channels, height, width)}
     * @throws StriateException if the network contains a block of another class; see {@link #of(NetworkBuilder, Map)}
     */
    public static ModelDescription of(Block network, Shape input) {
        requireImageShape(input);
        return of("", Map.of(), network.config(), input);
    }

    /** Returns the description of a network that a builder builds; otherwise like {@link #of(Block, Shape)}. */
    public static ModelDescription of(NetworkBuilder builder, Map<String, String> settings) {
        return of(builder.name(), settings, null, builder.input());
    }

    /** Returns the description of the network that a {@linkplain NetworkBuilder#ofClasses builder} builds for classes. */
    public static ModelDescription of(NetworkBuilder builder, List<String> classNames) {
        return of(builder, Map.of(NetworkBuilder.CLASSES, Integer.toString(classNames.size())))
                .withClassNames(classNames);
    }

    private static ModelDescription of(
            String builder, Map<String, String> settings, @Nullable BlockConfig structure, Shape input) {
        List<Float> zeros = Collections.nCopies(input.size(0), 0f);
        List<Float> ones = Collections.nCopies(input.size(0), 1f);
        return new ModelDescription(builder, settings, structure, input, "", List.of(), 0, zeros, ones, Map.of());
    }

    /** Returns this description with another name of the training data set. */
    public ModelDescription withDataset(String name) {
        return new ModelDescription(
                builder, settings, structure, input, name, classNames, border, mean, deviation, metadata);
    }

    /** Returns this description with other names of the classes, in the order of their labels. */
    public ModelDescription withClassNames(List<String> names) {
        return new ModelDescription(
                builder, settings, structure, input, dataset, names, border, mean, deviation, metadata);
    }

    /** Returns this description with a black border of this width, in pixels, around each picture. */
    public ModelDescription withBorder(int pixels) {
        return new ModelDescription(
                builder, settings, structure, input, dataset, classNames, pixels, mean, deviation, metadata);
    }

    /** Returns this description with another normalisation of pixels between 0 and 1. */
    public ModelDescription withNormalize(Normalize normalize) {
        return new ModelDescription(
                builder,
                settings,
                structure,
                input,
                dataset,
                classNames,
                border,
                list(normalize.mean()),
                list(normalize.deviation()),
                metadata);
    }

    /** Returns this description with another entry for programs. The key must not start with {@code model.}. */
    public ModelDescription withMetadata(String key, String value) {
        Map<String, String> more = new LinkedHashMap<>(metadata);
        more.put(key, value);
        return new ModelDescription(
                builder, settings, structure, input, dataset, classNames, border, mean, deviation, more);
    }

    private static List<Float> list(float[] values) {
        List<Float> list = new ArrayList<>();
        for (float value : values) {
            list.add(value);
        }
        return list;
    }

    private static void require(boolean holds, String expected, Object got) {
        if (!holds) {
            throw new StriateException(
                    "a model's description: expected " + expected + ", got " + PrintableText.excerpt(got.toString()));
        }
    }

    /** Returns the name of the network: that of its builder, or {@code Sequential}. */
    public String name() {
        return structure == null ? builder : structure.type();
    }

    /** Returns the shape of a batch of inputs, {@code (N, channels, height, width)}. */
    public Shape batch(int images) {
        return Shape.of(images, input.size(0), input.size(1), input.size(2));
    }

    /**
     * Builds the network. Its parameters do not exist until it is initialised.
     *
     * @param given builders in addition to the {@linkplain NetworkCatalog registered} ones
     * @throws StriateException if there is no such builder, or the settings or the structure are invalid
     */
    public Block build(NetworkBuilder... given) {
        return structure == null ? Networks.named(builder, given).build().apply(settings) : structure.build();
    }

    /**
     * Writes a model file: the weights of a network with this description.
     *
     * @throws StriateException if the network is not initialised, or the file cannot be written
     */
    public void save(Block network, Path file) {
        network.save(file, toMetadata());
    }

    /** Returns the normalisation of the input pixels. */
    public Normalize normalize() {
        return new Normalize(floats(mean), floats(deviation));
    }

    /**
     * Converts a picture of any size to the network's input: it is converted to greyscale or colour, scaled and cropped
     * to the size within the border, and normalised.
     *
     * @return the values in row-major order of {@link #input()}
     */
    public float[] prepare(Image picture) {
        int height = input.size(1) - 2 * border;
        int width = input.size(2) - 2 * border;
        float[] pixels = picture.withChannels(input.size(0)).fit(height, width).toFloats();
        float[] values = new float[input.elements()];
        for (int row = 0; row < input.size(0) * height; row++) {
            int channel = row / height;
            int line = (channel * input.size(1) + border + row % height) * input.size(2) + border;
            System.arraycopy(pixels, row * width, values, line, width);
        }
        normalize().apply(values, 0, input, new Draws(0, 0, 0));
        return values;
    }

    private static float[] floats(List<Float> list) {
        float[] values = new float[list.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = list.get(i);
        }
        return values;
    }

    // ---- As text

    /** Returns the description as metadata of a safetensors file. */
    public Map<String, String> toMetadata() {
        Map<String, String> all = new LinkedHashMap<>(metadata);
        if (structure == null) {
            all.put(BUILDER, builder);
            all.put(SETTINGS, write(settings));
        } else {
            all.put(STRUCTURE, StructureJson.write(structure));
        }
        all.put(INPUT, write(Arrays.stream(input.toArray()).boxed().toList()));
        all.put(DATASET, dataset);
        all.put(CLASSES, write(classNames));
        all.put(BORDER, Integer.toString(border));
        all.put(MEAN, write(mean));
        all.put(DEVIATION, write(deviation));
        return all;
    }

    /**
     * Reads a description from the entries that {@link #toMetadata} wrote.
     *
     * @throws StriateException if an entry is missing or invalid
     */
    public static ModelDescription of(Map<String, String> metadata) {
        return of(metadata, Long.MAX_VALUE);
    }

    /**
     * Reads a description from a file with {@code dataBytes} bytes of tensors. It rejects more classes than these can
     * have weights for.
     */
    static ModelDescription of(Map<String, String> metadata, long dataBytes, NetworkBuilder... given) {
        try {
            int mostClasses = (int) Math.min(MOST_CLASSES, dataBytes);
            List<String> classNames = read(metadata, CLASSES, mostClasses);
            String structure = metadata.get(STRUCTURE);
            String builder = structure == null ? entry(metadata, BUILDER) : "";
            Shape input = metadata.containsKey(INPUT) || structure != null
                    ? shape(read(metadata, INPUT, 3))
                    : Networks.named(builder, given).input();
            Map<String, String> settings = Map.of();
            if (structure == null) {
                settings = metadata.containsKey(SETTINGS)
                        ? readSettings(entry(metadata, SETTINGS))
                        : Map.of(NetworkBuilder.CLASSES, Integer.toString(classNames.size()));
            }
            Map<String, String> others = new LinkedHashMap<>(metadata);
            others.keySet().removeIf(key -> key.startsWith(KEYS));
            return new ModelDescription(
                    builder,
                    settings,
                    structure == null ? null : StructureJson.read(structure),
                    input,
                    entry(metadata, DATASET),
                    classNames,
                    Integer.parseInt(entry(metadata, BORDER)),
                    numbers(metadata, MEAN, input.size(0)),
                    numbers(metadata, DEVIATION, input.size(0)),
                    others);
        } catch (IOException | NumberFormatException e) {
            throw new StriateException(
                    "the model's description cannot be read: " + PrintableText.excerpt(String.valueOf(e.getMessage())),
                    e);
        }
    }

    private static Shape shape(List<String> sizes) {
        Shape shape =
                Shape.ofPositive(sizes.stream().mapToInt(Integer::parseInt).toArray());
        requireImageShape(shape);
        return shape;
    }

    private static String entry(Map<String, String> metadata, String key) {
        String value = metadata.get(key);
        if (value == null) {
            throw new StriateException(
                    "the file does not describe a network: its metadata have no \"" + key + "\", only "
                            + PrintableText.excerpt(metadata.keySet().toString())
                            + "; to load weights alone, build the network and call its load method");
        }
        return value;
    }

    private static String write(List<?> values) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartArray();
            for (Object value : values) {
                if (value instanceof Float number) {
                    json.writeNumber(number);
                } else if (value instanceof Integer number) {
                    json.writeNumber(number);
                } else {
                    json.writeString(value.toString());
                }
            }
            json.writeEndArray();
        } catch (IOException e) {
            throw new AssertionError("writing to memory cannot fail", e);
        }
        return text.toString();
    }

    private static String write(Map<String, String> entries) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartObject();
            for (Map.Entry<String, String> entry : new TreeMap<>(entries).entrySet()) {
                json.writeStringField(entry.getKey(), entry.getValue());
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new AssertionError("writing to memory cannot fail", e);
        }
        return text.toString();
    }

    private static Map<String, String> readSettings(String text) throws IOException {
        Map<String, String> entries = new LinkedHashMap<>();
        try (JsonParser json = JSON.createParser(text)) {
            boolean object = json.nextToken() == JsonToken.START_OBJECT;
            for (String key = json.nextFieldName(); object && key != null; key = json.nextFieldName()) {
                if (json.nextToken() != JsonToken.VALUE_STRING) {
                    throw new IOException(SETTINGS + " has an entry that is not a text");
                }
                entries.put(key, json.getText());
            }
            if (!object || json.nextToken() != null) {
                throw new IOException(SETTINGS + " is not one object");
            }
        }
        return entries;
    }

    private static List<Float> numbers(Map<String, String> metadata, String key, int most) throws IOException {
        return read(metadata, key, most).stream().map(Float::valueOf).toList();
    }

    /** Returns the strings and numbers of a JSON array as text. */
    private static List<String> read(Map<String, String> metadata, String key, int most) throws IOException {
        List<String> values = new ArrayList<>();
        try (JsonParser json = JSON.createParser(entry(metadata, key))) {
            boolean array = json.nextToken() == JsonToken.START_ARRAY;
            while (array && json.nextToken() != JsonToken.END_ARRAY) {
                if (json.currentToken() == null || !json.currentToken().isScalarValue()) {
                    throw new IOException(key + " is not a list of strings or numbers");
                }
                if (values.size() == most) {
                    throw new IOException(key + " has more than " + most + " entries");
                }
                values.add(json.getText());
            }
            if (!array || json.nextToken() != null) {
                throw new IOException(key + " is not one list");
            }
        }
        return values;
    }
}
