package dev.striate.bench.common;

/** A library that can do the work of the rows. */
public interface Side {

    /** A product of two n x n matrices. */
    Work matmul(int n);

    /** A convolution without recording. */
    Work convolution(ConvShape shape);

    /** A convolution and the gradients of input, weight and bias for a given gradient of the output. */
    Work convolutionWithGradients(ConvShape shape);

    /** Training steps: forward, mean cross-entropy, backward, update, and reading the loss. */
    TrainingWork training(Net net, int batch, int comparedSteps);

    /** A net in training from these weights. */
    Learner learner(Net net, Net.Weights weights);

    /** The logits of one image in a Java array, without recording, batch normalisation with its running statistics. */
    Work inference(Net net);
}
