package dev.striate.cli;

import dev.striate.Device;
import dev.striate.StriateException;
import dev.striate.data.DataLoader;
import dev.striate.data.Dataset;
import dev.striate.data.Splits;
import dev.striate.models.Model;
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

/** Evaluates a trained model, with scores for each class. */
@Command(
        name = "evaluate",
        description =
                "Evaluate a trained model on a data set: print its accuracy, the precision and recall of each class, and the"
                        + " confusion matrix. Classes are matched by name.",
        parameterListHeading = "%nArguments:%n",
        optionListHeading = "%nOptions:%n")
final class EvaluateCommand implements Callable<Integer> {

    private static final int BATCH_SIZE = 250;

    @Parameters(paramLabel = "MODEL", description = "Model file, such as the model.safetensors of a training run.")
    private Path file;

    @Mixin
    private DataOptions dataOptions = new DataOptions();

    @Option(
            names = "--dataset",
            paramLabel = "NAME",
            description =
                    "${COMPLETION-CANDIDATES} (default: the one the model was trained on). folder needs --data DIR.")
    private @Nullable DatasetChoice dataset;

    @Option(
            names = "--split",
            paramLabel = "NAME",
            description = "Part of the data set: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
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
        try (Model saved = ModelFile.open(file, device)) {
            DatasetChoice choice = dataset == null ? trainedOn(saved) : dataset;
            Splits splits = dataOptions.load(choice, saved.description().input());
            Dataset images = split == Split.TEST ? splits.test() : splits.train();
            Dataset matched = ClassNames.match(images, saved.classNames(), file);
            console.printf(
                    Locale.ROOT,
                    "%s on %,d %s images of %s, on %s%n",
                    saved.name(),
                    images.size(),
                    split,
                    dataOptions.title(choice),
                    device);
            if (images.classes() < matched.classes()) {
                console.printf(
                        Locale.ROOT,
                        "The data set has %,d of the model's %,d classes.%n",
                        images.classes(),
                        matched.classes());
            }
            console.println();
            Evaluation evaluation = Trainer.evaluate(
                    saved.network(),
                    DataLoader.of(matched, BATCH_SIZE)
                            .transform(saved.description().normalize()),
                    device);
            ClassTable table = new ClassTable(evaluation, saved.classNames());
            table.printScores(console);
            console.println();
            table.printConfusion(console);
            console.printf(
                    Locale.ROOT,
                    "%naccuracy %s (%,d of %,d), mean loss %.4f%n",
                    ClassTable.percent(evaluation.accuracy()),
                    evaluation.correct(),
                    evaluation.total(),
                    evaluation.loss());
        }
        return 0;
    }

    private DatasetChoice trainedOn(Model model) {
        String name = model.description().dataset();
        try {
            return DatasetChoice.named(name);
        } catch (StriateException e) {
            throw new StriateException(
                    file + (name.isEmpty() ? " does not name its data set" : ": " + e.getMessage())
                            + "; choose one with --dataset, such as --dataset folder --data DIR",
                    e);
        }
    }
}
