package dev.striate.train;

import dev.striate.Generator;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.data.DataLoader;
import dev.striate.disk.PrintableText;
import dev.striate.disk.Sha256;
import dev.striate.io.Safetensors;
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
 * optimiser's state start with {@code optimizer.}. Metadata with keys that start with {@code striate.} contain the
 * progress, the history, and the state of all random generators. Files are written atomically.
 *
 * <pre>{@code
 * Checkpoint checkpoint = Checkpoint.read(file);
 * Block model = build(checkpoint.metadata().get("model")).initialize(device, new Generator(seed));
 * ...
 * Trainer.of(model, optimizer, device).resume(checkpoint).fit(train, test, 30);
 * }</pre>
 *
 * <p>The rest is not in the file and must be set up as for the original run: the network and the modes of its parts,
 * the optimiser's settings except the learning rate, the schedule, the loaders' transforms, label smoothing and
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
    private static final String CURRENT_VERSION = "2";

    /** Files of this version have the confusion matrix of every epoch. */
    private static final String FIRST_VERSION = "1";

    /** The SHA-256 of all other entries of this class. Older files have none. */
    private static final String DIGEST = KEYS + "checkpoint_sha256";

    private static final String EPOCH = KEYS + "epoch";
    private static final String STEP = KEYS + "step";
    private static final String LOSS_SUM = KEYS + "loss_sum";
    private static final String IMAGES = KEYS + "images";
    private static final String CORRECT = KEYS + "correct";
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
    private static final String TEST_EPOCH = KEYS + "test_loader.epoch";

    /** Followed by the generator's name in the model. */
    private static final String GENERATOR = KEYS + "generator.";

    private final CheckpointFields fields;
    private final Progress progress;
    private final float learningRate;
    private final long optimizerSteps;
    private final Map<String, Long> parameterSteps = new LinkedHashMap<>();
    private final boolean dropsLast;
    private final int loaderEpoch;
    private final int testEpoch;
    private final int batches;
    private final Map<String, Generator> generators = new TreeMap<>();

    private Checkpoint(CheckpointFields fields) {
        this.fields = fields;
        fields.expect(VERSION, FIRST_VERSION, CURRENT_VERSION);
        String digest = digest(fields.all());
        if (!fields.all().getOrDefault(DIGEST, digest).equals(digest)) {
            throw new StriateException(file() + " is damaged: the SHA-256 of its metadata that start with " + KEYS
                    + " is " + digest + ", but it was another when they were written. Take a copy that is intact");
        }
        int images = fields.whole(LOADER_IMAGES, 1, Integer.MAX_VALUE);
        int batchSize = fields.whole(LOADER_BATCH_SIZE, 1, Integer.MAX_VALUE);
        dropsLast = fields.flag(LOADER_DROPS_LAST);
        batches = dropsLast ? images / batchSize : (images - 1) / batchSize + 1;
        List<EpochEnd> history = fields.history(HISTORY);
        int step = fields.whole(STEP, 0, batches);
        int trained = (int) Math.min((long) step * batchSize, images);
        Tally.Sums sums = new Tally.Sums(
                fields.number(LOSS_SUM), fields.whole(IMAGES, trained, trained), fields.whole(CORRECT, 0, trained));
        int epoch = fields.whole(EPOCH, history.size() + 1, history.size() + 1);
        progress = new Progress(epoch, step, sums, fields.number(SECONDS), history);
        learningRate = (float) fields.number(LEARNING_RATE);
        optimizerSteps = fields.whole(OPTIMIZER_STEPS);
        fields.startingWith(PARAMETER_STEPS).forEach((key, name) -> parameterSteps.put(name, fields.whole(key)));
        loaderEpoch = fields.whole(LOADER_EPOCH, 0, Integer.MAX_VALUE - 1);
        testEpoch = fields.whole(TEST_EPOCH, 0, Integer.MAX_VALUE - 1);
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
        return progress.history();
    }

    /** Returns the number of completed steps of the next epoch. */
    public int step() {
        return progress.step();
    }

    /** Describes the progress: {@code after epoch 3}, or {@code in epoch 4 after step 120 of 391}. */
    public String inWords() {
        return Progress.inWords(progress.epoch(), progress.step(), batches);
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
            Block model,
            Optimizer optimizer,
            DataLoader train,
            int loaderEpoch,
            @Nullable DataLoader test,
            Map<String, String> metadata) {
        Map<String, String> all = new LinkedHashMap<>(metadata);
        for (String key : metadata.keySet()) {
            if (key.startsWith(KEYS)) {
                throw new StriateException(
                        "checkpoint: a key of the caller's metadata starts with " + KEYS + ": " + key);
            }
        }
        requireFinite(file, model, progress.epoch(), progress.step(), train.batches());
        all.put(VERSION, CURRENT_VERSION);
        all.put(EPOCH, "" + progress.epoch());
        all.put(STEP, "" + progress.step());
        all.put(LOSS_SUM, "" + progress.sums().loss());
        all.put(IMAGES, "" + progress.sums().images());
        all.put(CORRECT, "" + progress.sums().correct());
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
        all.put(TEST_EPOCH, "" + (test == null ? 0 : test.epoch()));
        model.generators().forEach((name, generator) -> all.put(GENERATOR + name, CheckpointFields.text(generator)));
        all.put(HISTORY, HistoryJson.write(progress.history()));
        all.put(DIGEST, digest(all));
        Safetensors.write(file, tensors(model, optimizer), all);
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
    private static void requireFinite(Path file, Block model, int epoch, int step, int steps) {
        model.parameters().forEach((name, tensor) -> {
            for (float value : tensor.toFloatArray()) {
                if (!Float.isFinite(value)) {
                    throw new StriateException(
                            "cannot write the checkpoint " + file + ": " + Progress.inWords(epoch, step, steps)
                                    + ", " + name + " has the value " + value
                                    + ", from which training cannot continue; lower the learning"
                                    + " rate, or clip the gradient norm");
                }
            }
        });
    }

    private static Map<String, Tensor> tensors(Block model, Optimizer optimizer) {
        Map<String, Tensor> all = model.state();
        for (String name : all.keySet()) {
            if (name.startsWith(State.OPTIMIZER_PREFIX)) {
                throw new StriateException("checkpoint: the model's " + name
                        + " could be taken for the optimiser's; give the" + " part called \"optimizer\" another name");
            }
        }
        optimizer.state().forEach((name, tensor) -> all.put(State.OPTIMIZER_PREFIX + name, tensor));
        return all;
    }

    /**
     * Restores the model, the optimiser and the loaders, and returns the progress.
     *
     * @param epochs the planned number of epochs, including the completed ones
     * @throws StriateException if something does not match the checkpoint; nothing has changed then
     */
    Progress restore(Block model, Optimizer optimizer, DataLoader train, @Nullable DataLoader test, int epochs) {
        List<String> problems = new ArrayList<>();
        compare(problems, "the optimiser", optimizer(), optimizer.kind());
        compare(
                problems,
                "the number of training images",
                fields.text(LOADER_IMAGES),
                "" + train.dataset().size());
        compare(problems, "the batch size", fields.text(LOADER_BATCH_SIZE), "" + train.batchSize());
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
        int begun = progress.step() == 0 ? progress.history().size() : progress.epoch();
        if (epochs < begun) {
            problems.add("it is " + inWords() + ", and " + epochs + " epochs are wanted in all");
        }
        if (!problems.isEmpty()) {
            throw new StriateException("cannot resume from " + file() + ": " + String.join("; ", problems)
                    + ". Set up the training as it was when the checkpoint was written");
        }
        State.load(tensors(model, optimizer), file(), fields.all());
        if (parameterSteps.isEmpty()) {
            optimizer.steps(optimizerSteps);
        } else {
            optimizer.steps(optimizerSteps, parameterSteps);
        }
        optimizer.learningRate(learningRate);
        model.generators()
                .forEach((name, generator) -> generator.stream(Objects.requireNonNull(generators.get(name)).stream()));
        train.epoch(loaderEpoch);
        if (test != null) {
            test.epoch(testEpoch);
        }
        return progress;
    }

    private static void compare(List<String> problems, String what, String then, String now) {
        if (!then.equals(now)) {
            problems.add(PrintableText.excerpt(what) + " was " + PrintableText.excerpt(then) + " and is "
                    + PrintableText.excerpt(now));
        }
    }
}
