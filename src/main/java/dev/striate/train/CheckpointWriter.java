package dev.striate.train;

import dev.striate.StriateException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a {@link Checkpoint} after every epoch, replacing the previous one. If training is interrupted, it also writes
 * one within an epoch. Optionally, it keeps the checkpoint of the best epoch in a second file.
 */
public final class CheckpointWriter implements TrainingListener {

    private final Path file;
    private final Map<String, String> metadata;
    private @Nullable Path best;
    private @Nullable Monitor monitor;
    private double bestScore = Double.NEGATIVE_INFINITY;
    private Checkpoint.@Nullable Saver saver;

    /** Whether a step has been made. Untrained weights must not replace the file of an earlier run. */
    private boolean underWay;

    /**
     * Creates a listener that writes checkpoints to a file. An existing file is replaced.
     *
     * @param metadata additional metadata for the file, such as the model's name
     */
    public CheckpointWriter(Path file, Map<String, String> metadata) {
        this.file = file;
        this.metadata = Map.copyOf(metadata);
    }

    /**
     * Keeps the checkpoint of the epoch with the highest validation accuracy in another file; without classes, that of
     * the epoch with the lowest validation loss. Otherwise like {@link #best(Path, Monitor)}.
     */
    public CheckpointWriter best(Path file) {
        best = file;
        monitor = null;
        return this;
    }

    /**
     * Keeps the checkpoint of the best epoch in another file. If several epochs are equally good, the earliest is kept.
     * In a resumed run, the earlier epochs also count, provided that the file exists.
     */
    public CheckpointWriter best(Path file, Monitor by) {
        best = file;
        monitor = by;
        return this;
    }

    /** @throws StriateException if the best checkpoint is to be kept and there is no validation set */
    @Override
    public void onStart(TrainingStart start) {
        saver = start.checkpoints();
        underWay = start.step() > 0 || !start.history().isEmpty();
        bestScore = Double.NEGATIVE_INFINITY;
        if (best != null) {
            if (start.validationImages() == 0) {
                throw new StriateException("CheckpointWriter: to keep the best, the training needs a validation set");
            }
            if (Files.exists(best)) {
                // Epochs that were trained without a validation set have the score NaN, which max() would return.
                bestScore = start.history().stream()
                        .mapToDouble(this::score)
                        .filter(score -> !Double.isNaN(score))
                        .max()
                        .orElse(bestScore);
            }
        }
    }

    private double score(EpochEnd epoch) {
        if (monitor != null) {
            return monitor.score(epoch);
        }
        double accuracy = epoch.validationAccuracy();
        return Double.isNaN(accuracy) ? -epoch.validationLoss() : accuracy;
    }

    @Override
    public void onBatch(BatchEnd batch) {
        underWay = true;
    }

    @Override
    public void onEpoch(EpochEnd epoch) {
        // The best checkpoint is written first: if the program ends between the two, the resumed run repeats this
        // epoch.
        if (best != null && score(epoch) > bestScore) {
            save(best);
            bestScore = score(epoch);
        }
        save(file);
    }

    @Override
    public void onEnd(TrainingResult result) {
        if (result.interrupted() && underWay) {
            save(file);
        }
    }

    private void save(Path target) {
        if (saver != null) {
            saver.save(target, metadata);
        }
    }
}
