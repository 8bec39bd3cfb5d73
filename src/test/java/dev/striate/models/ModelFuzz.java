package dev.striate.models;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.striate.Device;
import dev.striate.fuzz.FuzzFiles;
import dev.striate.fuzz.FuzzTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file with a model's description and weights. */
public final class ModelFuzz implements FuzzTarget {

    private final Path file = new FuzzFiles().path("model.safetensors");

    @Override
    public void run(byte[] input) throws IOException {
        Files.write(file, input);
        try (Model model = Model.load(file, Device.cpu())) {
            assertEquals(model.description(), ModelDescription.of(model.metadata()));
        }
    }
}
