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
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The information that is needed to use a trained classifier, in addition to its weights. It is stored in the metadata
 * of the weights' file.
 *
 * @param architecture the network
 * @param dataset      the name of the training data set
 * @param classNames   the names of the classes, in the order of their labels
 * @param border       the width in pixels of the black border around a picture in the network's input: 2 if 28x28
 *     pixels are centred in 32x32
 * @param mean         the mean of each channel, which is subtracted from pixels between 0 and 1
 * @param deviation    the standard deviation of each channel, by which the difference is divided
 */
public record ModelDescription(
        Architecture architecture,
        String dataset,
        List<String> classNames,
        int border,
        List<Float> mean,
        List<Float> deviation) {

    private static final JsonFactory JSON = new JsonFactory();
    private static final String ARCHITECTURE = "model.architecture";
    private static final String DATASET = "model.dataset";
    private static final String CLASSES = "model.classes";
    private static final String BORDER = "model.border";
    private static final String MEAN = "model.mean";
    private static final String DEVIATION = "model.deviation";

    /**
     * @throws StriateException if a value is invalid or does not fit the architecture's input, or there is no class
     *     name
     */
    public ModelDescription {
        classNames = List.copyOf(classNames);
        mean = List.copyOf(mean);
        deviation = List.copyOf(deviation);
        Shape image = architecture.image();
        require(!classNames.isEmpty(), "at least one class", classNames);
        require(
                border >= 0 && 2L * border < Math.min(image.size(1), image.size(2)),
                "a border that leaves room in " + image,
                border);
        require(
                mean.size() == image.size(0) && mean.stream().allMatch(Float::isFinite),
                "a mean for each channel of " + image,
                mean);
        require(
                deviation.size() == image.size(0)
                        && deviation.stream().allMatch(value -> value > 0 && Float.isFinite(value)),
                "a deviation above 0 for each channel of " + image,
                deviation);
    }

    /** Creates a description with the mean and deviation of a normalisation. */
    public ModelDescription(
            Architecture architecture, String dataset, List<String> classNames, int border, Normalize normalize) {
        this(architecture, dataset, classNames, border, list(normalize.mean()), list(normalize.deviation()));
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

    /** Returns the shape of the network's input, {@code (channels, height, width)}. */
    public Shape image() {
        return architecture.image();
    }

    /** Returns the normalisation of the input pixels. */
    public Normalize normalize() {
        return new Normalize(floats(mean), floats(deviation));
    }

    /**
     * Converts a picture of any size to the network's input: it is converted to greyscale or colour, scaled and cropped
     * to the size within the border, and normalised.
     *
     * @return the values in row-major order of {@link #image()}
     */
    public float[] prepare(Image picture) {
        Shape input = image();
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
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(ARCHITECTURE, architecture.toString());
        metadata.put(DATASET, dataset);
        metadata.put(CLASSES, write(classNames));
        metadata.put(BORDER, Integer.toString(border));
        metadata.put(MEAN, write(mean));
        metadata.put(DEVIATION, write(deviation));
        return metadata;
    }

    /**
     * Reads a description from the entries that {@link #toMetadata} wrote; other entries are ignored.
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
    static ModelDescription of(Map<String, String> metadata, long dataBytes) {
        try {
            Architecture architecture = Architecture.named(entry(metadata, ARCHITECTURE));
            int channels = architecture.image().size(0);
            return new ModelDescription(
                    architecture,
                    entry(metadata, DATASET),
                    read(metadata, CLASSES, architecture.mostClasses(dataBytes)),
                    Integer.parseInt(entry(metadata, BORDER)),
                    numbers(metadata, MEAN, channels),
                    numbers(metadata, DEVIATION, channels));
        } catch (IOException | NumberFormatException e) {
            throw new StriateException(
                    "the model's description cannot be read: " + PrintableText.excerpt(String.valueOf(e.getMessage())),
                    e);
        }
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
                    throw new IOException(
                            key + " has more than " + most + " entries, for which the file has no weights");
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
