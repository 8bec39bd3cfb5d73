package dev.striate.backend.reference;

import dev.striate.backend.Buffer;
import dev.striate.backend.ClassificationGeometry;
import dev.striate.backend.CrossEntropyKernels;
import dev.striate.backend.IndexBuffer;

/** Softmax cross-entropy. */
final class ReferenceCrossEntropy implements CrossEntropyKernels {

    @Override
    public void forward(ClassificationGeometry g, Buffer logits, IndexBuffer labels, Buffer loss, Buffer saved) {
        ReferenceBuffer x = ReferenceBuffer.of(logits);
        ReferenceBuffer kept = ReferenceBuffer.of(saved);
        for (int example = 0; example < g.examples(); example++) {
            kept.set(example, ReferenceSoftmax.logSumExp(g.axis(), example, x));
        }
        kept.set(g.examples(), ReferenceNll.countExamples(g, labels));
        double epsilon = g.labelSmoothing();
        ReferenceNll.reduce(g, labels, example -> {
            double hard = kept.get(example) - (1 - epsilon) * x.get(ReferenceNll.labelPlace(g, labels, example));
            // Without smoothing the other scores do not enter: a masked one, minus infinity, must not make 0 * inf.
            return epsilon == 0
                    ? hard
                    : hard - epsilon * ReferenceSoftmax.sum(g.axis(), example, x::get) / g.axis().size();
        }, loss);
    }

    @Override
    public void gradient(ClassificationGeometry g, Buffer logits, IndexBuffer labels, Buffer saved, Buffer dy, Buffer dlogits) {
        ReferenceBuffer x = ReferenceBuffer.of(logits);
        ReferenceBuffer kept = ReferenceBuffer.of(saved);
        double epsilon = g.labelSmoothing();
        ReferenceNll.spread(g, labels, kept.get(g.examples()), dy, (example, place, isLabel) -> {
            double target = (isLabel ? 1 - epsilon : 0) + epsilon / g.axis().size();
            return Math.exp(x.get(place) - kept.get(example)) - target;
        }, dlogits);
    }
}
