package dev.striate.cli;

import dev.striate.data.Dataset;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The training options. Those that are not given default to the command's {@link Recipe}. */
final class TrainingOptions {

    @Option(
            names = "--epochs",
            paramLabel = "N",
            converter = Count.class,
            description = "Number of passes over the training set (default: the recipe's).")
    private @Nullable Integer epochs;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            converter = Count.class,
            description =
                    "Images per training step (default: the recipe's). A single image left over at the end of an epoch is not"
                            + " used in that epoch.")
    private @Nullable Integer batchSize;

    @Option(
            names = "--optimizer",
            paramLabel = "NAME",
            description = "${COMPLETION-CANDIDATES} (default: the recipe's). sgd uses Nesterov momentum 0.9.")
    private Recipe.@Nullable Method optimizer;

    @Option(
            names = "--lr",
            paramLabel = "RATE",
            converter = Rate.class,
            description = "Highest learning rate (default: the recipe's; 0.1 with --optimizer=sgd).")
    private @Nullable Float learningRate;

    @Option(
            names = "--seed",
            paramLabel = "N",
            converter = WholeNumber.class,
            description =
                    "Seed of all random numbers; the same seed gives the same result (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--validation",
            paramLabel = "SHARE",
            defaultValue = "0.1",
            converter = Validation.Converter.class,
            description =
                    "Share of the training images that are not trained on but validate the model after each epoch; 0 trains on"
                            + " all images and does not validate, 'test' does and validates on the test set (default:"
                            + " ${DEFAULT-VALUE}).")
    private Validation validation = Validation.ON_TEST;

    /** Returns the recipe with the options that were given. */
    Recipe applyTo(Recipe recipe) {
        Recipe.Method method = optimizer == null ? recipe.method() : optimizer;
        boolean similar = (method == Recipe.Method.SGD) == (recipe.method() == Recipe.Method.SGD);
        float usual = similar ? recipe.rate() : method == Recipe.Method.SGD ? 0.1f : 0.002f;
        return recipe.with(
                epochs == null ? recipe.epochs() : epochs,
                batchSize == null ? recipe.batchSize() : batchSize,
                method,
                learningRate == null ? usual : learningRate);
    }

    /** Returns options that express a recipe and the seed. */
    List<String> arguments(Recipe recipe) {
        return List.of(
                "--epochs=" + recipe.epochs(),
                "--batch-size=" + recipe.batchSize(),
                "--optimizer=" + recipe.method(),
                "--lr=" + recipe.rate(),
                "--seed=" + seed,
                "--validation=" + validation);
    }

    /**
     * Returns whether one image is left over at the end of an epoch: batch normalisation may be unable to train on a
     * single image.
     */
    static boolean leavesSingleImage(Dataset images, int batchSize) {
        return images.size() > batchSize && images.size() % batchSize == 1;
    }

    Validation validation() {
        return validation;
    }

    /** Sets the number of epochs. */
    void epochs(int wanted) {
        epochs = wanted;
    }

    @Nullable
    Integer epochs() {
        return epochs;
    }

    long seed() {
        return seed;
    }

    private static final class WholeNumber implements ITypeConverter<Long> {

        @Override
        public Long convert(String value) {
            try {
                return Long.valueOf(value);
            } catch (NumberFormatException e) {
                boolean tooLong = value.matches("[+-]?\\d+");
                throw new TypeConversionException(
                        "expected a whole number" + (tooLong ? " of at most 64 bits" : "") + ", got '" + value + "'");
            }
        }
    }

    private static final class Rate implements ITypeConverter<Float> {

        @Override
        public Float convert(String value) {
            try {
                float rate = Float.parseFloat(value);
                if (rate > 0 && Float.isFinite(rate)) {
                    return rate;
                }
            } catch (NumberFormatException e) {
                // Falls through to the same message.
            }
            throw new TypeConversionException("expected a number above 0, got '" + value + "'");
        }
    }
}
