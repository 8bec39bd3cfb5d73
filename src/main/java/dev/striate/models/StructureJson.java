package dev.striate.models;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.striate.nn.BlockConfig;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A {@link BlockConfig} as JSON: {@code {"type": "Sequential", "parts": {"0": {"type": "Linear", "settings": {"in": 64,
 * ...}}}}}.
 */
final class StructureJson {

    private static final JsonFactory JSON = new JsonFactory();
    private static final String TYPE = "type";
    private static final String SETTINGS = "settings";
    private static final String PARTS = "parts";

    /** Deeper networks would exhaust the stack. */
    private static final int MOST_LEVELS = 64;

    private StructureJson() {}

    static String write(BlockConfig config) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            write(json, config);
        } catch (IOException e) {
            throw new AssertionError("writing to memory cannot fail", e);
        }
        return text.toString();
    }

    private static void write(JsonGenerator json, BlockConfig config) throws IOException {
        json.writeStartObject();
        json.writeStringField(TYPE, config.type());
        if (!config.settings().isEmpty()) {
            json.writeObjectFieldStart(SETTINGS);
            for (Map.Entry<String, Object> setting : config.settings().entrySet()) {
                json.writeFieldName(setting.getKey());
                writeValue(json, setting.getValue());
            }
            json.writeEndObject();
        }
        if (!config.parts().isEmpty()) {
            json.writeObjectFieldStart(PARTS);
            for (Map.Entry<String, BlockConfig> part : config.parts().entrySet()) {
                json.writeFieldName(part.getKey());
                write(json, part.getValue());
            }
            json.writeEndObject();
        }
        json.writeEndObject();
    }

    private static void writeValue(JsonGenerator json, Object value) throws IOException {
        if (value instanceof Integer number) {
            json.writeNumber(number);
        } else if (value instanceof Float number) {
            json.writeNumber(number);
        } else if (value instanceof Boolean flag) {
            json.writeBoolean(flag);
        } else if (value instanceof List<?> list) {
            json.writeStartArray();
            for (Object element : list) {
                writeValue(json, element);
            }
            json.writeEndArray();
        } else {
            json.writeString(value.toString());
        }
    }

    /** @throws IOException if the text is not such JSON; of settings, only their syntax is checked */
    static BlockConfig read(String text) throws IOException {
        try (JsonParser json = JSON.createParser(text)) {
            json.nextToken();
            BlockConfig config = read(json, 0);
            if (json.nextToken() != null) {
                throw new IOException("there is something behind the structure of the network");
            }
            return config;
        }
    }

    private static BlockConfig read(JsonParser json, int level) throws IOException {
        if (level == MOST_LEVELS) {
            throw new IOException("the network has more than " + MOST_LEVELS + " levels of blocks inside each other");
        }
        requireObject(json);
        String type = null;
        Map<String, Object> settings = new LinkedHashMap<>();
        Map<String, BlockConfig> parts = new LinkedHashMap<>();
        for (String field = json.nextFieldName(); field != null; field = json.nextFieldName()) {
            json.nextToken();
            switch (field) {
                case TYPE -> type = json.getText();
                case SETTINGS -> {
                    requireObject(json);
                    for (String key = json.nextFieldName(); key != null; key = json.nextFieldName()) {
                        json.nextToken();
                        settings.put(key, value(json));
                    }
                }
                case PARTS -> {
                    requireObject(json);
                    for (String name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
                        json.nextToken();
                        parts.put(name, read(json, level + 1));
                    }
                }
                default -> throw new IOException("unknown field \"" + field + "\" in the structure of the network");
            }
        }
        if (type == null) {
            throw new IOException("a block in the structure of the network has no type");
        }
        return new BlockConfig(type, settings, parts);
    }

    private static void requireObject(JsonParser json) throws IOException {
        if (json.currentToken() != JsonToken.START_OBJECT) {
            throw new IOException("expected an object in the structure of the network, got " + json.currentToken());
        }
    }

    private static Object value(JsonParser json) throws IOException {
        JsonToken token = json.currentToken();
        if (token == JsonToken.VALUE_NUMBER_INT) {
            return json.getIntValue();
        }
        if (token == JsonToken.VALUE_NUMBER_FLOAT) {
            return json.getFloatValue();
        }
        if (token == JsonToken.VALUE_TRUE || token == JsonToken.VALUE_FALSE) {
            return json.getBooleanValue();
        }
        if (token == JsonToken.VALUE_STRING) {
            return json.getText();
        }
        if (token != JsonToken.START_ARRAY) {
            throw new IOException("a setting in the structure of the network is " + token);
        }
        List<Integer> list = new ArrayList<>();
        while (json.nextToken() == JsonToken.VALUE_NUMBER_INT) {
            list.add(json.getIntValue());
        }
        if (json.currentToken() != JsonToken.END_ARRAY) {
            throw new IOException("a list in the structure of the network has something else than integers");
        }
        return list;
    }
}
