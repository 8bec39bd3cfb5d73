package dev.striate.backend.reference;

import dev.striate.backend.Buffer;
import dev.striate.backend.GatherGeometry;
import dev.striate.backend.GatherKernels;
import dev.striate.backend.IndexBuffer;

/** Selecting elements along an axis. */
final class ReferenceGather implements GatherKernels {

    @Override
    public void forward(GatherGeometry g, Buffer x, IndexBuffer indices, Buffer y) {
        for (int i = 0; i < elements(g); i++) {
            ReferenceBuffer.of(y).set(i, ReferenceBuffer.of(x).get(source(g, indices, i)));
        }
    }

    @Override
    public void gradient(GatherGeometry g, Buffer dy, IndexBuffer indices, Buffer dx) {
        ReferenceBuffer.of(dx).fill(0);
        for (int i = 0; i < elements(g); i++) {
            ReferenceBuffer.of(dx)
                    .add(source(g, indices, i), ReferenceBuffer.of(dy).get(i));
        }
    }

    private static int elements(GatherGeometry g) {
        return g.axis().outer() * g.count() * g.axis().inner();
    }

    /** The place from which element {@code i} of the result is taken. */
    private static int source(GatherGeometry g, IndexBuffer indices, int i) {
        int inner = g.axis().inner();
        int outer = i / inner / g.count();
        int index = ReferenceIndexBuffer.of(indices).get(g.shared() ? i / inner % g.count() : i);
        return (outer * g.axis().size() + index) * inner + i % inner;
    }
}
