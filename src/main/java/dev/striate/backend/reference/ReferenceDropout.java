package dev.striate.backend.reference;

import dev.striate.backend.Buffer;
import dev.striate.backend.DropoutKernels;
import dev.striate.backend.Philox;

/** Dropout. */
final class ReferenceDropout implements DropoutKernels {

    @Override
    public void apply(int n, long threshold, float scale, long seed, long stream, Buffer x, Buffer y) {
        ReferenceBuffer from = ReferenceBuffer.of(x);
        ReferenceBuffer to = ReferenceBuffer.of(y);
        int[] lanes = new int[4];
        for (int i = 0; i < n; i++) {
            Philox.block(seed, stream, i / 4, lanes);
            boolean kept = Integer.toUnsignedLong(lanes[i % 4]) >= threshold;
            to.set(i, kept ? from.get(i) * scale : 0);
        }
    }
}
