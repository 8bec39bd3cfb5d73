package dev.striate.models;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.striate.Shape;
import dev.striate.fuzz.FuzzTarget;
import dev.striate.io.Image;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The description of a model: one line per entry of the metadata, and none where the line is empty.
 */
public final class ModelDescriptionFuzz implements FuzzTarget {

    private static final List<String> KEYS = List.of(
            "model.architecture",
            "model.dataset",
            "model.classes",
            "model.border",
            "model.mean",
            "model.deviation",
            "model.input",
            "model.settings",
            "model.structure");
    private static final int MOST_ELEMENTS = 100_000;
    private static final Image PICTURE = new Image(new byte[3 * 5 * 7], Shape.of(3, 5, 7));

    @Override
    public void run(byte[] input) {
        String[] lines = new String(input, StandardCharsets.UTF_8).split("\n", -1);
        Map<String, String> metadata = new LinkedHashMap<>();
        for (int i = 0; i < Math.min(lines.length, KEYS.size()); i++) {
            // The last three entries are optional.
            if (i < KEYS.size() - 3 || !lines[i].isEmpty()) {
                metadata.put(KEYS.get(i), lines[i]);
            }
        }
        ModelDescription description = ModelDescription.of(metadata);
        assertEquals(description, ModelDescription.of(description.toMetadata()));
        if (description.input().elements() < MOST_ELEMENTS) {
            assertEquals(description.input().elements(), description.prepare(PICTURE).length);
        }
        if (description.structure() != null) {
            description.build().config();
        }
    }
}
