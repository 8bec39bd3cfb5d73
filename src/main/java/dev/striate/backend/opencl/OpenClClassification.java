package dev.striate.backend.opencl;

import dev.striate.LossReduction;
import dev.striate.backend.Buffer;
import dev.striate.backend.ClassificationGeometry;
import dev.striate.backend.IndexBuffer;
import java.util.function.Consumer;

/** What the launchers of classification losses share: {@code classification.cl}. */
final class OpenClClassification {

    private OpenClClassification() {}

    /** The components of a geometry that kernels need. */
    record Classification(int examples, int classes, int inner, int ignoreIndex) {

        static Classification of(ClassificationGeometry g) {
            return new Classification(g.examples(), g.axis().size(), g.axis().inner(), g.ignoreIndex());
        }
    }

    static OpenClLaunch kernel(
            OpenClRuntime runtime, String stem, String name, ClassificationGeometry g, String... macros) {
        return runtime.kernel(stem, name, OpenClTuning.with(macros, "REDUCTION_" + g.reduction()));
    }

    /**
     * Lets {@code examples} write each example's loss, then reduces them and counts the examples that count.
     *
     * @param countAt where in {@code saved} the count goes
     */
    static void reduceLosses(
            OpenClRuntime runtime,
            String stem,
            ClassificationGeometry g,
            IndexBuffer labels,
            Buffer loss,
            Buffer saved,
            int countAt,
            Consumer<Buffer> examples) {
        boolean reduces = g.reduction() != LossReduction.NONE;
        OpenClBuffer losses = reduces ? runtime.scratch(g.examples()) : OpenClBuffer.of(loss);
        try {
            examples.accept(losses);
            kernel(runtime, stem, "finish", g)
                    .struct(Classification.of(g))
                    .ints(countAt)
                    .buffers(losses)
                    .indices(labels)
                    .buffers(loss, saved)
                    .runTeams(1, team(runtime));
        } finally {
            if (reduces) {
                losses.release();
            }
        }
    }

    /** Work-items that go through all examples together. */
    static int team(OpenClRuntime runtime) {
        return runtime.parameters().get(OpenClParameter.REDUCE_TEAM);
    }
}
