package dev.striate.cli;

import dev.striate.Device;
import dev.striate.StriateException;
import dev.striate.data.DataLoader;
import dev.striate.data.Dataset;
import dev.striate.data.Splits;
import dev.striate.models.SavedModel;
import dev.striate.train.Evaluation;
import dev.striate.train.Trainer;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** How good a trained model is, class by class. */
@Command(
        name = "evaluate",
        description = "Runs a trained model over a data set: accuracy, precision and recall of each class, confusion matrix.",
        optionListHeading = "%nOptions:%n")
final class EvaluateCommand implements Callable<Integer> {

    private static final int BATCH_SIZE = 250;

    @Parameters(paramLabel = "MODEL", description = "A file that a training command wrote, model.safetensors.")
    private Path file;

    @Mixin
    private DataOptions dataOptions = new DataOptions();

    @Option(
            names = "--dataset",
            paramLabel = "NAME",
            description = "${COMPLETION-CANDIDATES} (default: the one that the model was trained on).")
    private @Nullable DatasetChoice dataset;

    @Option(names = "--split", paramLabel = "NAME", description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Split split = Split.TEST;

    @Mixin
    private DeviceOptions deviceOptions = new DeviceOptions();

    private final PrintStream console = System.out;

    private enum Split {
        TEST,
        TRAIN;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Override
    public Integer call() {
        Device device = deviceOptions.open();
        try (SavedModel saved = SavedModel.open(file, device)) {
            DatasetChoice choice = dataset == null ? DatasetChoice.named(saved.description().dataset()) : dataset;
            Splits splits = dataOptions.load(choice, saved.inputShape());
            Dataset images = split == Split.TEST ? splits.test() : splits.train();
            if (images.classes() != saved.classNames().size()) {
                throw new StriateException(file + " knows " + saved.classNames().size() + " classes, and " + choice.title()
                        + " has " + images.classes());
            }
            console.printf(Locale.ROOT, "%s on %,d %s images of %s, on %s%n%n", saved.name(), images.size(), split,
                    choice.title(), device);
            Evaluation evaluation = Trainer.evaluate(saved.model(),
                    DataLoader.of(images, BATCH_SIZE).transform(saved.normalize()), device);
            ClassTable table = new ClassTable(evaluation, saved.classNames());
            table.printScores(console);
            console.println();
            table.printConfusion(console);
            console.printf(Locale.ROOT, "%naccuracy %s (%,d of %,d), mean loss %.4f%n", ClassTable.percent(evaluation.accuracy()),
                    evaluation.correct(), evaluation.total(), evaluation.loss());
        }
        return 0;
    }
}
