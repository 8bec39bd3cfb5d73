package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.kernels;

import dev.striate.ClassificationOptions;
import dev.striate.IntTensor;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import dev.striate.backend.ClassificationGeometry;

/**
 * Negative log-likelihood of log-probabilities {@code (N, classes, ...)} against labels {@code (N, ...)}: {@code
 * -x[label]} per example. After {@code logSoftmax} it is the cross-entropy.
 */
public final class Nll {

    private Nll() {}

    /** @throws ShapeException if shapes do not fit, if a label is not a class, or if label smoothing is set */
    public static Tensor apply(Tensor logProbabilities, IntTensor labels, ClassificationOptions options) {
        if (options.labelSmoothing() != 0) {
            throw new ShapeException("nll has no label smoothing; use crossEntropy");
        }
        if (!options.classWeights().isEmpty()) {
            return WeightedCrossEntropy.ofLogProbabilities(logProbabilities, labels, options);
        }
        return apply(Labels.geometry("nll", logProbabilities, labels, options), logProbabilities, labels);
    }

    /** Without checks, for a geometry of {@link Labels}. */
    static Tensor apply(ClassificationGeometry g, Tensor logProbabilities, IntTensor labels) {
        if (g.examples() == 0) {
            return Labels.lossOfNone(logProbabilities, g.reduction());
        }
        Shape shape = logProbabilities.shape();
        Tensor loss = allocate(logProbabilities.device(), Labels.lossShape(g, labels));
        Tensor count = allocate(logProbabilities.device(), Shape.SCALAR);
        kernels(logProbabilities)
                .nll()
                .forward(g, buffer(logProbabilities), buffer(labels), buffer(loss), buffer(count));
        Recorder.of("nll", loss)
                .input(
                        logProbabilities,
                        (dy, saved) -> {
                            Tensor dx = allocate(dy.device(), shape);
                            kernels(dy)
                                    .nll()
                                    .gradient(
                                            g, buffer(saved.integers(0)), buffer(saved.get(0)), buffer(dy), buffer(dx));
                            return dx;
                        },
                        new IntTensor[] {labels},
                        count)
                .record();
        count.close();
        return loss;
    }
}
