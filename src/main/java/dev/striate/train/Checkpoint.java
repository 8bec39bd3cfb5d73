package dev.striate.train;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.data.DataLoader;
import dev.striate.disk.PrintableText;
import dev.striate.disk.Sha256;
import dev.striate.io.Safetensors;
import dev.striate.io.SafetensorsEntry;
import dev.striate.io.State;
import dev.striate.nn.Block;
import dev.striate.optim.Optimizer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The state of a training run between two steps, in one {@link Safetensors} file. The file contains the model's weights
 * and buffers under their own names, so {@link State#load} and PyTorch can read it as a model file. The names of the
 * optimiser's state start with {@code optimizer.}, those of all else that is needed to continue with {@code trainer.}.
 * If the trainer {@linkplain Trainer#averageWeights averages the weights}, the average is what has the plain names.
 * Metadata with keys that start with {@code striate.} contain the progress, the history, and the state of all random
 * generators. Files are written atomically.
 *
 * <pre>{@code
 * Checkpoint checkpoint = Checkpoint.read(file);
 * Block model = build(checkpoint.metadata().get("model")).initialize(device, new Generator(seed));
 * ...
 * Trainer.of(model, optimizer, device).resume(checkpoint).fit(train, validation, 30);
 * }</pre>
 *
 * <p>The rest is not in the file and must be set up as for the original run: the network and the modes of its parts,
 * the optimiser's settings except the learning rate, the schedule, the loaders' transforms, the loss, the metrics and
 * gradient clipping. Values are stored as float32; the reference device computes in double precision, so it resumes
 * from rounded values.
 */
public final class Checkpoint {

    /** Writes the current state of a training run. */
    @FunctionalInterface
    public interface Saver {

        /**
         * Writes a checkpoint.
         *
         * @param metadata additional metadata for the file, such as the model's name
         * @throws StriateException if the file cannot be written; if a key starts with {@code striate.}; or if a weight
         *     or the loss of an earlier step is infinite or NaN, because training cannot continue from there. An
         *     existing file is unchanged then
         */
        void save(Path file, Map<String, String> metadata);
    }

    private static final String KEYS = "striate.";
    private static final String VERSION = KEYS + "checkpoint";
    private static final String CURRENT_VERSION = "3";

    /** Files of these versions lack the steps' losses. Those of the first have the confusion matrix of every epoch. */
    private static final String[] VERSIONS = {"1", "2", CURRENT_VERSION};

    /** The SHA-256 of all other entries of this class. Older files have none. */
    private static final String DIGEST = KEYS + "checkpoint_sha256";

    private static final String EPOCH = KEYS + "epoch";
    private static final String STEP = KEYS + "step";
    private static final String LOSS_SUM = KEYS + "loss_sum";
    private static final String IMAGES = KEYS + "images";
    private static final String CORRECT = KEYS + "correct";

    /** The number of correctly classified images if the model is not a classifier. */
    private static final String NONE = "none";

    /** Followed by the metric's name. */
    private static final String METRIC_SUM = KEYS + "metric_sum.";

    private static final String SECONDS = KEYS + "seconds";
    private static final String HISTORY = KEYS + "history";
    private static final String OPTIMIZER = KEYS + "optimizer";
    private static final String LEARNING_RATE = KEYS + "learning_rate";
    private static final String OPTIMIZER_STEPS = KEYS + "optimizer_steps";

    /** Followed by the parameter's name. Older versions stored one number of steps for all parameters. */
    private static final String PARAMETER_STEPS = OPTIMIZER_STEPS + ".";

    private static final String LOADER_EPOCH = KEYS + "loader.epoch";
    private static final String LOADER_IMAGES = KEYS + "loader.images";
    private static final String LOADER_BATCH_SIZE = KEYS + "loader.batch_size";
    private static final String LOADER_SEED = KEYS + "loader.seed";
    private static final String LOADER_SHUFFLED = KEYS + "loader.shuffled";
    private static final String LOADER_DROPS_LAST = KEYS + "loader.drops_last";
    /** The name is that of earlier versions, in which it was called the test set. */
    private static final String VALIDATION_EPOCH = KEYS + "test_loader.epoch";

    private static final String ACCUMULATED = KEYS + "accumulated_batches";
    private static final String AVERAGE_DECAY = KEYS + "average_decay";
    private static final String BEST_EPOCH = KEYS + "best_epoch";
    private static final String BEST_SCORE = KEYS + "best_score";

    /** Followed by the generator's name in the model. */
    private static final String GENERATOR = KEYS + "generator.";

    /** The names of tensors: the optimiser's weights where the plain names have their average, and the best weights. */
    private static final String TRAINED_WEIGHTS = State.TRAINER_PREFIX + "weights.";

    private static final String BEST_WEIGHTS = State.TRAINER_PREFIX + "best.";
    private static final String LOSSES = State.TRAINER_PREFIX + "losses";
    private static final String LEARNING_RATES = State.TRAINER_PREFIX + "learning_rates";

    private final CheckpointFields fields;
    private final int epoch;
    private final int step;
    private final Tally.Sums sums;
    private final double seconds;
    private final List<EpochEnd> history;
    private final @Nullable BestEpoch best;
    private final int accumulated;
    private final float learningRate;
    private final long optimizerSteps;
    private final Map<String, Long> parameterSteps = new LinkedHashMap<>();
    private final boolean dropsLast;
    private final int loaderEpoch;
    private final int validationEpoch;
    private final int steps;
    private final Map<String, Generator> generators = new TreeMap<>();

    private Checkpoint(CheckpointFields fields) {
        this.fields = fields;
        fields.expect(VERSION, VERSIONS);
        String digest = digest(fields.all());
        if (!fields.all().getOrDefault(DIGEST, digest).equals(digest)) {
            throw new StriateException(file() + " is damaged: the SHA-256 of its metadata that start with " + KEYS
                    + " is " + digest + ", but it was another when they were written. Take a copy that is intact");
        }
        int images = fields.whole(LOADER_IMAGES, 1, Integer.MAX_VALUE);
        int batchSize = fields.whole(LOADER_BATCH_SIZE, 1, Integer.MAX_VALUE);
        dropsLast = fields.flag(LOADER_DROPS_LAST);
        accumulated = fields.has(ACCUMULATED) ? fields.whole(ACCUMULATED, 1, Integer.MAX_VALUE) : 1;
        int batches = dropsLast ? images / batchSize : (images - 1) / batchSize + 1;
        steps = (batches - 1) / accumulated + 1;
        history = fields.history(HISTORY);
        step = fields.whole(STEP, 0, steps);
        int trained = (int) Math.min((long) step * accumulated * batchSize, images);
        Map<String, Double> metrics = new LinkedHashMap<>();
        fields.startingWith(METRIC_SUM).forEach((key, name) -> metrics.put(name, fields.anyNumber(key)));
        sums = new Tally.Sums(
                fields.finite(LOSS_SUM),
                fields.whole(IMAGES, trained, trained),
                fields.text(CORRECT).equals(NONE) ? -1 : fields.whole(CORRECT, 0, trained),
                metrics);
        seconds = fields.number(SECONDS);
        epoch = fields.whole(EPOCH, history.size() + 1, history.size() + 1);
        best = fields.has(BEST_EPOCH)
                ? new BestEpoch(fields.whole(BEST_EPOCH, 1, epoch), fields.anyNumber(BEST_SCORE))
                : null;
        learningRate = (float) fields.number(LEARNING_RATE);
        optimizerSteps = fields.whole(OPTIMIZER_STEPS);
        fields.startingWith(PARAMETER_STEPS).forEach((key, name) -> parameterSteps.put(name, fields.whole(key)));
        loaderEpoch = fields.whole(LOADER_EPOCH, 0, Integer.MAX_VALUE - 1);
        validationEpoch = fields.whole(VALIDATION_EPOCH, 0, Integer.MAX_VALUE - 1);
        fields.startingWith(GENERATOR).forEach((key, name) -> generators.put(name, fields.generator(key)));
    }

    /**
     * Reads the metadata of a checkpoint. The weights are not read until training resumes.
     *
     * @throws StriateException if the file cannot be read or is not a checkpoint
     */
    public static Checkpoint read(Path file) {
        Map<String, String> metadata = Safetensors.readMetadata(file);
        if (!metadata.containsKey(VERSION)) {
            throw new StriateException(
                    file + " contains weights but no training state. Pass a checkpoint written during"
                            + " training, or load the weights with Block.load");
        }
        return new Checkpoint(new CheckpointFields(file, metadata));
    }

    public Path file() {
        return fields.file();
    }

    /** Returns the caller's metadata, without the keys that this class adds. */
    public Map<String, String> metadata() {
        Map<String, String> free = new LinkedHashMap<>(fields.all());
        free.keySet().removeIf(key -> key.startsWith(KEYS));
        return free;
    }

    /**
     * Returns the completed epochs. The evaluation of the last one has no predictions; those of the others are reduced
     * as in {@link EpochEnd}.
     */
    public List<EpochEnd> history() {
        return List.copyOf(history);
    }

    /** Returns the number of completed steps of the next epoch. */
    public int step() {
        return step;
    }

    /** Describes the progress: {@code after epoch 3}, or {@code in epoch 4 after step 120 of 391}. */
    public String inWords() {
        return Progress.inWords(epoch, step, steps);
    }

    /** Returns the {@linkplain Optimizer#kind kind of optimiser}. */
    public String optimizer() {
        return fields.text(OPTIMIZER);
    }

    /**
     * Returns whether the training loader {@linkplain DataLoader#dropLast drops the last batch} of an epoch if it is
     * not full.
     */
    public boolean dropsLast() {
        return dropsLast;
    }

    static void write(
            Path file,
            Progress progress,
            Trainer trainer,
            TrainedWeights weights,
            DataLoader train,
            int loaderEpoch,
            @Nullable DataLoader validation,
            Map<String, String> metadata) {
        Map<String, String> all = new LinkedHashMap<>(metadata);
        for (String key : metadata.keySet()) {
            if (key.startsWith(KEYS)) {
                throw new StriateException(
                        "checkpoint: a key of the caller's metadata starts with " + KEYS + ": " + key);
            }
        }
        Optimizer optimizer = trainer.optimizer();
        requireFinite(file, weights.trained(), progress, trainer.stepsPerEpoch(train));
        all.put(VERSION, CURRENT_VERSION);
        all.put(EPOCH, "" + progress.epoch());
        all.put(STEP, "" + progress.step());
        all.put(LOSS_SUM, "" + progress.sums().loss());
        all.put(IMAGES, "" + progress.sums().images());
        int correct = progress.sums().correct();
        all.put(CORRECT, correct < 0 ? NONE : "" + correct);
        progress.sums().metrics().forEach((name, sum) -> all.put(METRIC_SUM + name, "" + sum));
        all.put(SECONDS, "" + progress.seconds());
        all.put(OPTIMIZER, optimizer.kind());
        all.put(LEARNING_RATE, "" + optimizer.learningRate());
        all.put(OPTIMIZER_STEPS, "" + optimizer.steps());
        optimizer.parameterSteps().forEach((name, steps) -> all.put(PARAMETER_STEPS + name, "" + steps));
        all.put(LOADER_EPOCH, "" + loaderEpoch);
        all.put(LOADER_IMAGES, "" + train.dataset().size());
        all.put(LOADER_BATCH_SIZE, "" + train.batchSize());
        all.put(LOADER_SEED, "" + train.seed());
        all.put(LOADER_SHUFFLED, "" + train.isShuffled());
        all.put(LOADER_DROPS_LAST, "" + train.dropsLast());
        all.put(VALIDATION_EPOCH, "" + (validation == null ? 0 : validation.epoch()));
        all.put(ACCUMULATED, "" + trainer.accumulated());
        all.put(AVERAGE_DECAY, "" + trainer.averageDecay());
        if (progress.best() != null) {
            all.put(BEST_EPOCH, "" + progress.best().epoch());
            all.put(BEST_SCORE, "" + progress.best().score());
        }
        trainer.model()
                .generators()
                .forEach((name, generator) -> all.put(GENERATOR + name, CheckpointFields.text(generator)));
        all.put(HISTORY, HistoryJson.write(progress.history()));
        all.put(DIGEST, digest(all));
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> tensors = tensors(weights, optimizer, progress.best() != null);
            putCurve(tensors, trainer.device(), progress.curve());
            Safetensors.write(file, tensors, all);
        }
    }

    private static void putCurve(Map<String, Tensor> tensors, Device device, StepCurve curve) {
        float[] losses = curve.losses();
        if (losses.length > 0) {
            Shape shape = Shape.of(losses.length);
            tensors.put(LOSSES, Tensor.of(device, shape, losses));
            tensors.put(LEARNING_RATES, Tensor.of(device, shape, curve.learningRates()));
        }
    }

    private static String digest(Map<String, String> metadata) {
        Sha256 digest = new Sha256();
        new TreeMap<>(metadata).forEach((key, value) -> {
            if (key.startsWith(KEYS) && !key.equals(DIGEST)) {
                digest.add(StandardCharsets.UTF_8.encode(key + "\0" + value + "\0"));
            }
        });
        return digest.digits();
    }

    /** Checks the weights, because the losses are not enough: a finite loss may have an infinite gradient. */
    private static void requireFinite(Path file, Map<String, Tensor> weights, Progress progress, int steps) {
        weights.forEach((name, tensor) -> {
            for (float value : tensor.toFloatArray()) {
                if (!Float.isFinite(value)) {
                    throw new StriateException("cannot write the checkpoint " + file + ": "
                            + Progress.inWords(progress.epoch(), progress.step(), steps)
                            + ", " + name + " has the value " + value
                            + ", from which training cannot continue; lower the learning"
                            + " rate, or clip the gradient norm");
                }
            }
        });
    }

    /** Returns all tensors of a checkpoint but those of the curve. */
    private static Map<String, Tensor> tensors(TrainedWeights weights, Optimizer optimizer, boolean withBest) {
        Map<String, Tensor> averaged = weights.averaged();
        Map<String, Tensor> all = new LinkedHashMap<>(averaged == null ? weights.trained() : averaged);
        for (String name : all.keySet()) {
            for (String prefix : List.of(State.OPTIMIZER_PREFIX, State.TRAINER_PREFIX)) {
                if (name.startsWith(prefix)) {
                    throw new StriateException("checkpoint: the model's " + name
                            + " could be taken for the state of the training; give the part called \""
                            + name.substring(0, prefix.length() - 1) + "\" another name");
                }
            }
        }
        if (averaged != null) {
            weights.trained().forEach((name, tensor) -> all.put(TRAINED_WEIGHTS + name, tensor));
        }
        if (withBest) {
            Objects.requireNonNull(weights.best()).forEach((name, tensor) -> all.put(BEST_WEIGHTS + name, tensor));
        }
        optimizer.state().forEach((name, tensor) -> all.put(State.OPTIMIZER_PREFIX + name, tensor));
        return all;
    }

    /**
     * Restores the model, the optimiser and the loaders, and returns the progress.
     *
     * @param weights those of the trainer's model
     * @param epochs  the planned number of epochs, including the completed ones
     * @throws StriateException if something does not match the checkpoint; nothing has changed then
     */
    Progress restore(
            Trainer trainer, TrainedWeights weights, DataLoader train, @Nullable DataLoader validation, int epochs) {
        Block model = trainer.model();
        Optimizer optimizer = trainer.optimizer();
        List<String> problems = new ArrayList<>();
        compare(problems, "the optimiser", optimizer(), optimizer.kind());
        compare(
                problems,
                "the number of training images",
                fields.text(LOADER_IMAGES),
                "" + train.dataset().size());
        compare(problems, "the batch size", fields.text(LOADER_BATCH_SIZE), "" + train.batchSize());
        compare(problems, "the number of accumulated batches", "" + accumulated, "" + trainer.accumulated());
        compare(
                problems,
                "the decay of averaged weights",
                fields.all().getOrDefault(AVERAGE_DECAY, "0.0"),
                "" + trainer.averageDecay());
        compare(problems, "the loader's seed", fields.text(LOADER_SEED), "" + train.seed());
        compare(problems, "whether the loader shuffles", fields.text(LOADER_SHUFFLED), "" + train.isShuffled());
        compare(problems, "whether the loader drops the last batch", "" + dropsLast, "" + train.dropsLast());
        if (!parameterSteps.isEmpty()
                && !parameterSteps.keySet().equals(optimizer.parameterSteps().keySet())) {
            problems.add("the optimiser has other parameters");
        }
        compare(
                problems,
                "the list of random generators in the model",
                generators.keySet().toString(),
                new TreeMap<>(model.generators()).keySet().toString());
        model.generators().forEach((name, generator) -> {
            if (generators.containsKey(name)) {
                compare(
                        problems,
                        "the seed of " + name,
                        "" + generators.get(name).seed(),
                        "" + generator.seed());
            }
        });
        if (best != null && trainer.best() == null) {
            problems.add("the best weights were kept and are not now");
        }
        int begun = step == 0 ? history.size() : epoch;
        if (epochs < begun) {
            problems.add("it is " + inWords() + ", and " + epochs + " epochs are wanted in all");
        }
        if (!problems.isEmpty()) {
            throw new StriateException("cannot resume from " + file() + ": " + String.join("; ", problems)
                    + ". Set up the training as it was when the checkpoint was written");
        }
        StepCurve curve = loadTensors(trainer, weights);
        if (parameterSteps.isEmpty()) {
            optimizer.steps(optimizerSteps);
        } else {
            optimizer.steps(optimizerSteps, parameterSteps);
        }
        optimizer.learningRate(learningRate);
        model.generators()
                .forEach((name, generator) -> generator.stream(Objects.requireNonNull(generators.get(name)).stream()));
        train.epoch(loaderEpoch);
        if (validation != null) {
            validation.epoch(validationEpoch);
        }
        return new Progress(epoch, step, sums, seconds, history, curve, best);
    }

    private StepCurve loadTensors(Trainer trainer, TrainedWeights weights) {
        long done = (long) history.size() * steps + step;
        SafetensorsEntry entry = Safetensors.entries(file()).get(LOSSES);
        long bytes = entry == null ? 0 : entry.end() - entry.begin();
        int known = (int) Math.min(bytes / Float.BYTES, Integer.MAX_VALUE);
        if (known > done) {
            throw new StriateException(file() + " is a damaged checkpoint: it has the losses of " + known
                    + " steps, of which " + done + " were made");
        }
        try (Scope scope = Scope.open()) {
            if (best != null) {
                weights.keepAsBest();
            }
            Map<String, Tensor> tensors = tensors(weights, trainer.optimizer(), best != null);
            StepCurve curve = new StepCurve(steps, done - known, new float[known], new float[known]);
            putCurve(tensors, trainer.device(), curve);
            State.load(tensors, file(), fields.all());
            return known == 0
                    ? curve
                    : new StepCurve(
                            steps,
                            done - known,
                            Objects.requireNonNull(tensors.get(LOSSES)).toFloatArray(),
                            Objects.requireNonNull(tensors.get(LEARNING_RATES)).toFloatArray());
        }
    }

    private static void compare(List<String> problems, String what, String then, String now) {
        if (!then.equals(now)) {
            problems.add(PrintableText.excerpt(what) + " was " + PrintableText.excerpt(then) + " and is "
                    + PrintableText.excerpt(now));
        }
    }
}
