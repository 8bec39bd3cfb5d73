package dev.striate.cli;

import dev.striate.data.RandomCrop;
import dev.striate.data.RandomHorizontalFlip;
import dev.striate.models.NetworkBuilder;
import dev.striate.models.Networks;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Trains networks for colour images of 32x32 pixels. */
@Command(
        name = "cifar10",
        description = {
            "Train a convolutional network on CIFAR-10, colour images of 32x32 pixels, with random shifts and flips.",
            "",
            "  simple: Conv 3x3 to 32 channels, BatchNorm, ReLU, MaxPool 2 -> Conv 3x3 to 64, BatchNorm, ReLU, MaxPool 2"
                    + " -> Linear 256, ReLU -> Linear 10. 612,234 parameters.",
            "  resnet: eight 3x3 convolutions to 64, 128, 256 and 512 channels, four of them in two residual blocks, and a"
                    + " Linear 10. 6,573,130 parameters; meant for a GPU.",
            "",
            "Recipe: 10 epochs, batch size 128, adamw with weight decay 0.01, one-cycle learning rate with maximum 0.003; resnet"
                    + " also label smoothing 0.1 and larger shifts."
        },
        optionListHeading = "%nOptions:%n")
final class Cifar10Command extends TrainingCommand {

    @Option(
            names = "--model",
            paramLabel = "NAME",
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Network network = Network.SIMPLE;

    @Option(
            names = "--dataset",
            paramLabel = "NAME",
            description =
                    "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}). folder: pictures in DIR/train/CLASS and"
                            + " DIR/test/CLASS, with --data DIR.")
    private Choice dataset = Choice.CIFAR10;

    private enum Network {
        SIMPLE("cifar-simple"),
        RESNET("resnet9");

        private final String builder;

        Network(String builder) {
            this.builder = builder;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private enum Choice {
        CIFAR10(DatasetChoice.CIFAR10),
        CIFAR100(DatasetChoice.CIFAR100),
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
        return new Cifar10Command();
    }

    @Override
    NetworkBuilder builder() {
        return Networks.named(network.builder);
    }

    @Override
    DatasetChoice dataset() {
        return dataset.choice;
    }

    @Override
    Recipe recipe() {
        boolean resnet = network == Network.RESNET;
        // With ten times the parameters of the simple net, it overfits unless the shifts are larger.
        RandomCrop crop = new RandomCrop(resnet ? 4 : 2);
        return new Recipe(
                10,
                128,
                Recipe.Method.ADAMW,
                0.003f,
                0.01f,
                resnet ? 0.1f : 0,
                Recipe.Course.ONE_CYCLE,
                List.of(new RandomHorizontalFlip(0.5f), crop));
    }

    @Override
    List<String> ownArguments() {
        return List.of("--model=" + network, "--dataset=" + dataset);
    }
}
