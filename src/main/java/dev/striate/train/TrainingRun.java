package dev.striate.train;

import dev.striate.Device;
import dev.striate.data.DataLoader;
import dev.striate.nn.Block;
import dev.striate.optim.Optimizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The state of one call of {@link Trainer#fit}. It runs the epochs and calls the listeners. */
final class TrainingRun {

    private final Trainer trainer;
    private final Block model;
    private final Optimizer optimizer;
    private final Device device;
    private final TrainedWeights weights;
    private final DataLoader train;
    private final @Nullable DataLoader validation;
    private final int epochs;
    private final int steps;
    private final Listeners listeners;
    private final Modes modes;

    /** The complete epochs. */
    private final List<EpochEnd> history;

    private int epoch;
    private int step;
    private Tally.Sums sums;
    private double seconds;
    private final StepCurve curve;
    private @Nullable BestEpoch best;

    /**
     * Continues {@link #sums} during an epoch; null between epochs, when {@link #sums} and {@link #seconds} are up to
     * date.
     */
    private @Nullable Tally tally;

    private long started;

    /** The loader's number of the current or next epoch. The loader increments its own when an epoch starts. */
    private int loaderEpoch;

    private @Nullable EpochEnd cutShort;
    private @Nullable Evaluation lastValidation;
    private @Nullable Stop stop;

    /**
     * @param weights those of the trainer's model
     * @param from    the progress to continue from; the model (in training mode), weights, optimiser and loaders must be
     *     in this state
     */
    TrainingRun(
            Trainer trainer,
            Listeners listeners,
            TrainedWeights weights,
            DataLoader train,
            @Nullable DataLoader validation,
            int epochs,
            Progress from) {
        this.trainer = trainer;
        this.model = trainer.model();
        this.optimizer = trainer.optimizer();
        this.device = trainer.device();
        this.listeners = listeners;
        this.weights = weights;
        this.train = train;
        this.validation = validation;
        this.epochs = epochs;
        steps = trainer.stepsPerEpoch(train);
        modes = Modes.of(model);
        history = new ArrayList<>(from.history());
        epoch = from.epoch();
        step = from.step();
        sums = from.sums();
        seconds = from.seconds();
        curve = from.curve();
        best = from.best();
        loaderEpoch = train.epoch();
    }

    TrainingResult run() {
        TrainingStart start = new TrainingStart(
                model,
                device,
                epochs,
                steps,
                train.images(),
                validation == null ? 0 : validation.images(),
                List.copyOf(history),
                step,
                this::save);
        listeners.tell(listener -> listener.onStart(start));
        stop = listeners.stop();
        while (stop == null && epoch <= epochs) {
            runEpoch();
        }
        weights.show(best != null && !mustEnd() ? weights.best() : weights.averaged());
        TrainingResult result = result();
        listeners.tell(listener -> listener.onEnd(result));
        listeners.rethrow();
        return result;
    }

    private void runEpoch() {
        if (!model.isTraining()) {
            // A listener has evaluated the model and left it in evaluation mode.
            modes.restore();
        }
        steps();
        if (mustEnd()) {
            return;
        }
        weights.show(weights.averaged());
        try {
            if (validation != null) {
                lastValidation = evaluateValidation(validation);
                if (lastValidation == null) {
                    return;
                }
            }
            EpochEnd end = new EpochEnd(
                    epoch,
                    epochs,
                    sums.images(),
                    sums.meanLoss(),
                    sums.accuracy(),
                    sums.meanMetrics(),
                    lastValidation,
                    optimizer.learningRate(),
                    seconds,
                    sums.images() / seconds);
            keepIfBest(end);
            if (step == steps) {
                history.replaceAll(EpochEnd::past);
                history.add(end);
                epoch++;
                step = 0;
                sums = Tally.Sums.NONE;
                seconds = 0;
                loaderEpoch = train.epoch();
            } else {
                cutShort = end;
            }
            listeners.tell(listener -> listener.onEpoch(end));
        } finally {
            weights.hide();
        }
        if (stop == null) {
            stop = listeners.stop();
        }
    }

    private void keepIfBest(EpochEnd end) {
        Monitor monitor = trainer.best();
        if (monitor != null) {
            double score = monitor.score(end);
            if (!Double.isNaN(score) && (best == null || score > best.score())) {
                best = new BestEpoch(end.epoch(), score);
                weights.keepAsBest();
            }
        }
    }

    private void steps() {
        train.epoch(loaderEpoch);
        started = System.nanoTime();
        long perStep = (long) train.batchSize() * trainer.accumulated();
        try (DataLoader.Epoch batches =
                        train.iterator((int) Math.min((long) step * trainer.accumulated(), train.batches()));
                Tally running = new Tally(trainer.objective().metricNames(), sums, curve)) {
            tally = running;
            while (stop == null && batches.hasNext()) {
                int before = (int) Math.min(step * perStep, train.images());
                int images = (int) Math.min(before + perStep, train.images());
                trainer.step(batches, images - before, running, "epoch " + epoch + ", step " + (step + 1));
                weights.average(optimizer.steps());
                step++;
                Tally.Sums known = running.sumsRead();
                BatchEnd end = new BatchEnd(
                        epoch,
                        epochs,
                        step,
                        steps,
                        images,
                        known.meanLoss(),
                        known.accuracy(),
                        optimizer.learningRate());
                listeners.tell(listener -> listener.onBatch(end));
                stop = listeners.stop();
            }
            sums = running.sums();
        } finally {
            tally = null;
        }
        // Reading the last loss does not wait for the gradient and the update, which follow it.
        device.synchronize();
        seconds += secondsSinceStart();
    }

    private double secondsSinceStart() {
        return (System.nanoTime() - started) * 1e-9;
    }

    private boolean mustEnd() {
        return stop != null && stop.isAtOnce();
    }

    /** Evaluates on the batches; null if interrupted. */
    private @Nullable Evaluation evaluate(DataLoader batches) {
        return trainer.evaluate(batches, () -> {
            Stop atOnce = listeners.stopAtOnce();
            stop = atOnce == null ? stop : atOnce;
            return atOnce != null;
        });
    }

    private @Nullable Evaluation evaluateValidation(DataLoader set) {
        int number = set.epoch();
        Evaluation evaluation = evaluate(set);
        if (evaluation == null) {
            // The evaluation will be repeated after resuming.
            set.epoch(number);
        }
        return evaluation;
    }

    private TrainingResult result() {
        Evaluation onTrain = mustEnd() || !trainer.evaluatesTrainingSet() ? null : evaluate(train.forEvaluation());
        boolean restored = best != null && !mustEnd() && best.epoch() < epoch - (cutShort == null ? 1 : 0);
        if (validation != null && !mustEnd() && (lastValidation == null || restored)) {
            // The run was resumed after its last epoch, or the model has the weights of an earlier epoch again.
            validation.epoch(Math.max(0, validation.epoch() - 1));
            lastValidation = evaluateValidation(validation);
        }
        List<EpochEnd> all = new ArrayList<>(history);
        if (cutShort != null) {
            all.add(cutShort);
        }
        if (lastValidation == null && !all.isEmpty()) {
            lastValidation = all.get(all.size() - 1).validation();
        }
        double total = all.stream().mapToDouble(EpochEnd::seconds).sum();
        long images = all.stream().mapToLong(EpochEnd::images).sum();
        if (cutShort == null) {
            total += seconds;
            images += sums.images();
        }
        return new TrainingResult(
                List.copyOf(all),
                onTrain,
                lastValidation,
                restored ? Objects.requireNonNull(best).epoch() : all.size(),
                curve,
                total,
                images / total,
                stop);
    }

    private void save(Path file, Map<String, String> metadata) {
        Tally.Sums now = tally == null ? sums : tally.sums();
        double elapsed = tally == null ? seconds : seconds + secondsSinceStart();
        Checkpoint.write(
                file,
                new Progress(epoch, step, now, elapsed, history, curve, best),
                trainer,
                weights,
                train,
                loaderEpoch,
                validation,
                metadata);
    }
}
