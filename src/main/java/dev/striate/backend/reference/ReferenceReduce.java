package dev.striate.backend.reference;

import dev.striate.backend.Buffer;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.ReduceKernels;
import dev.striate.backend.StridedLoop;
import org.jspecify.annotations.Nullable;

/** Sums and maxima. */
final class ReferenceReduce implements ReduceKernels {

    @Override
    public void sum(StridedLoop kept, StridedLoop reduced, double scale, Buffer x, Buffer y) {
        ReferenceBuffer from = ReferenceBuffer.of(x);
        ReferenceBuffer to = ReferenceBuffer.of(y);
        for (int i = 0; i < kept.turns(); i++) {
            double sum = 0;
            for (int turn = 0; turn < reduced.turns(); turn++) {
                sum += from.get(kept.position(0, i) + reduced.position(0, turn));
            }
            to.set(i, scale * sum);
        }
    }

    @Override
    public void max(
            StridedLoop kept, StridedLoop reduced, boolean last, Buffer x, @Nullable Buffer y, IndexBuffer indices) {
        ReferenceBuffer from = ReferenceBuffer.of(x);
        ReferenceIndexBuffer places = ReferenceIndexBuffer.of(indices);
        for (int i = 0; i < kept.turns(); i++) {
            int place = 0;
            double best = from.get(kept.position(0, i));
            for (int turn = 1; turn < reduced.turns(); turn++) {
                double value = from.get(kept.position(0, i) + reduced.position(0, turn));
                if (last ? !beats(best, value) : beats(value, best)) {
                    best = value;
                    place = turn;
                }
            }
            places.set(i, place);
            if (y != null) {
                ReferenceBuffer.of(y).set(i, best);
            }
        }
    }

    /** Whether a later value takes the place of the best so far: if it is larger, or the first NaN. */
    static boolean beats(double value, double best) {
        return value > best || (Double.isNaN(value) && !Double.isNaN(best));
    }

    @Override
    public void maxGradient(StridedLoop kept, StridedLoop reduced, Buffer dy, IndexBuffer indices, Buffer dx) {
        ReferenceBuffer from = ReferenceBuffer.of(dy);
        ReferenceBuffer to = ReferenceBuffer.of(dx);
        ReferenceIndexBuffer places = ReferenceIndexBuffer.of(indices);
        to.fill(0);
        for (int i = 0; i < kept.turns(); i++) {
            to.set(kept.position(0, i) + reduced.position(0, places.get(i)), from.get(i));
        }
    }
}
