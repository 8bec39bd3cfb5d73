package dev.striate.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.striate.Shape;
import dev.striate.ShapeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A safetensors header that was checked: every tensor's type is one that can be read, its offsets fit its shape, and the tensors
 * cover the file's data without gap or overlap.
 *
 * @param entries  where each tensor is, in the header's order
 * @param metadata the free text that came along
 */
record SafetensorsHeader(Map<String, Entry> entries, Map<String, String> metadata) {

    static final String METADATA = "__metadata__";

    /** The limit that the format's own library sets. */
    static final int MAX_BYTES = 100_000_000;

    /** More axes than anybody's tensors have. */
    private static final int MOST_NUMBERS = 64;

    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(8).maxStringLength(MAX_BYTES).build())
            .build();

    /**
     * Where a tensor is.
     *
     * @param begin the first byte, counted from the end of the header
     * @param end   the byte after the last
     */
    record Entry(NumberType type, Shape shape, long begin, long end) {}

    /** What makes a file no safetensors file, in words. */
    static final class Malformed extends Exception {

        Malformed(String reason) {
            super(reason);
        }
    }

    /**
     * Reads and checks a header.
     *
     * @param json      its bytes
     * @param dataBytes how many bytes follow it in the file
     */
    static SafetensorsHeader parse(byte[] json, long dataBytes) throws Malformed {
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json)).toString();
        } catch (CharacterCodingException e) {
            throw new Malformed("the header is not valid UTF-8");
        }
        if (!text.startsWith("{")) {
            throw new Malformed("the header does not start with {");
        }
        Map<String, Entry> entries = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        try (JsonParser parser = JSON.createParser(text)) {
            parser.nextToken();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                require(parser.nextToken() == JsonToken.START_OBJECT, "\"" + name + "\" is not an object");
                if (name.equals(METADATA)) {
                    parseMetadata(parser, metadata);
                } else {
                    entries.put(name, parseEntry(parser, name));
                }
            }
            require(parser.nextToken() == null, "something follows the header's closing brace");
        } catch (JsonProcessingException e) {
            throw new Malformed("the header is not valid JSON: " + e.getOriginalMessage());
        } catch (IOException e) {
            throw new AssertionError("a string cannot fail to be read", e);
        }
        requireCover(entries, dataBytes);
        return new SafetensorsHeader(entries, metadata);
    }

    private static void parseMetadata(JsonParser parser, Map<String, String> metadata) throws IOException, Malformed {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            require(parser.nextToken() == JsonToken.VALUE_STRING, METADATA + " \"" + key + "\" is not a string");
            metadata.put(key, parser.getText());
        }
    }

    private static Entry parseEntry(JsonParser parser, String name) throws IOException, Malformed {
        String tensor = "tensor \"" + name + "\"";
        String type = null;
        long @Nullable [] sizes = null;
        long @Nullable [] offsets = null;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String field = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (field) {
                case "dtype" -> {
                    require(value == JsonToken.VALUE_STRING, tensor + ": dtype is not a string");
                    type = parser.getText();
                }
                case "shape" -> sizes = parseNumbers(parser, tensor + ": shape");
                case "data_offsets" -> offsets = parseNumbers(parser, tensor + ": data_offsets");
                default -> throw new Malformed(tensor + ": unexpected field \"" + field + "\"");
            }
        }
        require(type != null && sizes != null && offsets != null, tensor + ": needs dtype, shape and data_offsets");
        NumberType known = NumberType.named(type);
        require(known != null, tensor + ": dtype is " + type + ", expected one of " + List.of(NumberType.values()));
        Shape shape = shape(sizes, tensor);
        require(offsets.length == 2 && offsets[0] <= offsets[1], tensor + ": data_offsets are not [begin, end]");
        long bytes = (long) known.bytes() * shape.elements();
        require(offsets[1] - offsets[0] == bytes, tensor + ": shape " + shape + " takes " + bytes + " bytes, data_offsets span "
                + (offsets[1] - offsets[0]));
        return new Entry(known, shape, offsets[0], offsets[1]);
    }

    private static Shape shape(long[] sizes, String tensor) throws Malformed {
        int[] narrow = new int[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            require(sizes[i] <= Integer.MAX_VALUE, tensor + ": a size of " + sizes[i] + " is too large");
            narrow[i] = (int) sizes[i];
        }
        try {
            return Shape.of(narrow);
        } catch (ShapeException e) {
            throw new Malformed(tensor + ": " + e.getMessage());
        }
    }

    private static long[] parseNumbers(JsonParser parser, String what) throws IOException, Malformed {
        require(parser.currentToken() == JsonToken.START_ARRAY, what + " is not an array");
        List<Long> numbers = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            require(parser.currentToken() == JsonToken.VALUE_NUMBER_INT, what + " holds something other than whole numbers");
            // Throws a JsonProcessingException where the number does not fit.
            long number = parser.getLongValue();
            require(number >= 0, what + " holds the negative number " + number);
            numbers.add(number);
            require(numbers.size() <= MOST_NUMBERS, what + " holds more than " + MOST_NUMBERS + " numbers");
        }
        return numbers.stream().mapToLong(Long::longValue).toArray();
    }

    private static void requireCover(Map<String, Entry> entries, long dataBytes) throws Malformed {
        List<Map.Entry<String, Entry>> sorted = new ArrayList<>(entries.entrySet());
        sorted.sort(Comparator.comparingLong(entry -> entry.getValue().begin()));
        long covered = 0;
        for (Map.Entry<String, Entry> entry : sorted) {
            long begin = entry.getValue().begin();
            require(begin <= covered, "between the bytes " + covered + " and " + begin + " of the data there is no tensor");
            require(begin == covered, "tensor \"" + entry.getKey() + "\" starts at byte " + begin
                    + " of the data, inside another that ends at " + covered);
            covered = entry.getValue().end();
        }
        require(covered == dataBytes, "the tensors take " + covered + " bytes, the file has " + dataBytes + " bytes of data"
                + (covered > dataBytes ? "; it is cut short" : ""));
    }

    private static void require(boolean condition, String reason) throws Malformed {
        if (!condition) {
            throw new Malformed(reason);
        }
    }
}
