package dev.striate.train;

import dev.striate.StriateException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a {@link Checkpoint} after every epoch, replacing the previous one. If training is interrupted, it also writes
 * one within an epoch. Optionally, it keeps the checkpoint of the epoch with the best test accuracy in a second file.
 */
public final class CheckpointWriter implements TrainingListener {

    private final Path file;
    private final Map<String, String> metadata;
    private @Nullable Path best;
    private double bestAccuracy = Double.NEGATIVE_INFINITY;
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
     * Keeps the checkpoint of the epoch with the highest test accuracy in another file. If several epochs are equally
     * good, the earliest is kept. In a resumed run, the earlier epochs also count, provided that the file exists.
     */
    public CheckpointWriter best(Path file) {
        best = file;
        return this;
    }

    /** @throws StriateException if the best checkpoint is to be kept and there is no test set */
    @Override
    public void onStart(TrainingStart start) {
        saver = start.checkpoints();
        underWay = start.step() > 0 || !start.history().isEmpty();
        bestAccuracy = Double.NEGATIVE_INFINITY;
        if (best != null) {
            if (start.testImages() == 0) {
                throw new StriateException("CheckpointWriter: to keep the best, the training needs a test set");
            }
            if (Files.exists(best)) {
                // Epochs that were trained without a test set have the accuracy NaN, which max() would return.
                bestAccuracy = start.history().stream()
                        .mapToDouble(EpochEnd::testAccuracy)
                        .filter(accuracy -> !Double.isNaN(accuracy))
                        .max()
                        .orElse(bestAccuracy);
            }
        }
    }

    @Override
    public void onBatch(BatchEnd batch) {
        underWay = true;
    }

    @Override
    public void onEpoch(EpochEnd epoch) {
        // The best checkpoint is written first: if the program ends between the two, the resumed run repeats this
        // epoch.
        if (best != null && epoch.testAccuracy() > bestAccuracy) {
            save(best);
            bestAccuracy = epoch.testAccuracy();
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
