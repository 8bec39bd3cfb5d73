package dev.striate.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.striate.disk.PrintableText;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A checked safetensors header: the offsets of every tensor with a known type fit its shape, and the tensors cover the
 * data of the file without gaps or overlaps.
 *
 * @param entries  the tensors in the order of the header
 * @param inFile   the tensors in the order of the data
 * @param metadata the metadata without the digest
 * @param digest   the SHA-256 of the data according to the file, in lower-case hexadecimal digits; null if there is
 *     none
 */
record SafetensorsHeader(
        Map<String, SafetensorsEntry> entries,
        List<Map.Entry<String, SafetensorsEntry>> inFile,
        Map<String, String> metadata,
        @Nullable String digest) {

    static final String METADATA = "__metadata__";

    /** The key of the digest in the metadata. Other programs ignore it. */
    static final String DIGEST = "striate.sha256";

    /** The limit of the format's reference library. */
    static final int MAX_BYTES = 100_000_000;

    /** Of tensors and metadata together. Millions of them would fit into a header and take gigabytes. */
    static final int MAX_ENTRIES = 500_000;

    /** PyTorch supports at most 64 axes. */
    private static final int MOST_AXES = 64;

    /** Names are not added to Jackson's symbol table, which fails if many have the same hash. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(8)
                    .maxStringLength(MAX_BYTES)
                    .build())
            .build();

    /** The reason why a file is not a safetensors file. */
    static final class Malformed extends Exception {

        Malformed(String reason) {
            super(reason);
        }
    }

    /**
     * Reads and checks a header.
     *
     * @param json      the bytes of the header
     * @param dataBytes the number of bytes after the header
     */
    static SafetensorsHeader parse(byte[] json, long dataBytes) throws Malformed {
        require(json.length > 0 && json[0] == '{', "the header does not start with {");
        Map<String, SafetensorsEntry> entries = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        // Unlike a charset, a decoder reports malformed bytes.
        try (JsonParser parser = JSON.createParser(
                new InputStreamReader(new ByteArrayInputStream(json), StandardCharsets.UTF_8.newDecoder()))) {
            parser.nextToken();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                if (parser.nextToken() != JsonToken.START_OBJECT) {
                    throw new Malformed("\"" + PrintableText.excerpt(name) + "\" is not an object");
                }
                if (name.equals(METADATA)) {
                    parseMetadata(parser, metadata);
                } else {
                    try {
                        entries.put(name, parseEntry(parser));
                    } catch (Malformed e) {
                        throw new Malformed("tensor \"" + PrintableText.excerpt(name) + "\": " + e.getMessage());
                    }
                }
                requireFewEntries(entries, metadata);
            }
            require(parser.nextToken() == null, "there is more after the header's closing brace");
        } catch (JsonProcessingException e) {
            throw new Malformed("the header is not valid JSON: " + PrintableText.excerpt(e.getOriginalMessage()));
        } catch (CharacterCodingException e) {
            throw new Malformed("the header is not valid UTF-8");
        } catch (IOException e) {
            throw new AssertionError("reading from memory cannot fail", e);
        }
        String digest = metadata.remove(DIGEST);
        return new SafetensorsHeader(entries, covering(entries, dataBytes), metadata, digest);
    }

    private static void parseMetadata(JsonParser parser, Map<String, String> metadata) throws IOException, Malformed {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            if (parser.nextToken() != JsonToken.VALUE_STRING) {
                throw new Malformed(METADATA + " \"" + PrintableText.excerpt(key) + "\" is not a string");
            }
            metadata.put(key, parser.getText());
            requireFewEntries(Map.of(), metadata);
        }
    }

    private static void requireFewEntries(Map<String, SafetensorsEntry> entries, Map<String, String> metadata)
            throws Malformed {
        require(
                entries.size() + metadata.size() <= MAX_ENTRIES,
                "it has more than " + MAX_ENTRIES + " tensors and metadata entries, the limit of this library");
    }

    private static SafetensorsEntry parseEntry(JsonParser parser) throws IOException, Malformed {
        String type = null;
        List<Long> shape = null;
        List<Long> offsets = null;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String field = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (field) {
                case "dtype" -> {
                    require(value == JsonToken.VALUE_STRING, "dtype is not a string");
                    type = parser.getText();
                }
                case "shape" -> shape = parseNumbers(parser, "shape");
                case "data_offsets" -> offsets = parseNumbers(parser, "data_offsets");
                // The format's reference library also ignores unknown fields.
                default -> parser.skipChildren();
            }
        }
        if (type == null || shape == null || offsets == null) {
            throw new Malformed("needs dtype, shape and data_offsets");
        }
        require(offsets.size() == 2 && offsets.get(0) <= offsets.get(1), "data_offsets are not [begin, end]");
        SafetensorsEntry entry = new SafetensorsEntry(type, shape, offsets.get(0), offsets.get(1));
        requireSize(entry);
        return entry;
    }

    private static void requireSize(SafetensorsEntry entry) throws Malformed {
        NumberType known = entry.numberType();
        if (known == null) {
            // The size of these numbers is unknown, but they can be skipped.
            return;
        }
        long span = entry.end() - entry.begin();
        String takes;
        try {
            long bytes = Math.multiplyExact(entry.elements(), known.bytes());
            if (bytes == span) {
                return;
            }
            takes = bytes + " bytes";
        } catch (ArithmeticException e) {
            takes = "more than 2^63 bytes";
        }
        throw new Malformed("shape " + entry.shapeText() + " takes " + takes + ", data_offsets span " + span);
    }

    private static List<Long> parseNumbers(JsonParser parser, String what) throws IOException, Malformed {
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            throw new Malformed(what + " is not an array");
        }
        List<Long> numbers = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
                throw new Malformed(what + " holds something other than whole numbers");
            }
            // Throws a JsonProcessingException if the number does not fit.
            long number = parser.getLongValue();
            if (number < 0) {
                throw new Malformed(what + " holds the negative number " + number);
            }
            if (numbers.size() == MOST_AXES) {
                throw new Malformed(what + " holds more than " + MOST_AXES + " numbers");
            }
            numbers.add(number);
        }
        return numbers;
    }

    /** Returns the tensors in the order of the data, and checks that they cover it. */
    private static List<Map.Entry<String, SafetensorsEntry>> covering(
            Map<String, SafetensorsEntry> entries, long dataBytes) throws Malformed {
        List<Map.Entry<String, SafetensorsEntry>> sorted = new ArrayList<>(entries.entrySet());
        // An empty tensor may begin at the same offset as another tensor.
        sorted.sort(Map.Entry.comparingByValue(
                Comparator.comparingLong(SafetensorsEntry::begin).thenComparingLong(SafetensorsEntry::end)));
        long covered = 0;
        for (Map.Entry<String, SafetensorsEntry> entry : sorted) {
            long begin = entry.getValue().begin();
            if (begin != covered) {
                throw new Malformed(
                        begin > covered
                                ? "no tensor covers the bytes " + covered + " to " + begin + " of the data"
                                : "tensor \"" + PrintableText.excerpt(entry.getKey()) + "\" starts at byte " + begin
                                        + " of the data, inside another that ends at " + covered);
            }
            covered = entry.getValue().end();
        }
        require(
                covered == dataBytes,
                "the tensors take " + covered + " bytes, the file has " + dataBytes + " bytes of data"
                        + (covered > dataBytes ? "; it is truncated" : ""));
        return sorted;
    }

    private static void require(boolean condition, String reason) throws Malformed {
        if (!condition) {
            throw new Malformed(reason);
        }
    }
}
