package dev.striate.bench.peers;

import dev.striate.data.Batch;

/** A net in training on one side, given its batches one by one. */
interface Learner extends AutoCloseable {

    /** One training step at a learning rate: forward, mean cross-entropy, backward, update. Returns the loss before the update. */
    float step(Batch batch, float learningRate);

    /** The class of each image's greatest logit, without recording, batch normalisation with its running statistics. */
    int[] classify(Batch batch);

    @Override
    void close();
}
