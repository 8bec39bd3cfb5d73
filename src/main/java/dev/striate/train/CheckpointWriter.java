package dev.striate.train;

import dev.striate.StriateException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a {@link Checkpoint} after every epoch, each over the one before, and when the training is interrupted, also in the
 * middle of an epoch. If asked to, it keeps that of the epoch with the best test accuracy in another file.
 */
public final class CheckpointWriter implements TrainingListener {

    private final Path file;
    private final Map<String, String> metadata;
    private @Nullable Path best;
    private double bestAccuracy = Double.NEGATIVE_INFINITY;
    private Checkpoint.@Nullable Saver saver;

    /** Whether there is more than fresh weights, for which no file of an earlier training should be lost. */
    private boolean underWay;

    /**
     * Writes to a file, replacing what it holds.
     *
     * @param metadata free text to come along, such as the model's name
     */
    public CheckpointWriter(Path file, Map<String, String> metadata) {
        this.file = file;
        this.metadata = Map.copyOf(metadata);
    }

    /**
     * Keeps the checkpoint of the epoch with the highest test accuracy, the earliest of several, in another file. In a training
     * that is resumed, the epochs before count, too, if the file is there.
     */
    public CheckpointWriter best(Path file) {
        best = file;
        return this;
    }

    /** @throws StriateException if the best is to be kept and there is no test set to tell it */
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
                // An epoch before there was a test set has none, and NaN would be the greatest.
                bestAccuracy = start.history().stream().mapToDouble(EpochEnd::testAccuracy)
                        .filter(accuracy -> !Double.isNaN(accuracy)).max().orElse(bestAccuracy);
            }
        }
    }

    @Override
    public void onBatch(BatchEnd batch) {
        underWay = true;
    }

    @Override
    public void onEpoch(EpochEnd epoch) {
        // The best first: after an end in between, the resumed training comes by here again.
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
