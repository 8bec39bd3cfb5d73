package dev.striate.backend.opencl;

import dev.striate.backend.AdamStep;
import dev.striate.backend.Buffer;
import dev.striate.backend.OptimizerKernels;
import dev.striate.backend.SgdStep;
import org.jspecify.annotations.Nullable;

/** Launches {@code optimizer.cl}. */
final class OpenClOptimizer implements OptimizerKernels {

    private final OpenClRuntime runtime;
    private final OpenClReduce reduce;

    OpenClOptimizer(OpenClRuntime runtime, OpenClReduce reduce) {
        this.runtime = runtime;
        this.reduce = reduce;
    }

    @Override
    public void sgd(int n, SgdStep step, Buffer weights, Buffer gradients, @Nullable Buffer velocity) {
        runtime.kernel(
                        "optimizer",
                        "sgd",
                        step.momentum() != 0 ? "MOMENTUM" : "PLAIN",
                        step.nesterov() ? "NESTEROV" : "CLASSIC",
                        step.firstStep() ? "FIRST_STEP" : "LATER_STEP")
                .ints(n)
                .floats(step.learningRate(), step.momentum(), 1 - step.dampening(), step.weightDecay())
                .buffers(weights, gradients, velocity == null ? gradients : velocity)
                .runVectors(n);
    }

    @Override
    public void adam(int n, AdamStep step, Buffer weights, Buffer gradients, Buffer m, Buffer v) {
        runtime.kernel("optimizer", "adam", step.decoupled() ? "DECOUPLED" : "COUPLED")
                .ints(n)
                .floats(step.learningRate(), step.beta1(), 1 - step.beta1(), step.beta2(), 1 - step.beta2())
                .floats(step.epsilon(), step.weightDecay(), step.correction1(), (float) Math.sqrt(step.correction2()))
                .buffers(weights, gradients, m, v)
                .runVectors(n);
    }

    @Override
    public void sumsOfSquares(int n, Buffer x, Buffer result) {
        reduce.sumsOfSquares(n, x, result);
    }

    @Override
    public void clip(int n, float maxNorm, Buffer sumsOfSquares, Buffer gradients) {
        runtime.kernel("optimizer", "clip", "PLAIN")
                .ints(n)
                .floats(maxNorm)
                .buffers(sumsOfSquares, gradients)
                .runVectors(n);
    }
}
