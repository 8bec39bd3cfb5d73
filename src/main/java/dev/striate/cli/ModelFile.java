package dev.striate.cli;

import dev.striate.Device;
import dev.striate.StriateException;
import dev.striate.models.Model;
import java.nio.file.Files;
import java.nio.file.Path;

/** Opens the model that a command line names. */
final class ModelFile {

    private ModelFile() {}

    /** @throws StriateException if it is a folder; otherwise as {@link Model#load} */
    static Model open(Path file, Device device) {
        if (Files.isDirectory(file)) {
            Path inside = file.resolve("model.safetensors");
            throw new StriateException("expected a model file, got the folder " + file
                    + (Files.exists(inside) ? "; did you mean " + inside + "?" : ""));
        }
        return Model.load(file, device);
    }
}
