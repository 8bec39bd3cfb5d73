package dev.striate.train;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.striate.fuzz.FuzzFiles;
import dev.striate.fuzz.FuzzTarget;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The metadata of a checkpoint. Each line of the input, {@code NAME=VALUE}, sets the entry {@code striate.NAME} of a
 * valid checkpoint, or removes it where there is no {@code =}.
 */
public final class CheckpointFuzz implements FuzzTarget {

    private static final String KEYS = "striate.";
    private static final JsonFactory JSON = new JsonFactory();
    private static final Map<String, String> VALID = Map.ofEntries(
            Map.entry("checkpoint", "2"),
            Map.entry("epoch", "1"),
            Map.entry("step", "0"),
            Map.entry("loss_sum", "0.0"),
            Map.entry("images", "0"),
            Map.entry("correct", "0"),
            Map.entry("seconds", "0.5"),
            Map.entry("optimizer", "sgd"),
            Map.entry("learning_rate", "0.1"),
            Map.entry("optimizer_steps", "0"),
            Map.entry("loader.epoch", "0"),
            Map.entry("loader.images", "40"),
            Map.entry("loader.batch_size", "16"),
            Map.entry("loader.seed", "0"),
            Map.entry("loader.shuffled", "true"),
            Map.entry("test_loader.epoch", "0"),
            Map.entry("history", "[]"));

    private final Path file = new FuzzFiles().path("checkpoint.safetensors");

    @Override
    public void run(byte[] input) throws IOException {
        Map<String, String> entries = new LinkedHashMap<>(VALID);
        new String(input, StandardCharsets.UTF_8).lines().forEach(line -> {
            int equals = line.indexOf('=');
            if (equals < 0) {
                entries.remove(line);
            } else {
                entries.put(line.substring(0, equals), line.substring(equals + 1));
            }
        });
        Files.write(file, header(entries));
        Checkpoint checkpoint = Checkpoint.read(file);
        checkpoint.inWords();
        checkpoint.optimizer();
        checkpoint.history();
    }

    /** A safetensors file without tensors. */
    private static byte[] header(Map<String, String> entries) throws IOException {
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(header)) {
            json.writeStartObject();
            json.writeObjectFieldStart("__metadata__");
            for (Map.Entry<String, String> entry : entries.entrySet()) {
                json.writeStringField(KEYS + entry.getKey(), entry.getValue());
            }
            json.writeEndObject();
            json.writeEndObject();
        }
        return ByteBuffer.allocate(Long.BYTES + header.size())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.size())
                .put(header.toByteArray())
                .array();
    }
}
