package dev.striate.backend.opencl;

import dev.striate.backend.Buffer;
import dev.striate.backend.UnaryFunction;
import dev.striate.backend.UnaryKernels;
import org.jspecify.annotations.Nullable;

/** Launches {@code unary.cl}, which states how exact each function is. */
final class OpenClUnary implements UnaryKernels {

    private final OpenClRuntime runtime;

    OpenClUnary(OpenClRuntime runtime) {
        this.runtime = runtime;
    }

    @Override
    public void forward(UnaryFunction f, int n, Buffer x, Buffer y) {
        runtime.kernel("unary", "forward", "F_" + f.kind())
                .ints(n)
                .floats((float) f.a(), (float) f.b())
                .buffers(x, y)
                .runVectors(n);
    }

    @Override
    public void gradient(UnaryFunction f, int n, @Nullable Buffer saved, Buffer dy, Buffer dx) {
        runtime.kernel("unary", "gradient", "F_" + f.kind())
                .ints(n)
                .floats((float) f.a(), (float) f.b())
                .buffers(saved == null ? dy : saved, dy, dx)
                .runVectors(n);
    }
}
