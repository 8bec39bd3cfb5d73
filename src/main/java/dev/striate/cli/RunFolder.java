package dev.striate.cli;

import dev.striate.Device;
import dev.striate.StriateException;
import dev.striate.nn.Block;
import dev.striate.plot.RunPage;
import dev.striate.train.EpochEnd;
import dev.striate.train.Evaluation;
import dev.striate.train.HistoryCsv;
import dev.striate.train.TrainingListener;
import dev.striate.train.TrainingResult;
import dev.striate.train.TrainingStart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The files of a training run: model.safetensors and best.safetensors, the checkpoints of the last and of the best
 * epoch, and history.csv are written as the run proceeds; result.json, the pictures and index.html, which shows them,
 * at its end.
 */
final class RunFolder implements AutoCloseable {

    /** The description of {@code --overwrite}. */
    static final String OVERWRITE =
            "Replace the files of an earlier run in the directory of --out; other files there are kept.";

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

    /**
     * The files that any command writes at the end of a run. The names of some start with the model's name for {@code
     * digits}.
     */
    private static final Predicate<String> REPORT = Pattern.compile(
                    "result\\.json|index\\.html|((mlp|cnn)-)?(steps\\.csv|(confusion|curves|filters|samples)\\.png)")
            .asMatchPredicate();

    private static final Predicate<String> FILES =
            REPORT.or(Pattern.compile("(model|best|mlp|cnn)\\.safetensors|((mlp|cnn)-)?history\\.csv")
                    .asMatchPredicate());

    private final OutputDirectory output;
    private final Predicate<String> outdated;

    private RunFolder(OutputDirectory output, Predicate<String> outdated) {
        this.output = output;
        this.outdated = outdated;
    }

    /**
     * Opens the folder of a new run.
     *
     * @param wanted    the folder, or null for a new one under {@code runs}
     * @param command   the start of the name of a new folder
     * @param overwrite whether the files of an earlier run may be replaced
     * @throws StriateException if the folder has files of an earlier run and {@code overwrite} is false, if it cannot
     *     be written to, or if another process is writing to it
     */
    static RunFolder open(@Nullable Path wanted, String command, boolean overwrite) {
        if (wanted == null) {
            Path path = Path.of(
                    "runs",
                    command + "-" + LocalDateTime.now(ZoneId.systemDefault()).format(TIME));
            return new RunFolder(OutputDirectory.openNew(path), FILES);
        }
        OutputDirectory output = OutputDirectory.open(wanted);
        List<Path> earlier = output.files(FILES);
        if (!earlier.isEmpty() && !overwrite) {
            output.close();
            throw new StriateException("the directory " + wanted + " holds the files of an earlier run ("
                    + earlier.get(0).getFileName()
                    + (earlier.size() > 1 ? " and " + (earlier.size() - 1) + " more" : "")
                    + "); choose another one with --out, or replace that run with --overwrite");
        }
        return new RunFolder(output, FILES);
    }

    /**
     * Opens the folder of a resumed run.
     *
     * @param checkpoint the file to resume from
     * @param wanted     the folder, or null for that of the checkpoint
     * @param overwrite  whether the files of another run may be replaced; those of the resumed run are always continued
     * @throws StriateException as {@link #open}
     */
    static RunFolder reopen(Path checkpoint, @Nullable Path wanted, boolean overwrite) {
        Path own = Objects.requireNonNull(checkpoint.toAbsolutePath().getParent());
        try {
            if (wanted == null || Files.exists(wanted) && Files.isSameFile(wanted, own)) {
                return new RunFolder(OutputDirectory.open(wanted == null ? own : wanted), REPORT);
            }
        } catch (IOException e) {
            throw new StriateException("cannot read the directory " + wanted + ": " + e, e);
        }
        return open(wanted, "", overwrite);
    }

    /**
     * Deletes the files of earlier runs that this run will write later, so that a report is never beside the model of
     * another run.
     */
    void removeOutdated() {
        output.delete(outdated);
    }

