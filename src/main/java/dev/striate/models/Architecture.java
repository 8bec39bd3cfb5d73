package dev.striate.models;

import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.disk.PrintableText;
import dev.striate.nn.Sequential;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.IntFunction;

/** The networks that a model file can name. {@link SavedModel} builds the network from this name. */
public enum Architecture {

    /** {@link TinyNets#mlp}. */
    MLP(Shape.of(1, 8, 8), TinyNets::mlp),
    /** {@link TinyNets#cnn}. */
    CNN(Shape.of(1, 8, 8), TinyNets::cnn),
    /** {@link LeNet5#modern}. */
    LENET5_MODERN(Shape.of(1, 32, 32), LeNet5::modern),
    /** {@link LeNet5#paper}. */
    LENET5_PAPER(Shape.of(1, 32, 32), LeNet5::paper),
    /** {@link CifarCnn#create}. */
    CIFAR_SIMPLE(Shape.of(3, 32, 32), CifarCnn::create),
    /** {@link ResNet9#create}. */
    RESNET9(Shape.of(3, 32, 32), ResNet9::create);

    private final Shape image;
    private final IntFunction<Sequential> builder;

    Architecture(Shape image, IntFunction<Sequential> builder) {
        this.image = image;
        this.builder = builder;
    }

    /** Returns the shape of one image, {@code (channels, height, width)}. */
    public Shape image() {
        return image;
    }

    /** Returns the shape of a batch of images, {@code (N, channels, height, width)}. */
    public Shape batch(int images) {
        return Shape.of(images, image.size(0), image.size(1), image.size(2));
    }

    /** Builds the network. Its parameters do not exist until it is initialised. */
    public Sequential create(int classes) {
        return builder.apply(classes);
    }

    /**
     * Returns the largest number of classes for which the weights fit into a number of bytes, if each weight takes at
     * least one byte.
     */
    int mostClasses(long bytes) {
        long one = create(1).stateElements();
        long each = create(2).stateElements() - one;
        return (int) Math.min(Integer.MAX_VALUE, 1 + Math.max(0, bytes - one) / each);
    }

    /** Returns the name in files, such as {@code lenet5-modern}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Returns the architecture with a name.
     *
     * @throws StriateException if there is no architecture with this name
     */
    public static Architecture named(String name) {
        return Arrays.stream(values())
                .filter(each -> each.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new StriateException("there is no architecture \"" + PrintableText.excerpt(name)
                        + "\"; there are " + Arrays.toString(values())));
    }
}
