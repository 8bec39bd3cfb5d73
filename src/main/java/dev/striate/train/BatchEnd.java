package dev.striate.train;

/**
 * The state after a training step.
 *
 * @param epoch        counted from 1
 * @param batch        the step within the epoch, counted from 1
 * @param batches      the steps per epoch
 * @param images       the number of training images of this epoch so far
 * @param loss         the mean training loss of this epoch when it was last read; NaN before the first reading. It is
 *     not read at every step, because reading waits for the device
 * @param accuracy     the training accuracy of this epoch, read together with the loss
 * @param learningRate the learning rate of this step
 */
public record BatchEnd(
        int epoch, int batch, int batches, int images, double loss, double accuracy, float learningRate) {}
