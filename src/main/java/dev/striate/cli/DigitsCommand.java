package dev.striate.cli;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.data.DataLoader;
import dev.striate.data.Dataset;
import dev.striate.data.Splits;
import dev.striate.data.TinyDigits;
import dev.striate.disk.PrintableText;
import dev.striate.models.ModelDescription;
import dev.striate.models.Networks;
import dev.striate.models.TinyNets;
import dev.striate.nn.Block;
import dev.striate.nn.Sequential;
import dev.striate.optim.Optimizer;
import dev.striate.plot.RunPage;
import dev.striate.train.Evaluation;
import dev.striate.train.HistoryCsv;
import dev.striate.train.PlainProgress;
import dev.striate.train.Trainer;
import dev.striate.train.TrainingResult;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains an MLP and a CNN on the bundled handwritten digits and compares them. */
@Command(
        name = "digits",
        description = {
            "Train an MLP and a CNN on 1,000 bundled handwritten digits of 8x8 pixels, test them on 200 others, and compare the"
                    + " two. Both use the same images, number of epochs and optimizer.",
            "",
            "  MLP: 64 -> Linear 32, ReLU -> Linear 10.",
            "  CNN: 1x8x8 -> Conv 3x3 to 8 channels, ReLU, MaxPool 2 (8x4x4) -> Conv 3x3 to 16 channels, ReLU, MaxPool 2 (16x2x2)"
                    + " -> Linear 10. The convolutions have padding 1.",
            "",
            "Recipe: 30 epochs, batch size 32, adam, learning rate 0.01 with cosine decay to 0."
        },
        optionListHeading = "%nOptions:%n")
final class DigitsCommand implements Callable<Integer> {

    private static final Recipe RECIPE = Recipe.plain(30, 32, 0.01f);
    private static final int SAMPLES_PER_LINE = 5;

    @Option(
            names = "--model",
            paramLabel = "NAME",
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Choice model = Choice.BOTH;

    @Mixin
    private DeviceOptions deviceOptions = new DeviceOptions();

    @Mixin
    private TrainingOptions options = new TrainingOptions();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description =
                    "Write result.json, the trained weights (safetensors), the history of the training (csv), and a report"
                            + " with pictures (index.html) to this directory, created if missing.")
    private @Nullable Path out;

    @Option(names = "--overwrite", description = RunFolder.OVERWRITE)
    private boolean overwrite;

    private final PrintStream console = System.out;

    private enum Choice {
        BOTH,
        CNN,
        MLP;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private record Trained(String name, Sequential model, TrainingResult result, Evaluation test) {}

    @Override
    public Integer call() {
        try (Interrupts interrupts = Interrupts.exitWith(
                        "interrupted; digits writes no checkpoint, so the run cannot be continued");
                RunFolder folder = out == null ? null : RunFolder.open(out, "digits", overwrite)) {
            return call(folder);
        }
    }

    private int call(@Nullable RunFolder folder) {
        Recipe recipe = options.applyTo(RECIPE);
        Device device = deviceOptions.open();
        Validation.Sets sets =
                options.validation().split(new Splits(TinyDigits.train(), TinyDigits.test()), options.seed());
        console.printf(
                Locale.ROOT,
                "%s: %s, %s%n",
                device,
                device.info().name(),
                device.info().detail());
        console.printf(Locale.ROOT, "%s of 8x8 pixels%n", sets);
        console.printf("%s%n%n", recipe);

        Map<String, Sequential> models = new LinkedHashMap<>();
        if (model != Choice.CNN) {
            models.put("mlp", TinyNets.mlp(TinyDigits.train().classes()));
        }
        if (model != Choice.MLP) {
            models.put("cnn", TinyNets.cnn(TinyDigits.train().classes()));
        }
        List<Trained> trained = new ArrayList<>();
        try {
            models.forEach((name, model) -> trained.add(train(name, model, recipe, sets, device)));
            printComparison(trained);
            printSamples(trained);
            if (folder != null) {
                folder.write(target -> {
                    save(trained, recipe, sets, device, target);
                    folder.removeOutdated();
                });
                console.printf("%nreport: %s%n", PrintableText.of(folder.page().toString()));
            }
        } finally {
            models.values().forEach(Block::close);
        }
        return 0;
    }

    private Trained train(String name, Sequential model, Recipe recipe, Validation.Sets sets, Device device) {
        model.initialize(device, new Generator(options.seed()));
        DataLoader train = DataLoader.of(sets.train(), recipe.batchSize())
                .shuffle(options.seed())
                .dropLast(TrainingOptions.leavesSingleImage(sets.train(), recipe.batchSize()));
        DataLoader validation = sets.validation() == null ? null : inOneBatch(sets.validation());
        String title = title(name);
        try (Optimizer optimizer = recipe.optimizer(model.parameters());
                LiveProgress live = new LiveProgress(console, title, false)) {
            Trainer trainer = Trainer.of(model, optimizer, device)
                    .schedule(recipe.schedule((long) recipe.epochs() * train.batches()));
            if (Terminal.isInteractive()) {
                trainer.listener(live);
            } else {
                console.println(title);
                trainer.listener(new PlainProgress(console));
            }
            TrainingResult result = trainer.fit(train, validation, recipe.epochs());
            return new Trained(name, model, result, trainer.evaluate(inOneBatch(sets.test())));
        }
    }