    /**
     * Returns a listener that calls {@link #removeOutdated} when training starts. If training cannot start, the old
     * files are kept.
     */
    TrainingListener removal() {
        return new TrainingListener() {

            @Override
            public void onStart(TrainingStart start) {
                removeOutdated();
            }
        };
    }

    Path model() {
        return output.path().resolve("model.safetensors");
    }

    Path best() {
        return output.path().resolve("best.safetensors");
    }

    /** The page that shows the run. */
    Path page() {
        return output.path().resolve("index.html");
    }

    /** Returns a listener that writes history.csv after each epoch. */
    TrainingListener history() {
        return new TrainingListener() {

            private final List<EpochEnd> epochs = new ArrayList<>();

            @Override
            public void onStart(TrainingStart start) {
                epochs.addAll(start.history());
            }

            @Override
            public void onEpoch(EpochEnd epoch) {
                epochs.add(epoch);
                HistoryCsv.write(output.path().resolve("history.csv"), epochs);
            }
        };
    }

    /**
     * A run and its result.
     *
     * @param subset the number of training images, null for all
     */
    record Run(
            String command,
            String modelName,
            String dataset,
            Validation.Sets sets,
            @Nullable Integer subset,
            Recipe recipe,
            Device device,
            long seed,
            int threads,
            Block model,
            TrainingResult result,
            Evaluation test) {}

    /** Writes files as {@link OutputDirectory#write} does. */
    void write(OutputDirectory.Writer writer) {
        output.write(writer);
    }

    /** Writes the report: result.json, the pictures and the page. */
    void write(Run run) {
        TrainingResult result = run.result;
        output.write(target -> {
            new ResultJson(
                            run.command,
                            run.device,
                            run.seed,
                            run.threads,
                            run.dataset,
                            run.sets,
                            run.recipe,
                            List.of(new ResultJson.Model(run.modelName, run.model, result, run.test)))
                    .write(target.resolve("result.json"));
            HistoryCsv.write(target.resolve("steps.csv"), result.curve());
            RunPictures pictures = new RunPictures("", run.model, run.sets.test(), result, run.test);
            RunPage page = page(run);
            if (pictures.write(target)) {
                pictures.show(page, "");
            }
            page.write(target.resolve("index.html"));
        });
    }

    @Override
    public void close() {
        output.close();
    }

    private static RunPage page(Run run) {
        TrainingResult result = run.result;
        Map<String, String> results = new LinkedHashMap<>();
        results.put("Test accuracy", ClassTable.percent(run.test.accuracy()));
        results.put("Test loss", String.format(Locale.ROOT, "%.4f", run.test.loss()));
        if (result.validation() != null) {
            results.put("Validation accuracy", ClassTable.percent(result.validationAccuracy()));
        }
        results.put("Training accuracy", ClassTable.percent(result.trainAccuracy()));
        results.put("Epochs", Integer.toString(result.epochs().size()));
        results.put(
                "Training time",
                String.format(Locale.ROOT, "%.1f s, %,.0f images/s", result.seconds(), result.samplesPerSecond()));
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put(
                "Model", String.format(Locale.ROOT, "%s, %,d parameters", run.modelName, run.model.parameterCount()));
        settings.put(
                "Data",
                run.subset == null
                        ? run.dataset
                        : String.format(Locale.ROOT, "%s, a subset of %,d training images", run.dataset, run.subset));
        settings.put("Images", run.sets.toString());
        settings.put("Recipe", run.recipe.toString());
        settings.put("Seed", Long.toString(run.seed));
        settings.put(
                "Device",
                run.device + ": " + run.device.info().name() + ", "
                        + run.device.info().detail());
        RunPage page = new RunPage(run.modelName + " on " + run.dataset)
                .table("Result", results)
                .table("Settings", settings)
                .file("model.safetensors", "the model after the last epoch, to predict with and to resume from");
        if (result.validation() != null) {
            page.file("best.safetensors", "the model of the best epoch on the validation set");
        }
        return page.file("history.csv", "loss, accuracy and learning rate of each epoch")
                .file("steps.csv", "loss and learning rate of each step")
                .file("result.json", "the result in machine-readable form");
    }
}
