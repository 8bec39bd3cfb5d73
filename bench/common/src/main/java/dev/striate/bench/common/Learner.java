package dev.striate.bench.common;

import dev.striate.data.Batch;

/** A net in training on one side, whose batches are passed one by one. */
public interface Learner extends AutoCloseable {

    /** Takes one step: forward, mean cross-entropy, backward, update. Returns the loss before the update. */
    float step(Batch batch, float learningRate);

    /** Returns the predicted class of each image, batch normalisation with its running statistics. */
    int[] classify(Batch batch);

    @Override
    void close();
}
