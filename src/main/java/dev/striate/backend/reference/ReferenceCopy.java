package dev.striate.backend.reference;

import dev.striate.backend.Buffer;
import dev.striate.backend.CopyKernels;
import dev.striate.backend.StridedLoop;

/** Moving elements. */
final class ReferenceCopy implements CopyKernels {

    @Override
    public void fill(float value, Buffer target) {
        ReferenceBuffer.of(target).fill(value);
    }

    @Override
    public void copy(StridedLoop loop, int sourceOffset, Buffer source, int targetOffset, Buffer target) {
        ReferenceBuffer from = ReferenceBuffer.of(source);
        ReferenceBuffer to = ReferenceBuffer.of(target);
        for (int turn = 0; turn < loop.turns(); turn++) {
            to.set(targetOffset + loop.position(1, turn), from.get(sourceOffset + loop.position(0, turn)));
        }
    }
}
