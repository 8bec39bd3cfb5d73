package dev.striate.models;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.data.Normalize;
import dev.striate.io.Safetensors;
import dev.striate.nn.Sequential;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A trained classifier from a file: the network with its weights, and its description.
 *
 * <pre>{@code
 * try (SavedModel saved = SavedModel.open(Path.of("model.safetensors"), Device.best())) { ... }
 * }</pre>
 */
public final class SavedModel implements AutoCloseable {

    private final Path file;
    private final ModelDescription description;
    private final Map<String, String> metadata;
    private final Sequential model;

    private SavedModel(Path file, ModelDescription description, Map<String, String> metadata, Sequential model) {
        this.file = file;
        this.description = description;
        this.metadata = metadata;
        this.model = model;
    }

    /**
     * Loads a model file: builds the network that it describes on a device, in evaluation mode, and loads the weights.
     *
     * @throws StriateException if the file cannot be read, is damaged or not a safetensors file, does not describe a
     *     network, or has weights that do not fit the network that it describes
     */
    public static SavedModel open(Path file, Device device) {
        Map<String, String> metadata = Safetensors.readMetadata(file);
        long dataBytes = Safetensors.entries(file).values().stream()
                .mapToLong(entry -> entry.end() - entry.begin())
                .sum();
        ModelDescription description;
        try {
            description = ModelDescription.of(metadata, dataBytes);
        } catch (StriateException e) {
            throw new StriateException(file + ": " + e.getMessage(), e);
        }
        Sequential model =
                description.architecture().create(description.classNames().size());
        // Each weight takes at least one byte. Loading would detect the error only after the network's memory was
        // allocated.
        if (model.stateElements() > dataBytes) {
            throw new StriateException(file + " is incomplete: " + description.architecture() + " has "
                    + model.stateElements() + " weights, but the file's tensors take " + dataBytes + " bytes");
        }
        boolean done = false;
        try {
            model.initialize(device, new Generator(0));
            model.load(file);
            model.eval();
            done = true;
        } finally {
            if (!done) {
                model.close();
            }
        }
        return new SavedModel(file, description, metadata, model);
    }

    /** Returns the path of the file. */
    public Path file() {
        return file;
    }

    /** Returns the architecture's name, such as {@code lenet5-modern}. */
    public String name() {
        return description.architecture().toString();
    }

    public ModelDescription description() {
        return description;
    }

    /** Returns the metadata of the file. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** Returns the network, in evaluation mode. {@link #close} closes it. */
    public Sequential model() {
        return model;
    }

    /** Returns the shape of the network's input, {@code (channels, height, width)}. */
    public Shape inputShape() {
        return description.image();
    }

    public List<String> classNames() {
        return description.classNames();
    }

    /** Returns the normalisation of the input pixels, which are between 0 and 1. */
    public Normalize normalize() {
        return description.normalize();
    }

    /** Releases the network's memory. */
    @Override
    public void close() {
        model.close();
    }
}
