package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.kernels;

import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import dev.striate.backend.AxisGeometry;

/** Softmax and its logarithm along an axis, computed relative to the maximum so that nothing overflows. */
public final class Softmax {

    private Softmax() {}

    /** {@code y = e^x / sum(e^x)}; {@code dx = y (dy - sum(dy y))}. */
    public static Tensor softmax(Tensor x, int axis) {
        AxisGeometry g = geometry("softmax", x.shape(), axis);
        Tensor y = allocate(x.device(), x.shape());
        kernels(x).softmax().softmax(g, buffer(x), buffer(y));
        return Recorder.of("softmax", y)
                .input(
                        x,
                        (dy, saved) -> {
                            Tensor dx = allocate(dy.device(), dy.shape());
                            kernels(dy).softmax().softmaxGradient(g, buffer(saved.get(0)), buffer(dy), buffer(dx));
                            return dx;
                        },
                        y)
                .record();
    }

    /** {@code y = x - log(sum(e^x))}; {@code dx = dy - e^y sum(dy)}. */
    public static Tensor logSoftmax(Tensor x, int axis) {
        AxisGeometry g = geometry("logSoftmax", x.shape(), axis);
        Tensor y = allocate(x.device(), x.shape());
        kernels(x).softmax().logSoftmax(g, buffer(x), buffer(y));
        return Recorder.of("logSoftmax", y)
                .input(
                        x,
                        (dy, saved) -> {
                            Tensor dx = allocate(dy.device(), dy.shape());
                            kernels(dy).softmax().logSoftmaxGradient(g, buffer(saved.get(0)), buffer(dy), buffer(dx));
                            return dx;
                        },
                        y)
                .record();
    }

    /** A view of a tensor along one of its axes. */
    static AxisGeometry geometry(String operation, Shape x, int axis) {
        int along = x.axis(operation, axis);
        int outer = 1;
        for (int i = 0; i < along; i++) {
            outer *= x.size(i);
        }
        return new AxisGeometry(outer, x.size(along), x.strides()[along]);
    }
}
