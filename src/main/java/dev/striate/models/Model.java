package dev.striate.models;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.NoGrad;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.io.Image;
import dev.striate.io.Safetensors;
import dev.striate.nn.Block;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A trained network from a file, with its description.
 *
 * <pre>{@code
 * try (Model model = Model.load(Path.of("model.safetensors"))) {
 *     System.out.println(model.predict(Image.read(Path.of("cat.jpg"))).className());
 * }
 * }</pre>
 */
public final class Model implements AutoCloseable {

    private final Path file;
    private final Device device;
    private final ModelDescription description;
    private final Map<String, String> metadata;
    private final Block network;

    private Model(Path file, Device device, ModelDescription description, Map<String, String> metadata, Block network) {
        this.file = file;
        this.device = device;
        this.description = description;
        this.metadata = metadata;
        this.network = network;
    }

    /** Loads a model file onto {@link Device#best()}; otherwise like {@link #load(Path, Device, NetworkBuilder...)}. */
    public static Model load(Path file) {
        return load(file, Device.best());
    }

    /**
     * Loads a model file: builds the network that it describes on a device, in evaluation mode, and loads the weights.
     *
     * @param builders builders of networks, in addition to the {@linkplain NetworkCatalog registered} ones
     * @throws StriateException if the file cannot be read, is damaged or not a safetensors file, does not describe a
     *     network, names an unknown builder, or has weights that do not fit the network that it describes
     */
    public static Model load(Path file, Device device, NetworkBuilder... builders) {
        Map<String, String> metadata = Safetensors.readMetadata(file);
        long dataBytes = Safetensors.entries(file).values().stream()
                .mapToLong(entry -> entry.end() - entry.begin())
                .sum();
        ModelDescription description;
        Block network;
        try {
            description = ModelDescription.of(metadata, dataBytes, builders);
            network = description.build(builders);
        } catch (StriateException e) {
            throw new StriateException(file + ": " + e.getMessage(), e);
        }
        // Each weight takes at least one byte. Loading would detect the error only after the network's memory was
        // allocated.
        if (network.stateElements() > dataBytes) {
            throw new StriateException(file + " is incomplete: " + description.name() + " has "
                    + network.stateElements() + " weights, but the file's tensors take " + dataBytes + " bytes");
        }
        boolean done = false;
        try {
            network.initialize(device, new Generator(0), description.batch(1));
            network.load(file);
            requireLogitPerClass(file, network, description);
            network.eval();
            done = true;
        } finally {
            if (!done) {
                network.close();
            }
        }
        return new Model(file, device, description, metadata, network);
    }

    /** Without names of classes, any output is accepted. */
    private static void requireLogitPerClass(Path file, Block network, ModelDescription description) {
        int classes = description.classNames().size();
        if (classes == 0) {
            return;
        }
        Shape output;
        try {
            output = network.outputShape(description.batch(1));
        } catch (ShapeException e) {
            throw new StriateException(
                    file + ": " + description.name() + " does not take inputs of " + description.input() + ": "
                            + e.getMessage(),
                    e);
        }
        if (output.rank() != 2 || output.size(1) != classes) {
            throw new StriateException(file + " has names for " + classes + " classes, but " + description.name()
                    + " returns " + output + " for one picture");
        }
    }

    /**
     * Classifies a picture of any size, which is {@linkplain ModelDescription#prepare prepared} for the network. The
     * network must return logits {@code (1, classes)}.
     *
     * @throws ShapeException if the network returns something else, or not a logit for each name of a class
     */
    public Prediction predict(Image picture) {
        float[] probabilities;
        try (NoGrad off = NoGrad.open();
                Scope scope = Scope.open()) {
            Tensor x = Tensor.of(device, description.batch(1), description.prepare(picture));
            Tensor logits = network.forward(x);
            int classes = classNames().size();
            if (logits.shape().rank() != 2 || classes > 0 && logits.size(1) != classes) {
                throw new ShapeException("predict: expected logits (1, " + (classes > 0 ? classes : "classes")
                        + "), got an output of shape " + logits.shape() + " from " + name());
            }
            probabilities = logits.softmax(1).toFloatArray();
        }
        return new Prediction(IntStream.range(0, probabilities.length)
                .mapToObj(label -> new Prediction.Candidate(label, className(label), probabilities[label]))
                .sorted(Comparator.comparingDouble(candidate -> -candidate.probability()))
                .toList());
    }

    /** Returns the name of a class, or its label if the file has no names. */
    private String className(int label) {
        return classNames().isEmpty() ? Integer.toString(label) : classNames().get(label);
    }

    /** Returns the path of the file. */
    public Path file() {
        return file;
    }

    /** Returns the network's name, such as {@code lenet5-modern}, or {@code Sequential}. */
    public String name() {
        return description.name();
    }

    public ModelDescription description() {
        return description;
    }

    /** Returns all metadata of the file. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** Returns the network, in evaluation mode. {@link #close} closes it. */
    public Block network() {
        return network;
    }

    /** Returns the names of the classes in the order of their labels; empty if the file has none. */
    public List<String> classNames() {
        return description.classNames();
    }

    /** Releases the network's memory. */
    @Override
    public void close() {
        network.close();
    }
}
