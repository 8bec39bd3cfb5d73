package dev.striate.cli;

import dev.striate.Device;
import dev.striate.data.Dataset;
import dev.striate.nn.Sequential;
import dev.striate.plot.RunPage;
import dev.striate.train.EpochEnd;
import dev.striate.train.HistoryCsv;
import dev.striate.train.TrainingListener;
import dev.striate.train.TrainingResult;
import dev.striate.train.TrainingStart;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The files of a training run: model.safetensors and best.safetensors, the checkpoints of the last and of the best epoch, and
 * history.csv grow with the run; result.json, the pictures and index.html, which shows them, are made at its end.
 */
final class RunFolder {

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

    private final Path directory;
    private final OutputDirectory output;

    /**
     * Checks that the directory can be written to; does not make it yet.
     *
     * @param wanted  null for a new one under {@code runs}
     * @param command what its name starts with then
     * @throws dev.striate.StriateException if it cannot
     */
    RunFolder(@Nullable Path wanted, String command) {
        directory = wanted != null ? wanted : Path.of("runs", command + "-" + LocalDateTime.now().format(TIME));
        output = new OutputDirectory(directory);
    }

    Path model() {
        return directory.resolve("model.safetensors");
    }

    Path best() {
        return directory.resolve("best.safetensors");
    }

    /** The page that shows the run. */
    Path page() {
        return directory.resolve("index.html");
    }

    /** Makes the directory. */
    void create() {
        output.create();
    }

    /** Keeps history.csv up to date. */
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
                HistoryCsv.write(directory.resolve("history.csv"), epochs);
            }
        };
    }

    /**
     * What is told of a run besides its result.
     *
     * @param subset on how many images it was trained, null for all
     */
    record Run(
            String command,
            String modelName,
            String dataset,
            @Nullable Integer subset,
            String recipe,
            Device device,
            long seed,
            int threads,
            Sequential model,
            Dataset testing,
            TrainingResult result) {}

    /** Writes what is made at the end: result.json, the pictures and the page. */
    void write(Run run) {
        TrainingResult result = run.result;
        output.write(target -> {
            new ResultJson(run.command, run.device.name(), run.device.info().name(), run.seed, run.threads,
                    List.of(ResultJson.Model.of(run.modelName, run.model, result)))
                    .write(target.resolve("result.json"));
            RunPictures pictures = new RunPictures("", run.model, run.testing, result);
            RunPage page = page(run);
            if (pictures.write(target)) {
                pictures.show(page, "");
            }
            page.write(target.resolve("index.html"));
        });
    }

    private static RunPage page(Run run) {
        TrainingResult result = run.result;
        Map<String, String> results = new LinkedHashMap<>();
        results.put("Test accuracy", ClassTable.percent(result.testAccuracy()));
        results.put("Test loss", String.format(Locale.ROOT, "%.4f", result.testLoss()));
        results.put("Training accuracy", ClassTable.percent(result.trainAccuracy()));
        results.put("Epochs", Integer.toString(result.epochs().size()));
        results.put("Time of training",
                String.format(Locale.ROOT, "%.1f s, %,.0f images/s", result.seconds(), result.samplesPerSecond()));
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("Model", String.format(Locale.ROOT, "%s, %,d parameters", run.modelName, run.model.parameterCount()));
        settings.put("Data", run.subset == null ? run.dataset
                : String.format(Locale.ROOT, "%s, a subset of %,d training images", run.dataset, run.subset));
        settings.put("Recipe", run.recipe);
        settings.put("Seed", Long.toString(run.seed));
        settings.put("Device", run.device + ": " + run.device.info().name() + ", " + run.device.info().detail());
        return new RunPage(run.modelName + " on " + run.dataset)
                .table("Result", results)
                .table("Settings", settings)
                .file("model.safetensors", "the model as the last epoch left it, to predict with and to go on from")
                .file("best.safetensors", "the model of the epoch with the best test accuracy")
                .file("history.csv", "the figures of the course")
                .file("result.json", "the result for programs");
    }
}
