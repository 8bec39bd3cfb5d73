package dev.striate.backend.cpu;

import dev.striate.backend.Buffer;
import dev.striate.backend.ClassificationGeometry;
import dev.striate.backend.CrossEntropyKernels;
import dev.striate.backend.IndexBuffer;
import org.jspecify.annotations.Nullable;

/** Softmax cross-entropy, example by example. */
final class CpuCrossEntropy implements CrossEntropyKernels {

    /** Nanoseconds per score, roughly: an exponential. */
    private static final long COST = 8;

    private static final CpuBuffer ONE = new CpuBuffer(new float[] {1}, 1);

    private final CpuThreads threads;

    CpuCrossEntropy(CpuContext context) {
        this.threads = context.threads();
    }

    @Override
    public void forward(
            ClassificationGeometry g,
            Buffer logits,
            IndexBuffer labels,
            Buffer loss,
            Buffer saved,
            @Nullable IndexBuffer predicted,
            @Nullable Buffer dlogits) {
        CpuBuffer x = CpuBuffer.of(logits);
        CpuBuffer kept = CpuBuffer.of(saved);
        int[] label = CpuIndexBuffer.of(labels).array;
        int classes = g.axis().size();
        int inner = g.axis().inner();
        double epsilon = g.labelSmoothing();
        int[] largest = predicted == null ? null : CpuIndexBuffer.of(predicted).array;
        double[] logSums = new double[g.examples()];
        threads.forRange(g.examples(), COST * g.examples() * classes, (from, to) -> {
            for (int example = from; example < to; example++) {
                int start = x.offset + CpuSoftmax.lineStart(g.axis(), example);
                double max = CpuSoftmax.max(x.array, start, inner, classes);
                double sum = CpuSoftmax.sumOfExp(x.array, start, inner, classes, max);
                logSums[example] = Math.log(sum);
                kept.array[kept.offset + example] = (float) max;
                kept.array[kept.offset + g.examples() + example] = (float) sum;
                if (largest != null) {
                    largest[example] = largest(x.array, start, inner, classes);
                }
            }
        });
        int count = CpuNll.reduce(
                g,
                label,
                example -> {
                    double max = kept.array[kept.offset + example];
                    double distance = max - x.array[x.offset + CpuNll.labelPlace(g, label, example)];
                    double hard = logSums[example] + (1 - epsilon) * distance;
                    if (epsilon == 0) {
                        // The other scores do not enter: one of minus infinity must not make 0 * inf.
                        return hard;
                    }
                    int start = x.offset + CpuSoftmax.lineStart(g.axis(), example);
                    double distances = 0;
                    for (int i = 0; i < classes; i++) {
                        distances += max - x.array[start + i * inner];
                    }
                    return hard + epsilon * distances / classes;
                },
                CpuBuffer.of(loss));
        kept.array[kept.offset + 2 * g.examples()] = count;
        if (dlogits != null) {
            gradient(g, logits, labels, saved, ONE, dlogits);
        }
    }

    /** Which of {@code n} elements is the largest, the first among equals; the first NaN wins over everything. */
    private static int largest(float[] x, int start, int stride, int n) {
        int best = 0;
        for (int i = 0; i < n; i++) {
            float value = x[start + i * stride];
            if (Float.isNaN(value)) {
                return i;
            }
            if (value > x[start + best * stride]) {
                best = i;
            }
        }
        return best;
    }

    @Override
    public void gradient(
            ClassificationGeometry g, Buffer logits, IndexBuffer labels, Buffer saved, Buffer dy, Buffer dlogits) {
        CpuBuffer x = CpuBuffer.of(logits);
        CpuBuffer kept = CpuBuffer.of(saved);
        CpuBuffer upstream = CpuBuffer.of(dy);
        CpuBuffer out = CpuBuffer.of(dlogits);
        int[] label = CpuIndexBuffer.of(labels).array;
        int classes = g.axis().size();
        int inner = g.axis().inner();
        double epsilon = g.labelSmoothing();
        float count = kept.array[kept.offset + 2 * g.examples()];
        threads.forRange(g.examples(), COST * g.examples() * classes, (from, to) -> {
            for (int example = from; example < to; example++) {
                boolean counts = label[example] != g.ignoreIndex();
                double scale = counts ? CpuNll.scale(g, example, count, upstream) : 0;
                double max = kept.array[kept.offset + example];
                double sum = kept.array[kept.offset + g.examples() + example];
                int start = CpuSoftmax.lineStart(g.axis(), example);
                for (int i = 0; i < classes; i++) {
                    int at = start + i * inner;
                    double target = (i == label[example] ? 1 - epsilon : 0) + epsilon / classes;
                    out.array[out.offset + at] =
                            counts ? (float) (scale * (Math.exp(x.array[x.offset + at] - max) / sum - target)) : 0f;
                }
            }
        });
    }
}
