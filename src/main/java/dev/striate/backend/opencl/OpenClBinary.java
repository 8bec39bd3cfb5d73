package dev.striate.backend.opencl;

import dev.striate.backend.BinaryFunction;
import dev.striate.backend.BinaryKernels;
import dev.striate.backend.Buffer;
import dev.striate.backend.StridedLoop;
import java.util.ArrayList;
import java.util.List;

/** Launches {@code binary.cl}. */
final class OpenClBinary implements BinaryKernels {

    private final OpenClRuntime runtime;

    OpenClBinary(OpenClRuntime runtime) {
        this.runtime = runtime;
    }

    @Override
    public void forward(BinaryFunction f, StridedLoop loop, Buffer a, Buffer b, Buffer y) {
        int n = loop.turns();
        List<String> macros = new ArrayList<>(List.of("F_" + f));
        if (isPlain(loop, 0) && isPlain(loop, 1)) {
            if (loop.isConstant(0)) {
                macros.add("A_CONSTANT");
            }
            if (loop.isConstant(1)) {
                macros.add("B_CONSTANT");
            }
            runtime.kernel("binary", "dense", macros.toArray(String[]::new))
                    .ints(n)
                    .buffers(a, b, y)
                    .runVectors(n);
            return;
        }
        macros.addAll(OpenClTables.macros(loop));
        runtime.kernel("binary", "strided", macros.toArray(String[]::new))
                .ints(n)
                .nest(loop)
                .buffers(a, b, y)
                .runItems(n);
    }

    private static boolean isPlain(StridedLoop loop, int operand) {
        return loop.isDense(operand) || loop.isConstant(operand);
    }

    @Override
    public void where(int n, Buffer condition, Buffer a, Buffer b, Buffer y) {
        runtime.kernel("binary", "where").ints(n).buffers(condition, a, b, y).runVectors(n);
    }

    @Override
    public void accumulate(int n, float alpha, Buffer x, Buffer into) {
        runtime.kernel("binary", "accumulate")
                .ints(n)
                .floats(alpha)
                .buffers(x, into)
                .runVectors(n);
    }
}
