package dev.striate.train;

import dev.striate.Device;
import dev.striate.data.Batch;
import dev.striate.data.DataLoader;
import dev.striate.nn.Block;
import dev.striate.optim.Optimizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The state of one call of {@link Trainer#fit}. It runs the epochs and calls the listeners. */
final class TrainingRun {

    private final Trainer trainer;
    private final Block model;
    private final Optimizer optimizer;
    private final Device device;
    private final DataLoader train;
    private final @Nullable DataLoader test;
    private final int epochs;
    private final Listeners listeners;
    private final Modes modes;

    /** The complete epochs. */
    private final List<EpochEnd> history;

    private int epoch;
    private int step;
    private Tally.Sums sums;
    private double seconds;

    /**
     * Continues {@link #sums} during an epoch; null between epochs, when {@link #sums} and {@link #seconds} are up to
     * date.
     */
    private @Nullable Tally tally;

    private long started;

    /** The loader's number of the current or next epoch. The loader increments its own when an epoch starts. */
    private int loaderEpoch;

    private @Nullable EpochEnd cutShort;
    private @Nullable Evaluation lastTest;
    private @Nullable Stop stop;

    /**
     * @param from the progress to continue from; the model (in training mode), optimiser and loaders must be in this
     *     state
     */
    TrainingRun(
            Trainer trainer,
            Listeners listeners,
            DataLoader train,
            @Nullable DataLoader test,
            int epochs,
            Progress from) {
        this.trainer = trainer;
        this.model = trainer.model();
        this.optimizer = trainer.optimizer();
        this.device = trainer.device();
        this.listeners = listeners;
        this.train = train;
        this.test = test;
        this.epochs = epochs;
        modes = Modes.of(model);
        history = new ArrayList<>(from.history());
        epoch = from.epoch();
        step = from.step();
        sums = from.sums();
        seconds = from.seconds();
        loaderEpoch = train.epoch();
    }

    TrainingResult run() {
        TrainingStart start = new TrainingStart(
                model,
                device,
                epochs,
                train.batches(),
                train.images(),
                test == null ? 0 : test.images(),
                List.copyOf(history),
                step,
                this::save);
        listeners.tell(listener -> listener.onStart(start));
        stop = listeners.stop();
        while (stop == null && epoch <= epochs) {
            runEpoch();
        }
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
        if (test != null) {
            lastTest = evaluateTest(test);
            if (lastTest == null) {
                return;
            }
        }
        EpochEnd end = new EpochEnd(
                epoch,
                epochs,
                sums.images(),
                sums.loss() / sums.images(),
                (double) sums.correct() / sums.images(),
                lastTest,
                optimizer.learningRate(),
                seconds,
                sums.images() / seconds);
        if (step == train.batches()) {
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
        if (stop == null) {
            stop = listeners.stop();
        }
    }

    private void steps() {
        train.epoch(loaderEpoch);
        started = System.nanoTime();
        try (DataLoader.Epoch batches = train.iterator(step);
                Tally running = new Tally(sums)) {
            tally = running;
            while (stop == null && batches.hasNext()) {
                try (Batch batch = batches.next()) {
                    trainer.step(batch, running, "epoch " + epoch + ", step " + (step + 1));
                }
                step++;
                int images = (int) Math.min((long) step * train.batchSize(), train.images());
                BatchEnd end = new BatchEnd(
                        epoch,
                        step,
                        train.batches(),
                        images,
                        running.loss(),
                        running.accuracy(),
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
        return Trainer.evaluate(model, batches, device, () -> {
            Stop atOnce = listeners.stopAtOnce();
            stop = atOnce == null ? stop : atOnce;
            return atOnce != null;
        });
    }

    private @Nullable Evaluation evaluateTest(DataLoader set) {
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
        if (lastTest == null && test != null && !mustEnd()) {
            // The run was resumed after its last epoch, so the evaluation of that epoch is repeated.
            test.epoch(Math.max(0, test.epoch() - 1));
            lastTest = evaluateTest(test);
        }
        List<EpochEnd> all = new ArrayList<>(history);
        if (cutShort != null) {
            all.add(cutShort);
        }
        if (lastTest == null && !all.isEmpty()) {
            lastTest = all.get(all.size() - 1).test();
        }
        double total = all.stream().mapToDouble(EpochEnd::seconds).sum();
        long images = all.stream().mapToLong(EpochEnd::images).sum();
        if (cutShort == null) {
            total += seconds;
            images += sums.images();
        }
        return new TrainingResult(List.copyOf(all), onTrain, lastTest, total, images / total, stop);
    }

    private void save(Path file, Map<String, String> metadata) {
        Progress now = tally == null
                ? new Progress(epoch, step, sums, seconds, history)
                : new Progress(epoch, step, tally.sums(), seconds + secondsSinceStart(), history);
        Checkpoint.write(file, now, model, optimizer, train, loaderEpoch, test, metadata);
    }
}
