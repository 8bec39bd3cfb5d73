package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.allocateIntegers;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.bufferOrNull;
import static dev.striate.internal.Internals.kernels;
import static dev.striate.internal.Internals.storage;

import dev.striate.ClassificationOptions;
import dev.striate.CrossEntropyResult;
import dev.striate.IntTensor;
import dev.striate.LossReduction;
import dev.striate.NoGrad;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import dev.striate.autograd.Saved;
import dev.striate.backend.ClassificationGeometry;
import org.jspecify.annotations.Nullable;

/**
 * Softmax cross-entropy of logits {@code (N, classes, ...)} against labels {@code (N, ...)}:
 * {@code -log(softmax(x)[label])} per example, fused so that no probability is ever stored; its gradient is
 * {@code softmax(x) - onehot(label)}.
 */
public final class CrossEntropy {

    private CrossEntropy() {}

    /** @throws ShapeException if shapes do not fit, or if a label is not a class */
    public static Tensor apply(Tensor logits, IntTensor labels, ClassificationOptions options) {
        if (!options.classWeights().isEmpty()) {
            return WeightedCrossEntropy.ofLogits(logits, labels, options);
        }
        return apply(Labels.geometry("crossEntropy", logits, labels, options), logits, labels, null);
    }

    /** Computes {@link #apply} and the predictions, which cost almost nothing extra; errors as for {@link #apply}. */
    public static CrossEntropyResult withPredictions(Tensor logits, IntTensor labels, ClassificationOptions options) {
        if (!options.classWeights().isEmpty()) {
            return new CrossEntropyResult(
                    WeightedCrossEntropy.ofLogits(logits, labels, options), Argmax.apply(logits, 1, false));
        }
        ClassificationGeometry g = Labels.geometry("crossEntropy", logits, labels, options);
        IntTensor predictions =
                allocateIntegers(logits.device(), labels.shape(), 0, g.axis().size() - 1);
        return new CrossEntropyResult(apply(g, logits, labels, predictions), predictions);
    }

    private static Tensor apply(
            ClassificationGeometry g, Tensor logits, IntTensor labels, @Nullable IntTensor predictions) {
        if (g.examples() == 0) {
            return Labels.lossOfNone(logits, g.reduction());
        }
        Tensor loss = allocate(logits.device(), Labels.lossShape(g, labels));
        Tensor normalizers = allocate(logits.device(), Shape.of(2 * g.examples() + 1));
        // backward() usually starts here with a gradient of 1, and then its first step is already done.
        boolean differentiates = NoGrad.recording() && logits.requiresGrad() && g.reduction() != LossReduction.NONE;
        Tensor dlogits = differentiates ? allocate(logits.device(), logits.shape()) : null;
        kernels(logits)
                .crossEntropy()
                .forward(
                        g,
                        buffer(logits),
                        buffer(labels),
                        buffer(loss),
                        buffer(normalizers),
                        predictions == null ? null : buffer(predictions),
                        bufferOrNull(dlogits));
        Tensor[] saves =
                dlogits == null ? new Tensor[] {logits, normalizers} : new Tensor[] {logits, normalizers, dlogits};
        Recorder.of("crossEntropy", loss)
                .input(
                        logits,
                        (dy, saved) -> differentiates && storage(dy).isKnown(1) ? saved.get(2) : gradient(g, dy, saved),
                        new IntTensor[] {labels},
                        saves)
                .record();
        normalizers.close();
        if (dlogits != null) {
            dlogits.close();
        }
        return loss;
    }

    private static Tensor gradient(ClassificationGeometry g, Tensor dy, Saved saved) {
        Tensor dx = allocate(dy.device(), saved.get(0).shape());
        kernels(dy)
                .crossEntropy()
                .gradient(
                        g,
                        buffer(saved.get(0)),
                        buffer(saved.integers(0)),
                        buffer(saved.get(1)),
                        buffer(dy),
                        buffer(dx));
        return dx;
    }
}
