package dev.striate.train;

import dev.striate.Device;
import dev.striate.IntTensor;
import dev.striate.Scope;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.autograd.NoGrad;
import dev.striate.data.Batch;
import dev.striate.data.DataLoader;
import dev.striate.nn.Module;
import dev.striate.op.ClassificationOptions;
import dev.striate.op.CrossEntropy;
import dev.striate.optim.Optimizer;
import dev.striate.optim.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Trains a classifier: for each batch of each epoch, the cross-entropy of the model's logits {@code (N, classes)}, its gradient
 * and a step of the optimiser; after each epoch, an evaluation on the test set.
 *
 * <pre>{@code
 * TrainingResult result = Trainer.of(model, optimizer, device)
 *         .schedule(new CosineSchedule(0.01f, 0, 30L * train.batches()))
 *         .listener(new PlainProgress(System.out))
 *         .fit(train, test, 30);
 * }</pre>
 *
 * <p>Losses stay on the device for up to 32 steps before they are read, so that the device need not be waited for at each.
 */
public final class Trainer {

    private final Module model;
    private final Optimizer optimizer;
    private final Device device;
    private final List<TrainingListener> listeners = new ArrayList<>();
    private ClassificationOptions lossOptions = ClassificationOptions.DEFAULT;
    private @Nullable Schedule schedule;
    private float maxGradNorm = Float.POSITIVE_INFINITY;
    private boolean evaluatesTrainingSet = true;
    private @Nullable Checkpoint checkpoint;

    private Trainer(Module model, Optimizer optimizer, Device device) {
        this.model = model;
        this.optimizer = optimizer;
        this.device = device;
    }

    /** A trainer for a model that was initialised on the device and an optimiser of its parameters. */
    public static Trainer of(Module model, Optimizer optimizer, Device device) {
        return new Trainer(model, optimizer, device);
    }

    /**
     * Sets the learning rate before each step to the schedule's at the number of steps that the optimiser has taken. Without a
     * schedule the optimiser keeps its own.
     */
    public Trainer schedule(Schedule schedule) {
        this.schedule = schedule;
        return this;
    }

    /**
     * Scales the gradient down to this norm before each step where it is longer.
     *
     * @throws StriateException unless above 0
     */
    public Trainer clipGradNorm(float maxNorm) {
        if (!(maxNorm > 0)) {
            throw new StriateException("Trainer: the greatest gradient norm is above 0, got " + maxNorm);
        }
        this.maxGradNorm = maxNorm;
        return this;
    }

    /** Smooths the labels in training, not in evaluation; see {@link ClassificationOptions}. */
    public Trainer labelSmoothing(float epsilon) {
        this.lossOptions = lossOptions.withLabelSmoothing(epsilon);
        return this;
    }

    /** Adds a listener; they are told in the order in which they were added. */
    public Trainer listener(TrainingListener listener) {
        listeners.add(listener);
        return this;
    }

    /**
     * Whether the trained model is run once more over the whole training set at the end, which it is unless this is set to false:
     * {@link TrainingResult#train} is null then, and its training loss and accuracy are those of the last epoch's steps.
     */
    public Trainer evaluateTrainingSet(boolean wanted) {
        this.evaluatesTrainingSet = wanted;
        return this;
    }

    /**
     * Makes the next {@link #fit} go on where the training stood when a checkpoint was written. Model, optimiser and loaders are
     * to be made as they were then; the weights, the optimiser's state and where everything stands are taken from the file. What
     * follows has the same bits as if the training had never ended, on the same device.
     */
    public Trainer resume(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
        return this;
    }

    /**
     * Trains for some epochs. A model in training mode is trained as it is: parts that were set to evaluation stay so, and a
     * batch normalisation among them keeps its running statistics. (Its weights are trained; what is to keep them is left out of
     * the optimiser.) A model in evaluation mode is switched to training with all its parts. Afterwards each part is in the mode
     * in which it was before.
     *
     * @param train  continues with its next epoch
     * @param test   what to evaluate on after each epoch
     * @param epochs how many in all: a training that is resumed has some behind it
     * @throws StriateException if the loss becomes infinite or NaN, noticed up to 32 steps late, named exactly; or if the
     *                          checkpoint does not fit, and nothing has changed then
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
     * One step.
     *
     * @param where which one, for errors
     */
    void step(Batch batch, Tally tally, String where) {
        try (Scope scope = Scope.open()) {
            if (schedule != null) {
                optimizer.learningRate(schedule.at(optimizer.steps()));
            }
            optimizer.zeroGrad();
            Tensor logits = model.forward(batch.images(device));
            CrossEntropy.Result result = logits.crossEntropyWithPredictions(batch.labels(device), lossOptions);
            result.loss().backward();
            if (maxGradNorm < Float.POSITIVE_INFINITY) {
                optimizer.clipGradNorm(maxGradNorm);
            }
            optimizer.step();
            tally.add(result, batch.labels(), where + ", at a learning rate of " + optimizer.learningRate());
        }
    }

    Module model() {
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
     * Runs a classifier in evaluation mode, without recording gradients, over all batches. Each part of the model is afterwards
     * in the mode in which it was before.
     *
     * @param batches a {@link DataLoader}, whose next epoch is used up, or any other batches, such as a list: those are not
     *                closed and can be used again
     * @throws StriateException if there are no batches
     */
    public static Evaluation evaluate(Module model, Iterable<Batch> batches, Device device) {
        return Objects.requireNonNull(evaluate(model, batches, device, () -> false));
    }

    /** The same, but null if it was given up; that is asked after each batch. */
    static @Nullable Evaluation evaluate(Module model, Iterable<Batch> batches, Device device, BooleanSupplier givenUp) {
        try (Modes before = Modes.of(model); NoGrad off = NoGrad.open(); Tally tally = new Tally(false)) {
            model.eval();
            boolean any = false;
            for (Batch batch : batches) {
                any = true;
                try (Scope scope = Scope.open()) {
                    Tensor logits = model.forward(batch.images(device));
                    IntTensor labels = batch.labels(device);
                    tally.add(logits.crossEntropyWithPredictions(labels, ClassificationOptions.DEFAULT), batch.labels(),
                            "evaluation");
                }
                if (batches instanceof DataLoader) {
                    // The loader made it for this loop alone and can reuse its memory.
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
