package dev.striate.backend.opencl;

import dev.striate.LossReduction;
import dev.striate.backend.Buffer;
import dev.striate.backend.ClassificationGeometry;
import dev.striate.backend.CrossEntropyKernels;
import dev.striate.backend.IndexBuffer;
import org.jspecify.annotations.Nullable;

/** Launches {@code cross_entropy.cl}. */
final class OpenClCrossEntropy implements CrossEntropyKernels {

    /** Logits up to which one team is done before others could be launched after it: so many, */
    private static final int FEW_LOGITS = 1 << 11;

    /** or so many per work-item of the team. */
    private static final int FEW_LOGITS_PER_ITEM = 128;

    private final OpenClRuntime runtime;

    OpenClCrossEntropy(OpenClRuntime runtime) {
        this.runtime = runtime;
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
        String predicts = predicted == null ? "NO_PREDICTIONS" : "PREDICTIONS";
        IndexBuffer classes = predicted == null ? labels : predicted;
        long elements = (long) g.examples() * g.axis().size();
        int few = Math.max(FEW_LOGITS, FEW_LOGITS_PER_ITEM * OpenClClassification.team(runtime));
        if (g.reduction() != LossReduction.NONE && elements <= few) {
            kernel("whole", g, predicts, dlogits == null ? "NO_GRADIENT" : "GRADIENT")
                    .buffers(logits)
                    .indices(labels)
                    .buffers(loss, saved)
                    .indices(classes)
                    .buffers(dlogits == null ? saved : dlogits)
                    .runTeams(1, OpenClClassification.team(runtime));
            return;
        }
        OpenClClassification.reduceLosses(
                runtime,
                "cross_entropy",
                g,
                labels,
                loss,
                saved,
                2 * g.examples(),
                losses -> kernel("examples", g, predicts, "NO_GRADIENT")
                        .buffers(logits)
                        .indices(labels)
                        .buffers(losses, saved)
                        .indices(classes)
                        .runItems(g.examples()));
        if (dlogits != null) {
            gradient(g, "UNIT_UPSTREAM", logits, labels, saved, saved, dlogits);
        }
    }

    @Override
    public void gradient(
            ClassificationGeometry g, Buffer logits, IndexBuffer labels, Buffer saved, Buffer dy, Buffer dlogits) {
        gradient(g, "ANY_UPSTREAM", logits, labels, saved, dy, dlogits);
    }

    private void gradient(
            ClassificationGeometry g,
            String upstream,
            Buffer logits,
            IndexBuffer labels,
            Buffer saved,
            Buffer dy,
            Buffer dlogits) {
        kernel("gradient", g, upstream)
                .buffers(logits)
                .indices(labels)
                .buffers(saved, dy, dlogits)
                .runItems(g.examples());
    }

    private OpenClLaunch kernel(String name, ClassificationGeometry g, String... macros) {
        return OpenClClassification.kernel(runtime, "cross_entropy", name, g, macros)
                .struct(OpenClClassification.Classification.of(g))
                .floats(g.labelSmoothing());
    }
}
