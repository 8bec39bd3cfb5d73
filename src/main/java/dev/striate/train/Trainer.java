package dev.striate.train;

import dev.striate.ClassificationOptions;
import dev.striate.CrossEntropyResult;
import dev.striate.Device;
import dev.striate.IntTensor;
import dev.striate.NoGrad;
import dev.striate.Scope;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.data.Batch;
import dev.striate.data.DataLoader;
import dev.striate.nn.Block;
import dev.striate.optim.Optimizer;
import dev.striate.optim.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Trains a classifier with the cross-entropy loss. The model must return logits {@code (N, classes)}. Each batch is one
 * step: forward pass, backward pass, optimiser step. Each epoch ends with an evaluation on the test set.
 *
 * <pre>{@code
 * TrainingResult result = Trainer.of(model, optimizer, device)
 *         .schedule(new CosineSchedule(0.01f, 0, 30L * train.batches()))
 *         .listener(new PlainProgress(System.out))
 *         .fit(train, test, 30);
 * }</pre>
 *
 * <p>Losses stay on the device for up to 32 steps before they are read, because each read waits for the device.
 */
public final class Trainer {

    private final Block model;
    private final Optimizer optimizer;
    private final Device device;
    private final List<TrainingListener> listeners = new ArrayList<>();
    private ClassificationOptions lossOptions = ClassificationOptions.DEFAULT;
    private @Nullable Schedule schedule;
    private float maxGradNorm = Float.POSITIVE_INFINITY;
    private boolean evaluatesTrainingSet = true;
    private @Nullable Checkpoint checkpoint;

    private Trainer(Block model, Optimizer optimizer, Device device) {
        this.model = model;
        this.optimizer = optimizer;
        this.device = device;
    }

    /** Returns a trainer for a model, which must be initialised on the device, and an optimiser of its parameters. */
    public static Trainer of(Block model, Optimizer optimizer, Device device) {
        return new Trainer(model, optimizer, device);
    }

    /**
     * Sets the learning-rate schedule, which is evaluated before each step at the optimiser's {@linkplain
     * Optimizer#steps step}. Without a schedule, the optimiser's learning rate does not change.
     */
    public Trainer schedule(Schedule schedule) {
        this.schedule = schedule;
        return this;
    }

    /**
     * Clips the gradient before each step: if its norm over all parameters is larger than {@code maxNorm}, it is scaled
     * down.
     *
     * @throws StriateException unless {@code maxNorm} is above 0
     */
    public Trainer clipGradNorm(float maxNorm) {
        if (!(maxNorm > 0)) {
            throw new StriateException("Trainer: the greatest gradient norm is above 0, got " + maxNorm);
        }
        this.maxGradNorm = maxNorm;
        return this;
    }

    /** Sets the label smoothing of the training loss; evaluations use none. See {@link ClassificationOptions}. */
    public Trainer labelSmoothing(float epsilon) {
        this.lossOptions = lossOptions.withLabelSmoothing(epsilon);
        return this;
    }

    /** Adds a listener. Listeners are called in the order in which they were added. */
    public Trainer listener(TrainingListener listener) {
        listeners.add(listener);
        return this;
    }

    /**
     * Sets whether the trained model is evaluated on the whole training set at the end, true by default. If false,
     * {@link TrainingResult#train} is null, and the result's training loss and accuracy are those of the last epoch's
     * steps.
     */
    public Trainer evaluateTrainingSet(boolean wanted) {
        this.evaluatesTrainingSet = wanted;
        return this;
    }

    /**
     * Makes the next {@link #fit} resume from a checkpoint. The model, the optimiser and the loaders must be set up as
     * in the original run; their state is then restored from the file. On the same device, the results have the same
     * bits as those of a run without interruption.
     */
    public Trainer resume(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
        return this;
    }

