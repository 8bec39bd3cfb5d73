package dev.striate.backend.opencl;

import dev.striate.backend.Buffer;
import dev.striate.backend.ClassificationGeometry;
import dev.striate.backend.CrossEntropyKernels;
import dev.striate.backend.IndexBuffer;

/** Launches {@code cross_entropy.cl}. */
final class OpenClCrossEntropy implements CrossEntropyKernels {

    private final OpenClRuntime runtime;

    OpenClCrossEntropy(OpenClRuntime runtime) {
        this.runtime = runtime;
    }

    @Override
    public void forward(ClassificationGeometry g, Buffer logits, IndexBuffer labels, Buffer loss, Buffer saved) {
        OpenClClassification.reduceLosses(runtime, "cross_entropy", g, labels, loss, saved, g.examples(), losses ->
                OpenClClassification.kernel(runtime, "cross_entropy", "examples", g)
                        .struct(OpenClClassification.fields(g))
                        .floats(g.labelSmoothing())
                        .buffers(logits)
                        .indices(labels)
                        .buffers(losses, saved)
                        .runItems(g.examples()));
    }

    @Override
    public void gradient(
            ClassificationGeometry g, Buffer logits, IndexBuffer labels, Buffer saved, Buffer dy, Buffer dlogits) {
        OpenClClassification.kernel(runtime, "cross_entropy", "gradient", g)
                .struct(OpenClClassification.fields(g))
                .floats(g.labelSmoothing())
                .buffers(logits)
                .indices(labels)
                .buffers(saved, dy, dlogits)
                .runItems(g.examples());
    }
}