    private static DataLoader inOneBatch(Dataset images) {
        return DataLoader.of(images, images.size());
    }

    private void save(List<Trained> trained, Recipe recipe, Validation.Sets sets, Device device, Path directory)
            throws IOException {
        List<ResultJson.Model> results = new ArrayList<>();
        Map<String, String> accuracies = new LinkedHashMap<>();
        trained.forEach(each -> accuracies.put("Test accuracy, " + title(each.name), percent(each.test.accuracy())));
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("Images", sets.toString());
        settings.put("Recipe", recipe.toString());
        settings.put("Seed", Long.toString(options.seed()));
        settings.put(
                "Device",
                device + ": " + device.info().name() + ", " + device.info().detail());
        RunPage page = new RunPage(String.join(
                                " and ",
                                trained.stream().map(each -> title(each.name)).toList()) + " on digits")
                .table("Result", accuracies)
                .table("Settings", settings);
        for (Trained each : trained) {
            ModelDescription.of(Networks.named(each.name), TinyDigits.train().classNames())
                    .withDataset("digits")
                    .save(each.model, directory.resolve(each.name + ".safetensors"));
            HistoryCsv.write(directory.resolve(each.name + "-history.csv"), each.result.epochs());
            HistoryCsv.write(directory.resolve(each.name + "-steps.csv"), each.result.curve());
            results.add(new ResultJson.Model(each.name, each.model, each.result, each.test));
            RunPictures pictures =
                    new RunPictures(each.name + "-", each.model, TinyDigits.test(), each.result, each.test);
            if (pictures.write(directory)) {
                pictures.show(page, title(each.name) + ": ");
            }
            page.file(each.name + ".safetensors", "the model, to predict with")
                    .file(each.name + "-history.csv", "loss, accuracy and learning rate of each epoch")
                    .file(each.name + "-steps.csv", "loss and learning rate of each step");
        }
        page.file("result.json", "the result in machine-readable form").write(directory.resolve("index.html"));
        new ResultJson("digits", device, options.seed(), deviceOptions.threads(), "digits", sets, recipe, results)
                .write(directory.resolve("result.json"));
    }

    private static String title(String name) {
        return name.toUpperCase(Locale.ROOT);
    }

    private void printComparison(List<Trained> trained) {
        console.println();
        row(trained, "", each -> title(each.name));
        row(trained, "parameters", each -> String.format(Locale.ROOT, "%,d", each.model.parameterCount()));
        row(trained, "train accuracy", each -> percent(each.result.trainAccuracy()));
        row(trained, "test accuracy", each -> percent(each.test.accuracy()));
        row(trained, "train time", each -> String.format(Locale.ROOT, "%.2f s", each.result.seconds()));
        row(trained, "images/s", each -> String.format(Locale.ROOT, "%,.0f", each.result.samplesPerSecond()));
    }

    private void row(List<Trained> trained, String heading, Function<Trained, String> cell) {
        StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%-15s", heading));
        trained.forEach(each -> line.append(String.format(Locale.ROOT, "%11s", cell.apply(each))));
        console.println(line);
    }

    private static String percent(double fraction) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * fraction);
    }

    /** Prints the first test image of each digit, with the models' predictions. */
    private void printSamples(List<Trained> trained) {
        Dataset testSet = TinyDigits.test();
        DigitPictures pictures = new DigitPictures(testSet);
        int[] samples = new int[testSet.classes()];
        for (int index = testSet.size() - 1; index >= 0; index--) {
            samples[testSet.label(index)] = index;
        }
        String cell = " %-" + pictures.columns() + "s";
        console.println();
        console.println("Ten test images; a wrong prediction is marked with !");
        for (int first = 0; first < samples.length; first += SAMPLES_PER_LINE) {
            StringBuilder[] lines = new StringBuilder[pictures.lines(0).length + trained.size()];
            for (int line = 0; line < lines.length; line++) {
                int which = line - (lines.length - trained.size());
                lines[line] = new StringBuilder(which < 0 ? "   " : title(trained.get(which).name));
            }
            for (int sample = first; sample < Math.min(first + SAMPLES_PER_LINE, samples.length); sample++) {
                int index = samples[sample];
                int line = 0;
                for (String row : pictures.lines(index)) {
                    lines[line++].append(String.format(cell, row));
                }
                for (Trained each : trained) {
                    int predicted = each.test.predictions()[index];
                    String mark = predicted == testSet.label(index) ? "" : " !";
                    lines[line++].append(String.format(cell, "   " + predicted + mark));
                }
            }
            console.println();
            for (StringBuilder line : lines) {
                console.println(line.toString().stripTrailing());
            }
        }
    }
}
