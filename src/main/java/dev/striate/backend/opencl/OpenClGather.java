package dev.striate.backend.opencl;

import static dev.striate.backend.opencl.OpenClTuning.ceilDiv;

import dev.striate.backend.AxisGeometry;
import dev.striate.backend.Buffer;
import dev.striate.backend.GatherGeometry;
import dev.striate.backend.GatherKernels;
import dev.striate.backend.IndexBuffer;

/** Launches {@code gather.cl}. */
final class OpenClGather implements GatherKernels {

    /** Work-items that keep a GPU busy. Fewer lines than that are cut, and each part reads all indices of its line. */
    private static final int MANY_PARTS = 16_384;

    private final OpenClRuntime runtime;

    OpenClGather(OpenClRuntime runtime) {
        this.runtime = runtime;
    }

    @Override
    public void forward(GatherGeometry g, Buffer x, IndexBuffer indices, Buffer y) {
        int n = g.axis().outer() * g.count() * g.axis().inner();
        kernel("forward", g)
                .ints(n)
                .struct(g.axis())
                .ints(g.count())
                .buffers(x)
                .indices(indices)
                .buffers(y)
                .runItems(n);
    }

    @Override
    public void gradient(GatherGeometry g, Buffer dy, IndexBuffer indices, Buffer dx) {
        AxisGeometry axis = g.axis();
        int lines = axis.outer() * axis.inner();
        int chunk = ceilDiv(axis.size(), Math.min(axis.size(), ceilDiv(MANY_PARTS, lines)));
        int parts = lines * ceilDiv(axis.size(), chunk);
        kernel("gradient", g)
                .ints(parts)
                .struct(axis)
                .ints(g.count(), chunk)
                .buffers(dy)
                .indices(indices)
                .buffers(dx)
                .runItems(parts);
    }

    private OpenClLaunch kernel(String name, GatherGeometry g) {
        return runtime.kernel("gather", name, g.shared() ? "SHARED" : "OWN");
    }
}
