package dev.striate.backend.reference;

import dev.striate.backend.AdamStep;
import dev.striate.backend.Buffer;
import dev.striate.backend.OptimizerKernels;
import dev.striate.backend.SgdStep;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Parameter updates. Hyperparameters are widened to double first, so {@code 1 - beta} is exact. */
final class ReferenceOptimizer implements OptimizerKernels {

    @Override
    public void sgd(int n, SgdStep step, Buffer weights, Buffer gradients, @Nullable Buffer velocity) {
        ReferenceBuffer w = ReferenceBuffer.of(weights);
        double learningRate = step.learningRate();
        double momentum = step.momentum();
        double dampening = step.dampening();
        double weightDecay = step.weightDecay();
        for (int i = 0; i < n; i++) {
            double g = ReferenceBuffer.of(gradients).get(i) + weightDecay * w.get(i);
            double d = g;
            if (momentum != 0) {
                ReferenceBuffer v = ReferenceBuffer.of(Objects.requireNonNull(velocity));
                v.set(i, step.firstStep() ? g : momentum * v.get(i) + (1 - dampening) * g);
                d = step.nesterov() ? g + momentum * v.get(i) : v.get(i);
            }
            w.set(i, w.get(i) - learningRate * d);
        }
    }

    @Override
    public void adam(int n, AdamStep step, Buffer weights, Buffer gradients, Buffer m, Buffer v) {
        ReferenceBuffer w = ReferenceBuffer.of(weights);
        ReferenceBuffer mean = ReferenceBuffer.of(m);
        ReferenceBuffer square = ReferenceBuffer.of(v);
        double learningRate = step.learningRate();
        double beta1 = step.beta1();
        double beta2 = step.beta2();
        double weightDecay = step.weightDecay();
        for (int i = 0; i < n; i++) {
            double g = ReferenceBuffer.of(gradients).get(i);
            if (step.decoupled()) {
                w.set(i, w.get(i) - learningRate * weightDecay * w.get(i));
            } else {
                g += weightDecay * w.get(i);
            }
            mean.set(i, beta1 * mean.get(i) + (1 - beta1) * g);
            square.set(i, beta2 * square.get(i) + (1 - beta2) * g * g);
            double corrected = mean.get(i) / step.correction1();
            double deviation = Math.sqrt(square.get(i) / step.correction2());
            w.set(i, w.get(i) - learningRate * corrected / (deviation + step.epsilon()));
        }
    }

    @Override
    public void sumsOfSquares(int n, Buffer x, Buffer result) {
        ReferenceBuffer from = ReferenceBuffer.of(x);
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += from.get(i) * from.get(i);
        }
        ReferenceBuffer.of(result).set(0, sum);
        ReferenceBuffer.of(result).set(1, sum * 0x1p-160);
    }

    @Override
    public void clip(int n, float maxNorm, Buffer sumsOfSquares, Buffer gradients) {
        double norm = Math.sqrt(ReferenceBuffer.of(sumsOfSquares).get(0));
        // An infinite norm would scale finite gradients to 0 and hide the overflow.
        double scale = Double.isFinite(norm) ? Math.min(1, maxNorm / (norm + 1e-6)) : Double.NaN;
        for (int i = 0; i < n; i++) {
            ReferenceBuffer.of(gradients).set(i, ReferenceBuffer.of(gradients).get(i) * scale);
        }
    }
}
