package dev.striate.train;

/**
 * After one training step.
 *
 * @param epoch        counted from 1
 * @param batch        within the epoch, counted from 1
 * @param batches      steps per epoch
 * @param images       trained on in this epoch so far
 * @param loss         the mean training loss of this epoch, as it was read last: the device is not waited for at every step; NaN
 *                     before the first reading
 * @param accuracy     the training accuracy of this epoch, read along with the loss
 * @param learningRate of this step
 */
public record BatchEnd(int epoch, int batch, int batches, int images, double loss, double accuracy, float learningRate) {}
