package dev.striate.bench.peers;

import dev.striate.data.Batch;

/** A net in training on one side, given its batches one by one. */
interface Learner extends AutoCloseable {

    /**
     * One training step: forward, mean cross-entropy, backward, update at a learning rate. Returns the loss before
     * that.
     */
    float step(Batch batch, float learningRate);

    /** The class of each image's greatest logit, without recording, batch normalisation with its running statistics. */
    int[] classify(Batch batch);

    @Override
    void close();
}
