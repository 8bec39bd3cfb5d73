package dev.striate.backend.opencl;

import dev.striate.backend.Buffer;
import dev.striate.backend.CopyKernels;
import dev.striate.backend.StridedLoop;

/** Launches {@code copy.cl}. */
final class OpenClCopy implements CopyKernels {

    private final OpenClRuntime runtime;

    OpenClCopy(OpenClRuntime runtime) {
        this.runtime = runtime;
    }

    @Override
    public void fill(float value, Buffer target) {
        int n = target.length();
        runtime.kernel("copy", "fill").ints(n).floats(value).buffers(target).runVectors(n);
    }

    @Override
    public void copy(StridedLoop loop, int sourceOffset, Buffer source, int targetOffset, Buffer target) {
        int n = loop.turns();
        runtime.kernel("copy", "copy", OpenClTables.macros(loop).toArray(String[]::new))
                .ints(n)
                .nest(loop)
                .ints(sourceOffset, targetOffset)
                .buffers(source, target)
                .runItems(n);
    }
}
