package dev.striate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A JSON object whose values are texts, whole numbers, other numbers, null, lists and objects. */
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
            json.nextToken();
            values.put(key, readValue(json));
        }
        return new JsonObject(values);
    }

    private static Object readValue(JsonParser json) throws IOException {
        return switch (json.currentToken()) {
            case VALUE_STRING -> json.getText();
            case VALUE_NUMBER_INT -> json.getLongValue();
            case VALUE_NUMBER_FLOAT -> json.getDoubleValue();
            case VALUE_NULL -> null;
            case START_ARRAY -> readList(json);
            case START_OBJECT -> readRest(json);
            default -> throw new AssertionError("unexpected " + json.currentToken());
        };
    }

    private static List<Object> readList(JsonParser json) throws IOException {
        List<Object> values = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            values.add(readValue(json));
        }
        return values;
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
