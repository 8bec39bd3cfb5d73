package dev.striate.train;

import dev.striate.Device;
import dev.striate.nn.Block;
import java.util.List;

/**
 * The plan of a training run, before its first step.
 *
 * @param epochs           the planned number of epochs, including those before the run was resumed
 * @param steps            the steps per epoch
 * @param images           the images per epoch
 * @param validationImages the images in the validation set; 0 without one
 * @param history          the epochs before the run was resumed
 * @param step             the number of steps of the next epoch that were already done
 * @param checkpoints      writes checkpoints of the current state; may be called from all methods of a listener except
 *     {@code stop()}
 */
public record TrainingStart(
        Block model,
        Device device,
        int epochs,
        int steps,
        int images,
        int validationImages,
        List<EpochEnd> history,
        int step,
        Checkpoint.Saver checkpoints) {}
