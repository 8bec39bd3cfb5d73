package dev.striate.backend.reference;

import dev.striate.backend.Buffer;
import dev.striate.backend.ClassificationGeometry;
import dev.striate.backend.CrossEntropyKernels;
import dev.striate.backend.IndexBuffer;
import org.jspecify.annotations.Nullable;

/** Softmax cross-entropy. */
final class ReferenceCrossEntropy implements CrossEntropyKernels {

    @Override
    public void forward(
            ClassificationGeometry g,
            Buffer logits,
            IndexBuffer labels,
            Buffer loss,
            Buffer saved,
            @Nullable IndexBuffer predicted,
            @Nullable Buffer dlogits) {
        ReferenceBuffer x = ReferenceBuffer.of(logits);
        ReferenceBuffer kept = ReferenceBuffer.of(saved);
        for (int example = 0; example < g.examples(); example++) {
            double max = ReferenceSoftmax.max(g.axis(), example, x);
            kept.set(example, max);
            kept.set(g.examples() + example, ReferenceSoftmax.sumOfExp(g.axis(), example, x, max));
        }
        kept.set(2 * g.examples(), ReferenceNll.countExamples(g, labels));
        double epsilon = g.labelSmoothing();
        ReferenceNll.reduce(
                g,
                labels,
                example -> {
                    double max = kept.get(example);
                    double distance = max - x.get(ReferenceNll.labelPlace(g, labels, example));
                    double hard = Math.log(kept.get(g.examples() + example)) + (1 - epsilon) * distance;
                    // Without smoothing the other scores do not enter: a masked one, minus infinity, must not make 0 *
                    // inf.
                    return epsilon == 0
                            ? hard
                            : hard
                                    + epsilon
                                            * ReferenceSoftmax.sum(g.axis(), example, at -> max - x.get(at))
                                            / g.axis().size();
                },
                loss);
        if (predicted != null) {
            for (int example = 0; example < g.examples(); example++) {
                ReferenceIndexBuffer.of(predicted).set(example, largest(g, x, example));
            }
        }
        if (dlogits != null) {
            ReferenceBuffer one = new ReferenceBuffer(1);
            one.set(0, 1);
            gradient(g, logits, labels, saved, one, dlogits);
        }
    }

    private static int largest(ClassificationGeometry g, ReferenceBuffer x, int example) {
        int best = 0;
        for (int i = 1; i < g.axis().size(); i++) {
            double value = x.get(ReferenceSoftmax.place(g.axis(), example, i));
            if (ReferenceReduce.beats(value, x.get(ReferenceSoftmax.place(g.axis(), example, best)))) {
                best = i;
            }
        }
        return best;
    }

    @Override
    public void gradient(
            ClassificationGeometry g, Buffer logits, IndexBuffer labels, Buffer saved, Buffer dy, Buffer dlogits) {
        ReferenceBuffer x = ReferenceBuffer.of(logits);
        ReferenceBuffer kept = ReferenceBuffer.of(saved);
        double epsilon = g.labelSmoothing();
        ReferenceNll.spread(
                g,
                labels,
                kept.get(2 * g.examples()),
                dy,
                (example, place, isLabel) -> {
                    double target =
                            (isLabel ? 1 - epsilon : 0) + epsilon / g.axis().size();
                    return Math.exp(x.get(place) - kept.get(example)) / kept.get(g.examples() + example) - target;
                },
                dlogits);
    }
}