    /**
     * Trains the model. If it is in training mode, its parts keep their modes: batch normalisations in evaluation mode,
     * for example, do not update their running statistics. The weights of such parts are still trained; to freeze them,
     * do not pass them to the optimiser. If the model is in evaluation mode, all parts are switched to training mode.
     * The previous modes are restored at the end.
     *
     * @param train  the training data; the loader continues with its next epoch
     * @param test   the test set, evaluated after each epoch; null for none
     * @param epochs the number of epochs, including those before the run was resumed
     * @throws StriateException if {@code epochs} is below 1; if the checkpoint does not match, and nothing has changed
     *     then; or if the loss becomes infinite or NaN. This is detected up to 32 steps later, but the message names
     *     the step
     */
    public TrainingResult fit(DataLoader train, @Nullable DataLoader test, int epochs) {
        if (epochs < 1) {
            throw new StriateException("Trainer: trains for at least 1 epoch, got " + epochs);
        }
        Progress from = Progress.START;
        if (checkpoint != null) {
            from = checkpoint.restore(model, optimizer, train, test, epochs);
            checkpoint = null;
        }
        try (Modes before = Modes.of(model)) {
            if (!model.isTraining()) {
                model.train();
            }
            return new TrainingRun(this, new Listeners(listeners), train, test, epochs, from).run();
        }
    }

    /**
     * Makes one training step.
     *
     * @param where the step's description for errors
     */
    void step(Batch batch, Tally tally, String where) {
        try (Scope scope = Scope.open()) {
            if (schedule != null) {
                optimizer.learningRate(schedule.at(optimizer.steps()));
            }
            optimizer.zeroGrad();
            Tensor logits = model.forward(batch.images(device));
            CrossEntropyResult result = logits.crossEntropyWithPredictions(batch.labels(device), lossOptions);
            result.loss().backward();
            if (maxGradNorm < Float.POSITIVE_INFINITY) {
                optimizer.clipGradNorm(maxGradNorm);
            }
            optimizer.step();
            tally.add(result, batch.labels(), where + ", at a learning rate of " + optimizer.learningRate());
        }
    }

    Block model() {
        return model;
    }

    Optimizer optimizer() {
        return optimizer;
    }

    Device device() {
        return device;
    }

    boolean evaluatesTrainingSet() {
        return evaluatesTrainingSet;
    }

    /**
     * Evaluates a classifier on all batches, in evaluation mode and without recording gradients. The previous modes of
     * the model's parts are restored at the end.
     *
     * @param batches a {@link DataLoader}, which advances by one epoch, or any other batches, such as a list. Only the
     *     loader's batches are closed; others can be used again
     * @throws StriateException if there are no batches
     */
    public static Evaluation evaluate(Block model, Iterable<Batch> batches, Device device) {
        return Objects.requireNonNull(evaluate(model, batches, device, () -> false));
    }

    /** Evaluates like the method above, or returns null as soon as {@code givenUp} is true after a batch. */
    static @Nullable Evaluation evaluate(Block model, Iterable<Batch> batches, Device device, BooleanSupplier givenUp) {
        try (Modes before = Modes.of(model);
                NoGrad off = NoGrad.open();
                Tally tally = new Tally(false)) {
            model.eval();
            boolean any = false;
            for (Batch batch : batches) {
                any = true;
                try (Scope scope = Scope.open()) {
                    Tensor logits = model.forward(batch.images(device));
                    IntTensor labels = batch.labels(device);
                    tally.add(
                            logits.crossEntropyWithPredictions(labels, ClassificationOptions.DEFAULT),
                            batch.labels(),
                            "evaluation");
                }
                if (batches instanceof DataLoader) {
                    // This loop is the only user of the batch, and the loader can reuse its memory.
                    batch.close();
                }
                if (givenUp.getAsBoolean()) {
                    return null;
                }
            }
            if (!any) {
                throw new StriateException("evaluate: there are no batches");
            }
            return tally.evaluation();
        }
    }
}
