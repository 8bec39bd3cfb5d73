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
import dev.striate.optim.Optimizer;
import dev.striate.optim.Schedule;
import java.util.ArrayList;
import java.util.List;
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
     * Trains for some epochs. The model is in training mode meanwhile and afterwards in the mode in which it was before.
     *
     * @param train  continues with its next epoch
     * @param test   what to evaluate on after each epoch
     * @throws StriateException if the loss becomes infinite or NaN; noticed up to 32 steps late, named exactly
     */
    public TrainingResult fit(DataLoader train, @Nullable DataLoader test, int epochs) {
        if (epochs < 1) {
            throw new StriateException("Trainer: trains for at least 1 epoch, got " + epochs);
        }
        boolean wasTraining = model.isTraining();
        try {
            TrainingStart start = new TrainingStart(model, device, epochs, train.batches(), train.dataset().size());
            listeners.forEach(listener -> listener.onStart(start));
            List<EpochEnd> ends = new ArrayList<>();
            double seconds = 0;
            long images = 0;
            boolean stopped = false;
            for (int epoch = 1; epoch <= epochs && !stopped; epoch++) {
                EpochEnd end = epoch(train, test, epoch, epochs);
                ends.add(end);
                seconds += end.seconds();
                images += end.images();
                listeners.forEach(listener -> listener.onEpoch(end));
                stopped = isStopped();
            }
            Evaluation onTrain = evaluate(model, train.forEvaluation(), device);
            TrainingResult result = new TrainingResult(List.copyOf(ends), onTrain, ends.get(ends.size() - 1).test(), seconds,
                    images / seconds, stopped);
            listeners.forEach(listener -> listener.onEnd(result));
            return result;
        } finally {
            setTraining(model, wasTraining);
        }
    }

    private EpochEnd epoch(DataLoader train, @Nullable DataLoader test, int epoch, int epochs) {
        model.train();
        double loss;
        double accuracy;
        int images = 0;
        long start = System.nanoTime();
        try (DataLoader.Epoch batches = train.iterator(); Tally tally = new Tally(true)) {
            int step = 0;
            boolean stopped = false;
            while (batches.hasNext() && !stopped) {
                step++;
                try (Batch batch = batches.next()) {
                    step(batch, tally, epoch, step);
                    images += batch.size();
                }
                BatchEnd end = new BatchEnd(epoch, step, train.batches(), images, tally.loss(), tally.accuracy(),
                        optimizer.learningRate());
                listeners.forEach(listener -> listener.onBatch(end));
                stopped = isStopped();
            }
            tally.read();
            loss = tally.loss();
            accuracy = tally.accuracy();
        }
        // The last step has not been waited for by reading its loss, which precedes its gradient.
        device.synchronize();
        double seconds = (System.nanoTime() - start) * 1e-9;
        Evaluation onTest = test == null ? null : evaluate(model, test, device);
        return new EpochEnd(epoch, epochs, images, loss, accuracy, onTest, optimizer.learningRate(), seconds, images / seconds);
    }

    private void step(Batch batch, Tally tally, int epoch, int step) {
        try (Scope scope = Scope.open()) {
            if (schedule != null) {
                optimizer.learningRate(schedule.at(optimizer.steps()));
            }
            optimizer.zeroGrad();
            Tensor logits = model.forward(batch.images(device));
            Tensor loss = logits.crossEntropy(batch.labels(device), lossOptions);
            loss.backward();
            if (maxGradNorm < Float.POSITIVE_INFINITY) {
                optimizer.clipGradNorm(maxGradNorm);
            }
            optimizer.step();
            tally.add(loss, logits, batch.labels(), "epoch " + epoch + ", step " + step + ", at a learning rate of "
                    + optimizer.learningRate());
        }
    }

    private boolean isStopped() {
        return listeners.stream().anyMatch(TrainingListener::stop);
    }

    /**
     * Runs a classifier in evaluation mode, without recording gradients, over all batches. The model is afterwards in the mode in
     * which it was before.
     *
     * @throws StriateException if there are no batches
     */
    public static Evaluation evaluate(Module model, Iterable<Batch> batches, Device device) {
        boolean wasTraining = model.isTraining();
        model.eval();
        try (NoGrad off = NoGrad.open(); Tally tally = new Tally(false)) {
            boolean any = false;
            for (Batch batch : batches) {
                any = true;
                try (Scope scope = Scope.open()) {
                    Tensor logits = model.forward(batch.images(device));
                    IntTensor labels = batch.labels(device);
                    tally.add(logits.crossEntropy(labels), logits, batch.labels(), "evaluation");
                }
                batch.close();
            }
            if (!any) {
                throw new StriateException("evaluate: there are no batches");
            }
            return tally.evaluation();
        } finally {
            setTraining(model, wasTraining);
        }
    }

    private static void setTraining(Module model, boolean training) {
        if (training) {
            model.train();
        } else {
            model.eval();
        }
    }
}
