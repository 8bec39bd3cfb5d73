package dev.striate.models;

import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.disk.PrintableText;
import dev.striate.nn.Block;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * Builds a network that a model file names. A file contains the name and the settings, never code. Pass builders to
 * {@link Model#load(java.nio.file.Path, dev.striate.Device, NetworkBuilder...)}, or register them with a {@link
 * NetworkCatalog}, so that the commands find them too.
 *
 * <pre>{@code
 * NetworkBuilder builder = NetworkBuilder.ofClasses("resnet9-64", Shape.of(3, 64, 64), ResNet9::create);
 * }</pre>
 *
 * @param name  the name in model files; letters, digits, dots and hyphens
 * @param input the shape of one input, {@code (channels, height, width)}
 * @param build returns the network for the settings in a file; its parameters do not exist until it is initialised
 */
public record NetworkBuilder(String name, Shape input, Function<Map<String, String>, ? extends Block> build) {

    /** The setting with the number of classes. */
    public static final String CLASSES = "classes";

    /** @throws StriateException if the name has other characters, or the input's shape has another rank */
    public NetworkBuilder {
        if (!name.matches("[A-Za-z0-9][A-Za-z0-9.-]*")) {
            throw new StriateException("NetworkBuilder: expected a name of letters, digits, dots and hyphens, got "
                    + PrintableText.excerpt(name));
        }
        ModelDescription.requireImageShape(input);
    }

    /** Returns a builder for a network whose only setting is the number of classes. */
    public static NetworkBuilder ofClasses(String name, Shape input, IntFunction<? extends Block> build) {
        return new NetworkBuilder(name, input, settings -> build.apply(classes(name, settings)));
    }

    private static int classes(String name, Map<String, String> settings) {
        String text = settings.getOrDefault(CLASSES, "");
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new StriateException(
                    "the network " + name + " needs the setting \"" + CLASSES + "\", a number, got \""
                            + PrintableText.excerpt(text) + "\"",
                    e);
        }
    }

    /** Builds the network for a number of classes; for builders of {@link #ofClasses}. */
    public Block build(int classes) {
        return build.apply(Map.of(CLASSES, Integer.toString(classes)));
    }
}
