package dev.striate.train;

import dev.striate.ClassificationOptions;
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
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Trains a model. Each batch is one step: forward pass, backward pass, optimiser step. Each epoch ends with an
 * evaluation on the validation set.
 *
 * <p>By default, the model is a classifier that returns logits {@code (N, classes)}, and the loss is the cross-entropy:
 *
 * <pre>{@code
 * Trainer trainer = Trainer.of(model, optimizer, device)
 *         .schedule(new CosineSchedule(0.01f, 0, 30L * train.batches()))
 *         .listener(new PlainProgress(System.out));
 * TrainingResult result = trainer.fit(train, validation, 30);
 * double accuracy = trainer.evaluate(test).accuracy();
 * }</pre>
 *
 * <p>{@link #loss} and {@link #labelLoss} set another loss, and {@link #metric} and {@link #labelMetric} add what is
 * measured besides:
 *
 * <pre>{@code
 * Trainer.of(model, optimizer, device)
 *         .loss((output, target) -> output.huber(target))
 *         .metric("error", (output, target) -> output.sub(target).abs().mean())
 *         .fit(train, validation, 30);
 * }</pre>
 *
 * <p>Losses stay on the device for up to 32 batches or half a second before they are read, because each read waits for
 * the device.
 */
public final class Trainer {

    private final Block model;
    private final Optimizer optimizer;
    private final Device device;
    private final List<TrainingListener> listeners = new ArrayList<>();
    private final Objective objective = new Objective();
    private ClassificationOptions lossOptions = ClassificationOptions.DEFAULT;
    private @Nullable Schedule schedule;
    private float maxGradNorm = Float.POSITIVE_INFINITY;
    private int accumulated = 1;
    private float averageDecay;
    private @Nullable Monitor best;
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

    /**
     * Sets the loss for targets that are not classes: a function of the model's output and the targets of a batch,
     * {@code (N, ...)}. It returns the mean over the images of the batch, so that the loss of an epoch is the mean over
     * all images.
     */
    public Trainer loss(BiFunction<Tensor, Tensor, Tensor> meanLoss) {
        objective.loss(meanLoss);
        return this;
    }

    /**
     * Sets the loss for classes: a function of the model's output and the labels {@code (N)} of a batch, which returns
     * the mean over the images. If the output is {@code (N, K)} with K above 1, the largest of the K values is the
     * predicted class, from which accuracy and confusion matrix follow. By default, the loss is the cross-entropy.
     */
    public Trainer labelLoss(BiFunction<Tensor, IntTensor, Tensor> meanLoss) {
        objective.labelLoss(meanLoss);
        return this;
    }

    /**
     * Adds a metric for targets that are not classes: a function like that of {@link #loss}. It is measured in training
     * and evaluations, and its values are weighted by the number of images in the batch. Without gradients.
     *
     * @param name letters, digits, {@code _}, {@code .} and {@code -}
     * @throws StriateException if the name is invalid, taken, {@code loss} or {@code accuracy}
     */
    public Trainer metric(String name, BiFunction<Tensor, Tensor, Tensor> mean) {
        objective.metric(name, mean);
        return this;
    }

    /** Adds a metric for classes: a function like that of {@link #labelLoss}; otherwise like {@link #metric}. */
    public Trainer labelMetric(String name, BiFunction<Tensor, IntTensor, Tensor> mean) {
        objective.labelMetric(name, mean);
        return this;
    }

    /**
     * Sets the label smoothing of the training loss, which must be the default one; evaluations use none. See {@link
     * ClassificationOptions}.
     */
    public Trainer labelSmoothing(float epsilon) {
        this.lossOptions = lossOptions.withLabelSmoothing(epsilon);
        return this;
    }

    /**
     * Adds up the gradients of several batches before each step, whose gradient is then that of one larger batch. (With
     * batch normalisation, the result differs from that of a larger batch, because each batch is normalised by
     * itself.) The last step of an epoch has the remaining batches.
     *
     * @throws StriateException if {@code batches} is below 1
     */
    public Trainer accumulate(int batches) {
        if (batches < 1) {
            throw new StriateException("Trainer: a step accumulates at least 1 batch, got " + batches);
        }
        this.accumulated = batches;
        return this;
    }

    /**
     * Keeps an exponential moving average of the weights and buffers (Polyak and Juditsky, 1992), which is what is
     * evaluated, saved as the model's weights in checkpoints, and left in the model at the end: {@code average = d
     * average + (1 - d) weights} after each step, with {@code d = min(decay, (1 + steps) / (10 + steps))}.
     *
     * @param decay such as 0.999
     * @throws StriateException unless {@code 0 < decay < 1}
     */
    public Trainer averageWeights(float decay) {
        if (!(decay > 0 && decay < 1)) {
            throw new StriateException("Trainer: the decay of averaged weights is between 0 and 1, got " + decay);
        }
        this.averageDecay = decay;
        return this;
    }

    /**
     * Restores the weights of the best epoch at the end of training, unless it is interrupted. Checkpoints contain these
     * weights too, so that a resumed run can restore them. To also stop early, add {@link EarlyStopping}.
     *
     * @param monitor what is compared; a validation set is required
     */
    public Trainer keepBest(Monitor monitor) {
        this.best = monitor;
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
     * @param train      the training data; the loader continues with its next epoch
     * @param validation the validation set, evaluated after each epoch; null for none. Early stopping and the best
     *     epoch are chosen by it, so use another set as a test set, once, with {@link #evaluate(Iterable)}
     * @param epochs     the number of epochs, including those before the run was resumed
     * @throws StriateException if {@code epochs} is below 1; if the checkpoint does not match, and nothing has changed
     *     then; or if the loss becomes infinite or NaN. This is detected up to 32 batches later, but the message names
     *     the step
     */
    public TrainingResult fit(DataLoader train, @Nullable DataLoader validation, int epochs) {
        if (epochs < 1) {
            throw new StriateException("Trainer: trains for at least 1 epoch, got " + epochs);
        }
        if (best != null && validation == null) {
            throw new StriateException("Trainer: keepBest needs a validation set; pass one to fit()");
        }
        try (TrainedWeights weights = new TrainedWeights(model, averageDecay);
                Modes before = Modes.of(model)) {
            if (!model.isTraining()) {
                model.train();
            }
            Progress from = Progress.start(stepsPerEpoch(train));
            if (checkpoint != null) {
                from = checkpoint.restore(this, weights, train, validation, epochs);
                checkpoint = null;
            }
            return new TrainingRun(this, new Listeners(listeners), weights, train, validation, epochs, from).run();
        }
    }

    /**
     * Makes one training step with up to {@link #accumulate} batches.
     *
     * @param images the number of images of these batches
     * @param where  the step's description for errors
     */
    void step(Iterator<Batch> batches, int images, Tally tally, String where) {
        if (schedule != null) {
            optimizer.learningRate(schedule.at(optimizer.steps()));
        }
        String description = where + ", at a learning rate of " + optimizer.learningRate();
        optimizer.zeroGrad();
        for (int i = 1; i <= accumulated && batches.hasNext(); i++) {
            try (Batch batch = batches.next();
                    Scope scope = Scope.open()) {
                boolean last = i == accumulated || !batches.hasNext();
                Objective.Values values =
                        objective.compare(model.forward(batch.images(device)), batch, device, lossOptions);
                Tensor loss = values.loss();
                (batch.size() == images ? loss : loss.mul((float) batch.size() / images)).backward();
                if (last) {
                    if (maxGradNorm < Float.POSITIVE_INFINITY) {
                        optimizer.clipGradNorm(maxGradNorm);
                    }
                    optimizer.step();
                }
                tally.add(
                        values,
                        batch.size(),
                        batch.hasLabels() ? batch.labels() : null,
                        description,
                        last ? optimizer.learningRate() : Float.NaN);
            }
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

    Objective objective() {
        return objective;
    }

    int accumulated() {
        return accumulated;
    }

    int stepsPerEpoch(DataLoader train) {
        return (train.batches() - 1) / accumulated + 1;
    }

    float averageDecay() {
        return averageDecay;
    }

    @Nullable
    Monitor best() {
        return best;
    }

    boolean evaluatesTrainingSet() {
        return evaluatesTrainingSet;
    }

    /**
     * Evaluates the model on all batches with the loss and the metrics of this trainer; otherwise like {@link
     * #evaluate(Block, Iterable, Device)}.
     */
    public Evaluation evaluate(Iterable<Batch> batches) {
        return Objects.requireNonNull(evaluate(batches, () -> false));
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
        return Objects.requireNonNull(evaluate(model, new Objective(), batches, device, () -> false));
    }

    /** Evaluates like {@link #evaluate(Iterable)}, or returns null as soon as {@code givenUp} is true after a batch. */
    @Nullable
    Evaluation evaluate(Iterable<Batch> batches, BooleanSupplier givenUp) {
        return evaluate(model, objective, batches, device, givenUp);
    }

    private static @Nullable Evaluation evaluate(
            Block model, Objective objective, Iterable<Batch> batches, Device device, BooleanSupplier givenUp) {
        try (Modes before = Modes.of(model);
                NoGrad off = NoGrad.open();
                Tally tally = new Tally(objective.metricNames())) {
            model.eval();
            boolean any = false;
            for (Batch batch : batches) {
                any = true;
                try (Scope scope = Scope.open()) {
                    tally.add(
                            objective.compare(
                                    model.forward(batch.images(device)), batch, device, ClassificationOptions.DEFAULT),
                            batch.size(),
                            batch.hasLabels() ? batch.labels() : null,
                            "evaluation",
                            Float.NaN);
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
