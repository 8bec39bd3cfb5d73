package dev.striate.train;

/**
 * The state after a training step.
 *
 * @param epoch        counted from 1
 * @param epochs       the planned number of epochs
 * @param step         the step within the epoch, counted from 1
 * @param steps        the steps per epoch
 * @param images       the number of training images of this epoch so far
 * @param loss         the mean training loss of this epoch when it was last read. It is not read at every step, because
 *     reading waits for the device
 * @param accuracy     the training accuracy of this epoch, read together with the loss; NaN if the model is not a
 *     classifier
 * @param learningRate the learning rate of this step
 */
public record BatchEnd(
        int epoch, int epochs, int step, int steps, int images, double loss, double accuracy, float learningRate) {}
