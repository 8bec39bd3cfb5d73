package dev.striate.backend.cpu;

import dev.striate.LossReduction;
import dev.striate.backend.Buffer;
import dev.striate.backend.ClassificationGeometry;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.NllKernels;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;

/** Negative log-likelihood, and what it shares with {@link CpuCrossEntropy}. */
final class CpuNll implements NllKernels {

    @Override
    public void forward(
            ClassificationGeometry g, Buffer logProbabilities, IndexBuffer labels, Buffer loss, Buffer saved) {
        CpuBuffer x = CpuBuffer.of(logProbabilities);
        CpuBuffer count = CpuBuffer.of(saved);
        int[] label = CpuIndexBuffer.of(labels).array;
        count.array[count.offset] =
                reduce(g, label, example -> -x.array[x.offset + labelPlace(g, label, example)], CpuBuffer.of(loss));
    }

    /**
     * Writes the loss, given that of each example that counts; the examples are added in their order.
     *
     * @return the number of examples that count
     */
    static int reduce(ClassificationGeometry g, int[] labels, IntToDoubleFunction lossOfExample, CpuBuffer loss) {
        double sum = 0;
        int count = 0;
        for (int example = 0; example < g.examples(); example++) {
            double one = 0;
            if (labels[example] != g.ignoreIndex()) {
                one = lossOfExample.applyAsDouble(example);
                count++;
            }
            sum += one;
            if (g.reduction() == LossReduction.NONE) {
                loss.array[loss.offset + example] = (float) one;
            }
        }
        if (g.reduction() != LossReduction.NONE) {
            loss.array[loss.offset] = (float) (g.reduction() == LossReduction.MEAN ? sum / count : sum);
        }
        return count;
    }

    /** The place of the score that an example's label names. */
    static int labelPlace(ClassificationGeometry g, int[] labels, int example) {
        return CpuSoftmax.lineStart(g.axis(), example)
                + labels[example] * g.axis().inner();
    }

    /** What the derivative of an example's own loss is multiplied with. */
    static double scale(ClassificationGeometry g, int example, float count, CpuBuffer dy) {
        return switch (g.reduction()) {
            case MEAN -> (double) dy.array[dy.offset] / count;
            case SUM -> dy.array[dy.offset];
            case NONE -> dy.array[dy.offset + example];
        };
    }

    @Override
    public void gradient(ClassificationGeometry g, IndexBuffer labels, Buffer saved, Buffer dy, Buffer dx) {
        CpuBuffer count = CpuBuffer.of(saved);
        CpuBuffer upstream = CpuBuffer.of(dy);
        CpuBuffer out = CpuBuffer.of(dx);
        int[] label = CpuIndexBuffer.of(labels).array;
        Arrays.fill(out.array, out.offset, out.offset + g.examples() * g.axis().size(), 0f);
        for (int example = 0; example < g.examples(); example++) {
            if (label[example] != g.ignoreIndex()) {
                double scale = scale(g, example, count.array[count.offset], upstream);
                out.array[out.offset + labelPlace(g, label, example)] = (float) -scale;
            }
        }
    }
}
