package dev.striate.backend.opencl;

import dev.striate.backend.Buffer;
import dev.striate.backend.ClassificationGeometry;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.NllKernels;

/** Launches {@code nll.cl}. */
final class OpenClNll implements NllKernels {

    private final OpenClRuntime runtime;

    OpenClNll(OpenClRuntime runtime) {
        this.runtime = runtime;
    }

    @Override
    public void forward(
            ClassificationGeometry g, Buffer logProbabilities, IndexBuffer labels, Buffer loss, Buffer saved) {
        OpenClClassification.reduceLosses(
                runtime,
                "nll",
                g,
                labels,
                loss,
                saved,
                0,
                losses -> OpenClClassification.kernel(runtime, "nll", "examples", g)
                        .struct(OpenClClassification.Classification.of(g))
                        .buffers(logProbabilities)
                        .indices(labels)
                        .buffers(losses)
                        .runItems(g.examples()));
    }

    @Override
    public void gradient(ClassificationGeometry g, IndexBuffer labels, Buffer saved, Buffer dy, Buffer dx) {
        int n = g.examples() * g.axis().size();
        OpenClClassification.kernel(runtime, "nll", "gradient", g)
                .ints(n)
                .struct(OpenClClassification.Classification.of(g))
                .indices(labels)
                .buffers(saved, dy, dx)
                .runItems(n);
    }
}
