package dev.striate.models;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.data.Draws;
import dev.striate.data.Normalize;
import dev.striate.io.Image;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What must be known of a trained classifier besides its weights to use it: it travels as free text in the file of the weights.
 *
 * @param architecture the network
 * @param dataset      what it was trained on, in a word
 * @param classNames   what the classes are called, in the order of their labels
 * @param border       how many black pixels stand on each side of a picture within the network's input: 2 where 28x28 pixels
 *                     are seen in a field of 32x32
 * @param mean         per channel, taken from pixels between 0 and 1
 * @param deviation    per channel, what they are then divided by
 */
public record ModelDescription(
        Architecture architecture, String dataset, List<String> classNames, int border, List<Float> mean, List<Float> deviation) {

    private static final JsonFactory JSON = new JsonFactory();
    private static final String ARCHITECTURE = "model.architecture";
    private static final String DATASET = "model.dataset";
    private static final String CLASSES = "model.classes";
    private static final String BORDER = "model.border";
    private static final String MEAN = "model.mean";
    private static final String DEVIATION = "model.deviation";

    /** @throws StriateException if the numbers do not fit each other or the architecture's input */
    public ModelDescription {
        classNames = List.copyOf(classNames);
        mean = List.copyOf(mean);
        deviation = List.copyOf(deviation);
        Shape image = architecture.image();
        require(!classNames.isEmpty(), "at least one class", classNames);
        require(border >= 0 && 2 * border < Math.min(image.size(1), image.size(2)), "a border that leaves room in " + image,
                border);
        require(mean.size() == image.size(0) && mean.stream().allMatch(Float::isFinite), "a mean for each channel of " + image,
                mean);
        require(deviation.size() == image.size(0) && deviation.stream().allMatch(value -> value > 0 && Float.isFinite(value)),
                "a deviation above 0 for each channel of " + image, deviation);
    }

    /** The same, with the normalisation's figures. */
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
            throw new StriateException("a model's description: expected " + expected + ", got " + got);
        }
    }

    /** The shape of the network's input, {@code (channels, height, width)}. */
    public Shape image() {
        return architecture.image();
    }

    /** What the pixels of an image go through on their way into the network. */
    public Normalize normalize() {
        return new Normalize(floats(mean), floats(deviation));
    }

    /**
     * Brings a picture of any size to the network's input: the channels it takes, scaled and cut to the size within the border,
     * normalised.
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

    /** The description as the free text of a safetensors file. */
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
     * Reads what {@link #toMetadata} wrote; other entries are ignored.
     *
     * @throws StriateException if an entry is missing or makes no sense
     */
    public static ModelDescription of(Map<String, String> metadata) {
        try {
            return new ModelDescription(Architecture.named(entry(metadata, ARCHITECTURE)), entry(metadata, DATASET),
                    read(entry(metadata, CLASSES)), Integer.parseInt(entry(metadata, BORDER)),
                    numbers(entry(metadata, MEAN)), numbers(entry(metadata, DEVIATION)));
        } catch (IOException | NumberFormatException e) {
            throw new StriateException("a model's description cannot be read: " + e.getMessage(), e);
        }
    }

    private static String entry(Map<String, String> metadata, String key) {
        String value = metadata.get(key);
        if (value == null) {
            throw new StriateException("the file does not say what network it is for: there is no \"" + key + "\" among "
                    + metadata.keySet() + "; a file of bare weights is read by State.load into a network that one has built");
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
            throw new AssertionError("memory cannot fail to be written", e);
        }
        return text.toString();
    }

    private static List<Float> numbers(String text) throws IOException {
        return read(text).stream().map(Float::valueOf).toList();
    }

    /** The texts and numbers of a JSON array, as they are written. */
    private static List<String> read(String text) throws IOException {
        List<String> values = new ArrayList<>();
        try (JsonParser json = JSON.createParser(text)) {
            if (json.nextToken() != JsonToken.START_ARRAY) {
                throw new IOException("expected a list, got " + text);
            }
            while (json.nextToken() != JsonToken.END_ARRAY) {
                if (json.currentToken() == null || !json.currentToken().isScalarValue()) {
                    throw new IOException("expected a list of texts or numbers, got " + text);
                }
                values.add(json.getText());
            }
        }
        return values;
    }
}
