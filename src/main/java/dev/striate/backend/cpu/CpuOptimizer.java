package dev.striate.backend.cpu;

import dev.striate.backend.AdamStep;
import dev.striate.backend.Buffer;
import dev.striate.backend.OptimizerKernels;
import dev.striate.backend.SgdStep;
import dev.striate.backend.cpu.simd.ElementwiseKernels;
import dev.striate.backend.cpu.simd.ElementwiseKernels.AdamFactors;
import dev.striate.backend.cpu.simd.ReductionKernels;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Parameter updates in float32. Differences such as {@code 1 - beta} are taken in double precision first. */
final class CpuOptimizer implements OptimizerKernels {

    private static final int CHUNK = 32_768;

    private final CpuThreads threads;
    private final ElementwiseKernels elementwise;
    private final ReductionKernels reductions;

    CpuOptimizer(CpuContext context) {
        this.threads = context.threads();
        this.elementwise = context.simd().elementwise();
        this.reductions = context.simd().reductions();
    }

    @Override
    public void sgd(int n, SgdStep step, Buffer weights, Buffer gradients, @Nullable Buffer velocity) {
        CpuBuffer w = CpuBuffer.of(weights);
        CpuBuffer gradient = CpuBuffer.of(gradients);
        if (step.momentum() == 0f) {
            threads.forRange(
                    n,
                    n / 4L,
                    (from, to) -> elementwise.descend(
                            to - from,
                            step.learningRate(),
                            step.weightDecay(),
                            gradient.array,
                            gradient.offset + from,
                            w.array,
                            w.offset + from));
            return;
        }
        CpuBuffer v = CpuBuffer.of(Objects.requireNonNull(velocity));
        float undamped = step.firstStep() ? 1f : (float) (1 - (double) step.dampening());
        threads.forRange(n, n / 3L, (from, to) -> {
            if (step.firstStep()) {
                Arrays.fill(v.array, v.offset + from, v.offset + to, 0f);
            }
            elementwise.descendWithMomentum(
                    to - from,
                    step.learningRate(),
                    step.weightDecay(),
                    step.momentum(),
                    undamped,
                    step.nesterov(),
                    gradient.array,
                    gradient.offset + from,
                    v.array,
                    v.offset + from,
                    w.array,
                    w.offset + from);
        });
    }

    @Override
    public void adam(int n, AdamStep step, Buffer weights, Buffer gradients, Buffer m, Buffer v) {
        CpuBuffer w = CpuBuffer.of(weights);
        CpuBuffer gradient = CpuBuffer.of(gradients);
        CpuBuffer mean = CpuBuffer.of(m);
        CpuBuffer square = CpuBuffer.of(v);
        AdamFactors factors = new AdamFactors(
                step.beta1(),
                (float) (1 - (double) step.beta1()),
                step.beta2(),
                (float) (1 - (double) step.beta2()),
                (float) ((double) step.learningRate() / step.correction1()),
                (float) Math.sqrt(step.correction2()),
                step.epsilon(),
                step.decoupled() ? 0f : step.weightDecay(),
                step.decoupled() ? (float) (1 - (double) step.learningRate() * step.weightDecay()) : 1f);
        threads.forRange(
                n,
                n,
                (from, to) -> elementwise.adam(
                        to - from,
                        factors,
                        gradient.array,
                        gradient.offset + from,
                        mean.array,
                        mean.offset + from,
                        square.array,
                        square.offset + from,
                        w.array,
                        w.offset + from));
    }

    @Override
    public void sumsOfSquares(int n, Buffer x, Buffer result) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer out = CpuBuffer.of(result);
        double sum = sumOfChunks(
                n,
                (from, length) ->
                        reductions.sumOfSquares(length, in.array, in.offset + from, 0, reductions.accumulator()));
        if (!Float.isFinite((float) sum)) {
            // The vectorised loop squares in float32, which may overflow.
            sum = sumOfChunks(n, (from, length) -> Sums.squares(in.array, in.offset + from, 0, length));
        }
        out.array[out.offset] = (float) sum;
        out.array[out.offset + 1] = (float) (sum * 0x1p-160);
    }

    private interface ChunkSum {
        double of(int from, int length);
    }

    private double sumOfChunks(int n, ChunkSum sum) {
        double[] partials = new double[Sizes.ceilDiv(n, CHUNK)];
        threads.parallelFor(partials.length, n / 2L, chunk -> {
            int from = chunk * CHUNK;
            partials[chunk] = sum.of(from, Math.min(CHUNK, n - from));
        });
        return Arrays.stream(partials).reduce(0, Double::sum);
    }

    @Override
    public void clip(int n, float maxNorm, Buffer sumsOfSquares, Buffer gradients) {
        CpuBuffer squares = CpuBuffer.of(sumsOfSquares);
        CpuBuffer gradient = CpuBuffer.of(gradients);
        float sum = squares.array[squares.offset];
        double norm = Float.isFinite(sum) ? Math.sqrt(sum) : Math.sqrt(squares.array[squares.offset + 1]) * 0x1p80;
        // An infinite norm would scale finite gradients to 0 and hide the overflow.
        double scale = Double.isFinite(norm) ? Math.min(1, maxNorm / (norm + 1e-6)) : Double.NaN;
        threads.forRange(n, n / 3L, (from, to) -> {
            for (int i = from; i < to; i++) {
                // In double precision: the scale alone may be too small for a float.
                int at = gradient.offset + i;
                gradient.array[at] = (float) (gradient.array[at] * scale);
            }
        });
    }
}
