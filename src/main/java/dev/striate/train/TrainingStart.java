package dev.striate.train;

import dev.striate.Device;
import dev.striate.nn.Module;
import java.util.List;

/**
 * What is about to happen.
 *
 * @param epochs      how many are planned, with those that a resumed training has behind it
 * @param batches     steps per epoch
 * @param images      images per epoch
 * @param testImages  images in the test set, 0 without one
 * @param history     the epochs that a resumed training has behind it
 * @param step        how many steps of the next epoch it has behind it
 * @param checkpoints writes the training as it stands; for calls from a listener's methods, all but {@code stop()}
 */
public record TrainingStart(
        Module model,
        Device device,
        int epochs,
        int batches,
        int images,
        int testImages,
        List<EpochEnd> history,
        int step,
        Checkpoint.Saver checkpoints) {}
