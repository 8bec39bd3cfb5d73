package dev.striate.cli;

import dev.striate.models.NetworkBuilder;
import dev.striate.models.Networks;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Trains LeNet-5 on MNIST or another data set. */
@Command(
        name = "lenet",
        description = {
            "Train LeNet-5 (LeCun et al., 1998) on greyscale images of 32x32 pixels; MNIST's 28x28 pixels get a border.",
            "",
            "  modern: Conv 5x5 to 6 channels, ReLU, MaxPool 2 -> Conv 5x5 to 16 channels, ReLU, MaxPool 2 -> Linear 120, ReLU"
                    + " -> Linear 84, ReLU -> Linear 10.",
            "  paper: the same with tanh, average pooling, and a Conv 5x5 to 120 channels instead of the first Linear.",
            "",
            "Recipe: 10 epochs, batch size 128, adam, learning rate 0.003 with cosine decay to 0; for the digits 30 epochs and"
                    + " batch size 32."
        },
        optionListHeading = "%nOptions:%n")
final class LeNetCommand extends TrainingCommand {

    @Option(
            names = "--variant",
            paramLabel = "NAME",
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Variant variant = Variant.MODERN;

    @Option(
            names = "--dataset",
            paramLabel = "NAME",
            description =
                    "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}). digits: the bundled 8x8 digits, enlarged;"
                            + " folder: pictures in DIR/train/CLASS and DIR/test/CLASS, with --data DIR.")
    private Choice dataset = Choice.MNIST;

    private enum Variant {
        MODERN("lenet5-modern"),
        PAPER("lenet5-paper");

        private final String builder;

        Variant(String builder) {
            this.builder = builder;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private enum Choice {
        MNIST(DatasetChoice.MNIST),
        FASHION_MNIST(DatasetChoice.FASHION_MNIST),
        DIGITS(DatasetChoice.DIGITS),
        FOLDER(DatasetChoice.FOLDER);

        private final DatasetChoice choice;

        Choice(DatasetChoice choice) {
            this.choice = choice;
        }

        @Override
        public String toString() {
            return choice.toString();
        }
    }

    @Override
    TrainingCommand fresh() {
        return new LeNetCommand();
    }

    @Override
    NetworkBuilder builder() {
        return Networks.named(variant.builder);
    }

    @Override
    DatasetChoice dataset() {
        return dataset.choice;
    }

    @Override
    String withoutDownload() {
        return dataset == Choice.MNIST || dataset == Choice.FASHION_MNIST ? "--dataset digits needs no download" : "";
    }

    @Override
    Recipe recipe() {
        return dataset == Choice.DIGITS ? Recipe.plain(30, 32, 0.003f) : Recipe.plain(10, 128, 0.003f);
    }

    @Override
    List<String> ownArguments() {
        return List.of("--variant=" + variant, "--dataset=" + dataset);
    }
}
