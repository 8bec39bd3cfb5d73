package dev.striate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A JSON object whose values are texts, whole numbers, other numbers, and lists of objects. */
record JsonObject(Map<String, Object> values) {

    static JsonObject read(Path file) throws IOException {
        try (JsonParser json = new JsonFactory().createParser(file.toFile())) {
            assertEquals(JsonToken.START_OBJECT, json.nextToken());
            JsonObject object = readRest(json);
            assertEquals(null, json.nextToken());
            return object;
        }
    }

    private static JsonObject readRest(JsonParser json) throws IOException {
        Map<String, Object> values = new LinkedHashMap<>();
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String key = json.currentName();
            JsonToken token = json.nextToken();
            values.put(
                    key,
                    switch (token) {
                        case VALUE_STRING -> json.getText();
                        case VALUE_NUMBER_INT -> json.getLongValue();
                        case VALUE_NUMBER_FLOAT -> json.getDoubleValue();
                        case START_ARRAY -> readObjects(json);
                        default -> throw new AssertionError(key + " is " + token);
                    });
        }
        return new JsonObject(values);
    }

    private static List<JsonObject> readObjects(JsonParser json) throws IOException {
        Stream.Builder<JsonObject> objects = Stream.builder();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            objects.add(readRest(json));
        }
        return objects.build().toList();
    }

    List<String> keys() {
        return List.copyOf(values.keySet());
    }

    Object get(String key) {
        return values.get(key);
    }

    @SuppressWarnings("unchecked")
    List<JsonObject> objects(String key) {
        return (List<JsonObject>) values.get(key);
    }
}
