package dev.striate.backend.opencl;

import dev.striate.backend.Buffer;
import dev.striate.backend.DropoutKernels;

/** Launches {@code dropout.cl}. */
final class OpenClDropout implements DropoutKernels {

    private final OpenClRuntime runtime;

    OpenClDropout(OpenClRuntime runtime) {
        this.runtime = runtime;
    }

    @Override
    public void apply(int n, long threshold, float scale, long seed, long stream, Buffer x, Buffer y) {
        runtime.kernel("dropout", "apply")
                .ints(n)
                .unsignedLong(threshold)
                .floats(scale)
                .unsignedLong(seed)
                .unsignedLong(stream)
                .buffers(x, y)
                .runItems(OpenClTuning.ceilDiv(n, 4));
    }
}
