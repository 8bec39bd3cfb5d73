package dev.striate.backend.reference;

import dev.striate.backend.Buffer;
import dev.striate.backend.UnaryFunction;
import dev.striate.backend.UnaryKernels;
import org.jspecify.annotations.Nullable;

/** Functions of one element, by the formulas in {@link UnaryFunction}. */
final class ReferenceUnary implements UnaryKernels {

    @Override
    public void forward(UnaryFunction f, int n, Buffer x, Buffer y) {
        ReferenceBuffer from = ReferenceBuffer.of(x);
        ReferenceBuffer to = ReferenceBuffer.of(y);
        for (int i = 0; i < n; i++) {
            to.set(i, f.value(from.get(i)));
        }
    }

    @Override
    public void gradient(UnaryFunction f, int n, @Nullable Buffer saved, Buffer dy, Buffer dx) {
        ReferenceBuffer from = ReferenceBuffer.of(dy);
        ReferenceBuffer to = ReferenceBuffer.of(dx);
        for (int i = 0; i < n; i++) {
            double argument =
                    saved == null ? Double.NaN : ReferenceBuffer.of(saved).get(i);
            to.set(i, f.derivative(argument) * from.get(i));
        }
    }
}
