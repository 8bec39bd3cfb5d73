package dev.striate.bench.peers;

/** A library that can do all rows. */
interface Side {

    /** Losses that {@link #training} compares, all on one batch, which therefore fall. */
    int COMPARED_STEPS = 5;
    /** Batches that the timed training steps take in turn. */
    int BATCHES = 8;
    /**
     * Steps after which training starts anew: after some 800 without a gradient, Adam's running mean of a dead unit is
     * denormal, and the speed of denormals is not what is compared.
     */
    int STEPS_BEFORE_RESTART = 500;

    /** A product of two n x n matrices. */
    Work matmul(int n);

    /** A convolution without recording. */
    Work convolution(ConvShape shape);

    /** A convolution and the gradients of input, weight and bias for a given gradient of the output. */
    Work convolutionWithGradients(ConvShape shape);

    /** Training steps: forward, mean cross-entropy, backward, update, and reading the loss. */
    TrainingWork training(Net net, int batch);

    /** A net in training from these weights, with batches that come along one by one. */
    Learner learner(Net net, Net.Weights weights);

    /** The logits of one image in a Java array, without recording, batch normalisation with its running statistics. */
    Work inference(Net net);
}
