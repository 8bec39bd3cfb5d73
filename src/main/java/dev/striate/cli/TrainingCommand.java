package dev.striate.cli;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.StriateException;
import dev.striate.data.DataLoader;
import dev.striate.data.Dataset;
import dev.striate.data.Datasets;
import dev.striate.data.Normalize;
import dev.striate.data.Splits;
import dev.striate.data.Transform;
import dev.striate.disk.PrintableText;
import dev.striate.models.ModelDescription;
import dev.striate.models.NetworkBuilder;
import dev.striate.nn.Block;
import dev.striate.optim.Optimizer;
import dev.striate.train.Checkpoint;
import dev.striate.train.CheckpointWriter;
import dev.striate.train.EarlyStopping;
import dev.striate.train.EpochEnd;
import dev.striate.train.Evaluation;
import dev.striate.train.Monitor;
import dev.striate.train.PlainProgress;
import dev.striate.train.Stop;
import dev.striate.train.StopSwitch;
import dev.striate.train.Trainer;
import dev.striate.train.TrainingResult;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The part that is common to the commands that train one network on a data set: options, the run's folder, checkpoints,
 * resuming.
 *
 * <p>The result of a run is determined by the command and the {@link #arguments}, which its checkpoints record. To
 * resume, a new command reads them from the checkpoint. The command line only adds options that do not affect the
 * result: the device, the location of the data set, the output folder.
 */
abstract class TrainingCommand implements Callable<Integer> {

    private static final int EVALUATION_BATCH_SIZE = 250;

    @Mixin
    private DataOptions dataOptions = new DataOptions();

    @Option(
            names = "--subset",
            paramLabel = "N",
            converter = Count.class,
            description =
                    "Train on N images only, for a quick try; the accuracy is then far below what the model can reach.")
    private @Nullable Integer subset;

    @Mixin
    private TrainingOptions options = new TrainingOptions();

    @Option(
            names = "--patience",
            paramLabel = "N",
            converter = Count.class,
            description =
                    "Stop early after N epochs without a better validation loss, and restore the weights of the best epoch"
                            + " (default: train all epochs).")
    private @Nullable Integer patience;

    @Mixin
    private DeviceOptions deviceOptions = new DeviceOptions();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description =
                    "Directory for the run's files, created if missing (default: a new one under runs; with --resume, that"
                            + " of FILE).")
    private @Nullable Path out;

    @Option(names = "--overwrite", description = RunFolder.OVERWRITE)
    private boolean overwrite;

    @Option(
            names = "--resume",
            paramLabel = "FILE",
            description =
                    "Resume a run from its model.safetensors; the result is the same as without the interruption. Model,"
                            + " data set and training options are taken from the file. Only --epochs may be given anew, to"
                            + " extend a run: the learning rate then follows the schedule of the longer run.")
    private @Nullable Path resume;

    @Spec
    private CommandSpec spec;

    private final PrintStream console = System.out;

    /** The number of epochs of the run before it was extended, or null. */
    private @Nullable Integer epochsBefore;

    /** Returns a new command of the same kind without options. */
    abstract TrainingCommand fresh();

    abstract NetworkBuilder builder();

    abstract DatasetChoice dataset();

    /**
     * Returns the sentence that ends the error if a download fails: how to train without one. Empty if that is
     * impossible.
     */
    String withoutDownload() {
        return "";
    }

    /** Returns the defaults of the training options. */
    abstract Recipe recipe();

    /** Returns the options of this command that determine the result, including defaults. */
    abstract List<String> ownArguments();

    @Override
    public Integer call() {
        return resume == null ? run(null) : resumed(resume);
    }

    // ---- Resuming

    private int resumed(Path file) {
        Checkpoint checkpoint = Checkpoint.read(file);
        RunArguments arguments = RunArguments.of(file, checkpoint.metadata());
        if (!arguments.command().equals(spec.name())) {
            throw new StriateException(
                    file + " was written by 'striate " + arguments.command() + "'; resume it with that command");
        }
        RunArguments.refuseChanges(spec, file);
        TrainingCommand again = fresh();
        arguments.parseInto(again, file);
        again.extendTo(options.epochs());
        again.dataOptions = dataOptions;
        again.deviceOptions = deviceOptions;
        again.out = out;
        again.overwrite = overwrite;
        again.spec = spec;
        return again.run(checkpoint);
    }

    /** Changes the number of epochs of a run that is resumed, if another one is wanted. */
    private void extendTo(@Nullable Integer epochs) {
        if (epochs != null) {
            epochsBefore = options.epochs();
            options.epochs(epochs);
        }
    }

    /**
     * Returns the arguments that determine the result. Defaults are included, because they may differ in a later
     * version.
     */
    private List<String> arguments(Recipe recipe) {
        List<String> all = new ArrayList<>(ownArguments());
        all.addAll(options.arguments(recipe));
        if (subset != null) {
            all.add("--subset=" + subset);
        }
        if (patience != null) {
            all.add("--patience=" + patience);
        }
        return all;
    }

    // ---- The run

    private int run(@Nullable Checkpoint from) {
        try (RunFolder folder = from == null
                ? RunFolder.open(out, spec.name(), overwrite)
                : RunFolder.reopen(from.file(), out, overwrite)) {
            return run(from, folder);
        }
    }

    private int run(@Nullable Checkpoint from, RunFolder folder) {
        Recipe recipe = options.applyTo(recipe());
        Splits splits = load(from == null);
        if (from != null) {
            List<String> classes = classNames(from);
            splits = splits.map(images -> ClassNames.matchAll(images, classes, from.file()));
        }
        Device device = deviceOptions.open();
        Validation validation = options.validation();
        Validation.Sets sets = validation.split(splits, options.seed());
        if (patience != null && sets.validation() == null) {
            throw new StriateException("--patience needs a validation set, and there is none with --validation="
                    + validation + " of " + sets.train().size() + " training images");
        }
        Dataset training = subset == null ? sets.train() : subset(sets.train(), subset);
        Normalize normalize = Datasets.meanAndDeviation(training);
        ModelDescription description = ModelDescription.of(builder(), training.classNames())
                .withDataset(dataset().toString())
                .withBorder(dataset().border(builder().input()))
                .withNormalize(normalize);
        DataLoader train = DataLoader.of(training, recipe.batchSize())
                .shuffle(options.seed())
                .transform(chain(normalize, recipe.augmentation()))
                .dropLast(
                        from == null
                                ? TrainingOptions.leavesSingleImage(training, recipe.batchSize())
                                : from.dropsLast());
        DataLoader validating = sets.validation() == null ? null : forEvaluation(sets.validation(), normalize);

        try (Block model = description.build().initialize(device, new Generator(options.seed()));
                Optimizer optimizer = recipe.optimizer(model.parameters())) {
            printHead(device, sets, recipe, model, description);
            StopSwitch stop = new StopSwitch();
            Trainer trainer = Trainer.of(model, optimizer, device)
                    .labelSmoothing(recipe.labelSmoothing())
                    .schedule(recipe.schedule((long) recipe.epochs() * train.batches()));
            // The test set must not choose the weights; runs of earlier versions kept the last ones.
            boolean restoresBest = patience != null && !validation.onTest();
            if (patience != null) {
                trainer.listener(EarlyStopping.byValidationLoss(patience));
            }
            if (restoresBest) {
                trainer.keepBest(Monitor.validationLoss());
            }
            Map<String, String> metadata = description.toMetadata();
            metadata.putAll(new RunArguments(spec.name(), arguments(recipe)).toMetadata());
            CheckpointWriter checkpoints = new CheckpointWriter(folder.model(), metadata);
            if (restoresBest) {
                checkpoints.best(folder.best(), Monitor.validationLoss());
            } else if (validating != null) {
                checkpoints.best(folder.best());
            }
            trainer.listener(folder.removal())
                    .listener(checkpoints)
                    .listener(folder.history())
                    .listener(stop);
            if (from != null) {
                console.printf("resuming %s%n", from.inWords());
                if (epochsBefore != null && epochsBefore != recipe.epochs()) {
                    printExtension(from, epochsBefore, recipe, train.batches());
                }
                if (from.history().size() >= recipe.epochs()) {
                    console.printf(
                            "the run is complete: %d of %d epochs; nothing to train%n",
                            from.history().size(), recipe.epochs());
                }
                trainer.resume(from);
            }
            long start = System.nanoTime();
            TrainingResult result = fit(trainer, train, validating, recipe, stop);
            List<String> arguments = new ArrayList<>(List.of(spec.name()));
            arguments.addAll(dataOptions.arguments());
            arguments.addAll(deviceOptions.arguments());
            arguments.add("--resume=" + folder.model());
            String command = Shell.command(arguments);
            if (result.interrupted()) {
                console.println(Interrupts.message(result, command));
                return Interrupts.STATUS;
            }
            try (Interrupts interrupts = Interrupts.exitWith("interrupted before the report; go on with: " + command)) {
                Evaluation test = validation.onTest()
                        ? Objects.requireNonNull(result.validation())
                        : trainer.evaluate(forEvaluation(sets.test(), normalize));
                finish(
                        result,
                        test,
                        sets,
                        model,
                        device,
                        recipe,
                        folder,
                        // The training time includes that of earlier processes and could exceed the time of this one.
                        from == null
                                ? String.format(Locale.ROOT, " in %.1f s", (System.nanoTime() - start) * 1e-9)
                                : "");
            }
        }
        return 0;
    }

    private static DataLoader forEvaluation(Dataset images, Normalize normalize) {
        return DataLoader.of(images, EVALUATION_BATCH_SIZE).transform(normalize);
    }

    private void printExtension(Checkpoint from, int before, Recipe recipe, int batches) {
        long next = (long) from.history().size() * batches + from.step();
        console.printf(
                Locale.ROOT,
                "%d instead of %d epochs: from here on, the learning rate is that of a run of %d epochs, %.3g in the next"
                        + " step; in a run of %d it would be %.3g%n",
                recipe.epochs(),
                before,
                recipe.epochs(),
                recipe.schedule((long) recipe.epochs() * batches).at(next),
                before,
                recipe.schedule((long) before * batches).at(next));
    }

    private Splits load(boolean newRun) {
        try {
            return dataOptions.load(dataset(), builder().input());
        } catch (StriateException e) {
            if (newRun && !dataOptions.hasDirectory() && !withoutDownload().isEmpty()) {
                throw new StriateException(e.getMessage() + ". " + withoutDownload(), e);
            }
            throw e;
        }
    }

    private static Dataset subset(Dataset images, int count) {
        if (count > images.size()) {
            throw new StriateException("--subset: expected 1 to " + images.size() + ", got " + count);
        }
        return Datasets.subset(images, count);
    }

    private static List<String> classNames(Checkpoint from) {
        try {
            return ModelDescription.of(from.metadata()).classNames();
        } catch (StriateException e) {
            throw new StriateException(from.file() + ": " + e.getMessage(), e);
        }
    }

    private static Transform[] chain(Normalize normalize, List<Transform> augmentation) {
        List<Transform> all = new ArrayList<>(List.of(normalize));
        all.addAll(augmentation);
        return all.toArray(Transform[]::new);
    }

    private TrainingResult fit(
            Trainer trainer, DataLoader train, @Nullable DataLoader validation, Recipe recipe, StopSwitch stop) {
        try (Interrupts interrupts = Interrupts.askFor(stop);
                LiveProgress live = new LiveProgress(console, "", true)) {
            trainer.listener(Terminal.isInteractive() ? live : new PlainProgress(console));
            return trainer.fit(train, validation, recipe.epochs());
        }
    }

    private void printHead(
            Device device, Validation.Sets sets, Recipe recipe, Block model, ModelDescription description) {
        console.printf(
                Locale.ROOT,
                "%s: %s, %s%n",
                device,
                device.info().name(),
                device.info().detail());
        console.printf(
                Locale.ROOT,
                "%s: %s of %s%n",
                dataOptions.title(dataset()),
                sets,
                sets.train().imageShape());
        if (options.validation().onTest()) {
            console.println("the test set is also the validation set");
        } else if (options.validation().share() > 0 && sets.validation() == null) {
            console.println("there are too few training images for a validation set");
        }
        if (subset != null) {
            console.printf(
                    Locale.ROOT,
                    "subset: training on %,d of the %,d images%n",
                    subset,
                    sets.train().size());
        }
        console.printf("%s%n%n", recipe);
        console.printf("%s%n%n", model.summary(description.batch(1)));
    }

    private void finish(
            TrainingResult result,
            Evaluation test,
            Validation.Sets sets,
            Block model,
            Device device,
            Recipe recipe,
            RunFolder folder,
            String duration) {
        Stop stop = result.stop();
        if (stop != null) {
            console.println("stopped early: " + stop.reason());
        }
        if (result.epoch() < result.epochs().size()) {
            console.println("restored the weights of epoch " + result.epoch());
        }
        console.println();
        ClassTable table = new ClassTable(test, sets.test().classNames());
        table.printScores(console);
        console.println();
        table.printConfusion(console);
        console.printf(
                Locale.ROOT,
                "%ntest accuracy %s (%,d of %,d)%s, training accuracy %s%n",
                ClassTable.percent(test.accuracy()),
                test.correct(),
                test.total(),
                subset == null ? "" : " after training on a subset",
                ClassTable.percent(result.trainAccuracy()));
        int epochs = result.epochs().size();
        console.printf(
                Locale.ROOT,
                "%d %s%s (training %.1f s, %,.0f images/s)%n",
                epochs,
                epochs == 1 ? "epoch" : "epochs",
                duration,
                result.seconds(),
                result.samplesPerSecond());
        RunFolder.Run run = new RunFolder.Run(
                spec.name(),
                builder().name(),
                dataOptions.title(dataset()),
                sets,
                subset,
                recipe,
                device,
                options.seed(),
                deviceOptions.threads(),
                model,
                result,
                test);
        folder.write(run);
        if (result.epoch() == result.epochs().size()) {
            printBest(result.epochs(), folder.best());
        }
        console.printf("report: %s%n", PrintableText.of(folder.page().toString()));
    }

    /** Prints the epoch of the best checkpoint unless it is the last one. */
    private void printBest(List<EpochEnd> epochs, Path file) {
        if (!Files.exists(file)) {
            return;
        }
        List<EpochEnd> kept = Checkpoint.read(file).history();
        if (kept.isEmpty() || kept.size() == epochs.size()) {
            return;
        }
        EpochEnd best = kept.get(kept.size() - 1);
        // A run that was resumed into another folder keeps the best of its own epochs only.
        if (epochs.stream().noneMatch(epoch -> epoch.validationAccuracy() > best.validationAccuracy())) {
            console.printf(
                    "best epoch: %d, validation accuracy %s, in %s%n",
                    best.epoch(), ClassTable.percent(best.validationAccuracy()), PrintableText.of(file.toString()));
        }
    }
}
