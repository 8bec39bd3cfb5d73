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
 * What must be known about a trained classifier besides its weights to use it. It is kept in the metadata of the weights' file.
 *
 * @param architecture the network
 * @param dataset      the name of the data set that it was trained on
 * @param classNames   the names of the classes, in the order of their labels
 * @param border       the number of black pixels on each side of a picture within the network's input: 2 where 28x28 pixels are
 *                     centred in 32x32
 * @param mean         per channel, subtracted from pixels between 0 and 1
 * @param deviation    per channel, the divisor of the result
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
        require(border >= 0 && 2L * border < Math.min(image.size(1), image.size(2)), "a border that leaves room in " + image,
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
            throw new StriateException("a model's description: expected " + expected + ", got "
                    + PrintableText.excerpt(got.toString()));
        }
    }

    /** The shape of the network's input, {@code (channels, height, width)}. */
    public Shape image() {
        return architecture.image();
    }

    /** The normalisation of an image's pixels before they enter the network. */
    public Normalize normalize() {
        return new Normalize(floats(mean), floats(deviation));
    }

    /**
     * Converts a picture of any size to the network's input: to its channels, scaled and cropped to the size within the border,
     * and normalised.
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

    /** The description as metadata of a safetensors file. */
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
     * @throws StriateException if an entry is missing or invalid
     */
    public static ModelDescription of(Map<String, String> metadata) {
        return of(metadata, Long.MAX_VALUE);
    }

    /** The same, for a file whose tensors take so many bytes: it refuses more classes than these can be the weights of. */
    static ModelDescription of(Map<String, String> metadata, long dataBytes) {
        try {
            Architecture architecture = Architecture.named(entry(metadata, ARCHITECTURE));
            int channels = architecture.image().size(0);
            return new ModelDescription(architecture, entry(metadata, DATASET), read(metadata, CLASSES, architecture.mostClasses(dataBytes)),
                    Integer.parseInt(entry(metadata, BORDER)), numbers(metadata, MEAN, channels),
                    numbers(metadata, DEVIATION, channels));
        } catch (IOException | NumberFormatException e) {
            throw new StriateException("the model's description cannot be read: " + PrintableText.excerpt(String.valueOf(e.getMessage())), e);
        }
    }

    private static String entry(Map<String, String> metadata, String key) {
        String value = metadata.get(key);
        if (value == null) {
            throw new StriateException("the file does not describe a network: its metadata have no \"" + key + "\", only "
                    + PrintableText.excerpt(metadata.keySet().toString())
                    + "; to load weights alone, build the network and call State.load");
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

    /** The strings and numbers of a JSON array, as they are written. */
    private static List<String> read(Map<String, String> metadata, String key, int most) throws IOException {
        List<String> values = new ArrayList<>();
        try (JsonParser json = JSON.createParser(entry(metadata, key))) {
            boolean array = json.nextToken() == JsonToken.START_ARRAY;
            while (array && json.nextToken() != JsonToken.END_ARRAY) {
                if (json.currentToken() == null || !json.currentToken().isScalarValue()) {
                    throw new IOException(key + " is not a list of strings or numbers");
                }
                if (values.size() == most) {
                    throw new IOException(key + " has more than " + most + " entries, for which the file has no weights");
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
