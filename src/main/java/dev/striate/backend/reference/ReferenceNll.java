package dev.striate.backend.reference;

import dev.striate.LossReduction;
import dev.striate.backend.Buffer;
import dev.striate.backend.ClassificationGeometry;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.NllKernels;
import java.util.function.IntToDoubleFunction;

/**
 * Negative log-likelihood, and what it shares with cross-entropy: which examples count and how their losses become one.
 */
final class ReferenceNll implements NllKernels {

    /** The number of examples that count. */
    static int countExamples(ClassificationGeometry g, IndexBuffer labels) {
        int count = 0;
        for (int example = 0; example < g.examples(); example++) {
            count += counts(g, labels, example) ? 1 : 0;
        }
        return count;
    }

    private static boolean counts(ClassificationGeometry g, IndexBuffer labels, int example) {
        return ReferenceIndexBuffer.of(labels).get(example) != g.ignoreIndex();
    }

    /** Writes the loss, given that of each example that counts. */
    static void reduce(ClassificationGeometry g, IndexBuffer labels, IntToDoubleFunction lossOfExample, Buffer loss) {
        double sum = 0;
        for (int example = 0; example < g.examples(); example++) {
            double one = counts(g, labels, example) ? lossOfExample.applyAsDouble(example) : 0;
            sum += one;
            if (g.reduction() == LossReduction.NONE) {
                ReferenceBuffer.of(loss).set(example, one);
            }
        }
        if (g.reduction() != LossReduction.NONE) {
            ReferenceBuffer.of(loss).set(0, g.reduction() == LossReduction.MEAN ? sum / countExamples(g, labels) : sum);
        }
    }

    @FunctionalInterface
    interface ExampleGradient {
        /** The derivative of an example's loss by the score of a class, which lies at a place. */
        double at(int example, int place, boolean isLabel);
    }

    /** Writes the gradient, given that of each example that counts. */
    static void spread(
            ClassificationGeometry g,
            IndexBuffer labels,
            double count,
            Buffer dy,
            ExampleGradient gradient,
            Buffer dx) {
        for (int example = 0; example < g.examples(); example++) {
            double upstream = ReferenceBuffer.of(dy).get(g.reduction() == LossReduction.NONE ? example : 0);
            double scale = g.reduction() == LossReduction.MEAN ? upstream / count : upstream;
            for (int label = 0; label < g.axis().size(); label++) {
                int place = ReferenceSoftmax.place(g.axis(), example, label);
                boolean isLabel = label == ReferenceIndexBuffer.of(labels).get(example);
                double one = counts(g, labels, example) ? scale * gradient.at(example, place, isLabel) : 0;
                ReferenceBuffer.of(dx).set(place, one);
            }
        }
    }

    /** The place of the score that an example's label names. */
    static int labelPlace(ClassificationGeometry g, IndexBuffer labels, int example) {
        return ReferenceSoftmax.place(
                g.axis(), example, ReferenceIndexBuffer.of(labels).get(example));
    }

    @Override
    public void forward(
            ClassificationGeometry g, Buffer logProbabilities, IndexBuffer labels, Buffer loss, Buffer saved) {
        ReferenceBuffer from = ReferenceBuffer.of(logProbabilities);
        ReferenceBuffer.of(saved).set(0, countExamples(g, labels));
        reduce(g, labels, example -> -from.get(labelPlace(g, labels, example)), loss);
    }

    @Override
    public void gradient(ClassificationGeometry g, IndexBuffer labels, Buffer saved, Buffer dy, Buffer dx) {
        double count = ReferenceBuffer.of(saved).get(0);
        spread(g, labels, count, dy, (example, place, isLabel) -> isLabel ? -1 : 0, dx);
    }
}
