package dev.striate.op;

import dev.striate.IntTensor;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import dev.striate.backend.ClassificationGeometry;

/**
 * Softmax cross-entropy of logits {@code (N, classes, ...)} against labels {@code (N, ...)}:
 * {@code -log(softmax(x)[label])} per example, fused so that no probability is ever stored; its gradient is
 * {@code softmax(x) - onehot(label)}.
 */
public final class CrossEntropy {

    private CrossEntropy() {}

    /** @throws ShapeException if shapes do not fit or a label is no class */
    public static Tensor apply(Tensor logits, IntTensor labels, ClassificationOptions options) {
        ClassificationGeometry g = Labels.geometry("crossEntropy", logits, labels, options);
        Tensor loss = Tensor.allocate(logits.device(), Labels.lossShape(g, labels));
        Tensor saves = Tensor.allocate(logits.device(), Shape.of(g.examples() + 1));
        logits.device().backend().crossEntropy().forward(g, logits.buffer(), labels.buffer(), loss.buffer(), saves.buffer());
        Recorder.of("crossEntropy", loss)
                .input(logits, (dy, saved) -> {
                    Tensor dx = Tensor.allocate(dy.device(), saved.get(0).shape());
                    dy.device().backend().crossEntropy().gradient(g, saved.get(0).buffer(), saved.integers(0).buffer(),
                            saved.get(1).buffer(), dy.buffer(), dx.buffer());
                    return dx;
                }, new IntTensor[] {labels}, logits, saves)
                .record();
        saves.close();
        return loss;
    }
}
