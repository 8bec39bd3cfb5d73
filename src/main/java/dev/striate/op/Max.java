package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.allocateIntegers;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.kernels;

import dev.striate.IntTensor;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;

/** The maximum over axes. If there is a NaN, the result is NaN. The gradient goes to the first maximum. */
public final class Max {

    private Max() {}

    /**
     * @param axes the axes to reduce; all of them if empty
     * @throws ShapeException if there is nothing to reduce to an element
     */
    public static Tensor apply(Tensor x, int[] axes, boolean keepAxes) {
        Shape shape = x.shape();
        ReduceLoops loops = ReduceLoops.of("max", shape, axes, keepAxes).requireChoice("max", shape);
        Tensor y = allocate(x.device(), loops.output());
        IntTensor indices =
                allocateIntegers(x.device(), loops.output(), 0, loops.reduced().turns() - 1);
        kernels(x).reduce().max(loops.kept(), loops.reduced(), false, buffer(x), buffer(y), buffer(indices));
        Recorder.of("max", y)
                .input(x, (dy, saved) -> gradient(loops, dy, saved.integers(0), shape), new IntTensor[] {indices})
                .record();
        indices.close();
        return y;
    }

    private static Tensor gradient(ReduceLoops loops, Tensor dy, IntTensor indices, Shape shape) {
        Tensor dx = allocate(dy.device(), shape);
        kernels(dy).reduce().maxGradient(loops.kept(), loops.reduced(), buffer(dy), buffer(indices), buffer(dx));
        return dx;
    }
}
