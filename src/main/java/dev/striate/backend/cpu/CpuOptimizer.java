package dev.striate.backend.cpu;

import dev.striate.backend.AdamStep;
import dev.striate.backend.Buffer;
import dev.striate.backend.OptimizerKernels;
import dev.striate.backend.SgdStep;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Parameter updates in float32. Differences such as {@code 1 - beta} are taken in double precision first. */
final class CpuOptimizer implements OptimizerKernels {

    private static final int CHUNK = 32_768;

    private final CpuThreads threads;

    CpuOptimizer(CpuContext context) {
        this.threads = context.threads();
    }

    @Override
    public void sgd(int n, SgdStep step, Buffer weights, Buffer gradients, @Nullable Buffer velocity) {
        CpuBuffer w = CpuBuffer.of(weights);
        CpuBuffer gradient = CpuBuffer.of(gradients);
        float learningRate = step.learningRate();
        float weightDecay = step.weightDecay();
        if (step.momentum() == 0f) {
            threads.forRange(n, n / 2L, (from, to) -> {
                for (int i = from; i < to; i++) {
                    float weight = w.array[w.offset + i];
                    float g = gradient.array[gradient.offset + i] + weightDecay * weight;
                    w.array[w.offset + i] = weight - learningRate * g;
                }
            });
            return;
        }
        CpuBuffer v = CpuBuffer.of(Objects.requireNonNull(velocity));
        threads.forRange(n, n, (from, to) -> {
            if (step.firstStep()) {
                for (int i = from; i < to; i++) {
                    v.array[v.offset + i] = gradient.array[gradient.offset + i] + weightDecay * w.array[w.offset + i];
                }
            } else {
                float momentum = step.momentum();
                float undamped = (float) (1 - (double) step.dampening());
                for (int i = from; i < to; i++) {
                    float g = gradient.array[gradient.offset + i] + weightDecay * w.array[w.offset + i];
                    v.array[v.offset + i] = momentum * v.array[v.offset + i] + undamped * g;
                }
            }
            descend(step, from, to, w, gradient, v);
        });
    }

    /** The second half of a step with momentum, once the velocity is known. */
    private static void descend(SgdStep step, int from, int to, CpuBuffer w, CpuBuffer gradient, CpuBuffer v) {
        float learningRate = step.learningRate();
        float weightDecay = step.weightDecay();
        float momentum = step.momentum();
        if (step.nesterov()) {
            for (int i = from; i < to; i++) {
                float weight = w.array[w.offset + i];
                float g = gradient.array[gradient.offset + i] + weightDecay * weight;
                w.array[w.offset + i] = weight - learningRate * (g + momentum * v.array[v.offset + i]);
            }
        } else {
            for (int i = from; i < to; i++) {
                w.array[w.offset + i] -= learningRate * v.array[v.offset + i];
            }
        }
    }

    @Override
    public void adam(int n, AdamStep step, Buffer weights, Buffer gradients, Buffer m, Buffer v) {
        CpuBuffer w = CpuBuffer.of(weights);
        CpuBuffer gradient = CpuBuffer.of(gradients);
        CpuBuffer mean = CpuBuffer.of(m);
        CpuBuffer square = CpuBuffer.of(v);
        float beta1 = step.beta1();
        float beta2 = step.beta2();
        float rest1 = (float) (1 - (double) beta1);
        float rest2 = (float) (1 - (double) beta2);
        float rate = (float) ((double) step.learningRate() / step.correction1());
        float correction2 = step.correction2();
        float epsilon = step.epsilon();
        float coupledDecay = step.decoupled() ? 0f : step.weightDecay();
        float shrink = step.decoupled() ? (float) (1 - (double) step.learningRate() * step.weightDecay()) : 1f;
        threads.forRange(n, 2L * n, (from, to) -> {
            for (int i = from; i < to; i++) {
                float weight = w.array[w.offset + i];
                float g = gradient.array[gradient.offset + i] + coupledDecay * weight;
                float newMean = beta1 * mean.array[mean.offset + i] + rest1 * g;
                float newSquare = beta2 * square.array[square.offset + i] + rest2 * (g * g);
                mean.array[mean.offset + i] = newMean;
                square.array[square.offset + i] = newSquare;
                float deviation = (float) Math.sqrt(newSquare / correction2);
                w.array[w.offset + i] = shrink * weight - rate * newMean / (deviation + epsilon);
            }
        });
    }

    @Override
    public void sumOfSquares(int n, Buffer x, Buffer result) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer out = CpuBuffer.of(result);
        double[] partials = new double[CpuGemm.ceilDiv(n, CHUNK)];
        threads.parallelFor(partials.length, n / 2L, chunk -> {
            int from = chunk * CHUNK;
            partials[chunk] = Sums.sumOfSquares(in.array, in.offset + from, Math.min(CHUNK, n - from), 0);
        });
        double sum = 0;
        for (double partial : partials) {
            sum += partial;
        }
        out.array[out.offset] = (float) sum;
    }

    @Override
    public void clip(int n, float maxNorm, Buffer sumOfSquares, Buffer gradients) {
        CpuBuffer squares = CpuBuffer.of(sumOfSquares);
        CpuBuffer gradient = CpuBuffer.of(gradients);
        double norm = Math.sqrt(squares.array[squares.offset]);
        // An infinite norm would scale finite gradients to 0 and hide the overflow.
        float scale = Double.isFinite(norm) ? (float) Math.min(1, maxNorm / (norm + 1e-6)) : Float.NaN;
        threads.forRange(n, n / 3L, (from, to) -> {
            for (int i = from; i < to; i++) {
                gradient.array[gradient.offset + i] *= scale;
            }
        });
    }
}
