package dev.striate.op;

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
        Tensor y = Tensor.allocate(x.device(), x.shape());
        x.device().backend().kernels().softmax().softmax(g, x.buffer(), y.buffer());
        return Recorder.of("softmax", y)
                .input(
                        x,
                        (dy, saved) -> {
                            Tensor dx = Tensor.allocate(dy.device(), dy.shape());
                            dy.device()
                                    .backend()
                                    .kernels()
                                    .softmax()
                                    .softmaxGradient(g, saved.get(0).buffer(), dy.buffer(), dx.buffer());
                            return dx;
                        },
                        y)
                .record();
    }

    /** {@code y = x - log(sum(e^x))}; {@code dx = dy - e^y sum(dy)}. */
    public static Tensor logSoftmax(Tensor x, int axis) {
        AxisGeometry g = geometry("logSoftmax", x.shape(), axis);
        Tensor y = Tensor.allocate(x.device(), x.shape());
        x.device().backend().kernels().softmax().logSoftmax(g, x.buffer(), y.buffer());
        return Recorder.of("logSoftmax", y)
                .input(
                        x,
                        (dy, saved) -> {
                            Tensor dx = Tensor.allocate(dy.device(), dy.shape());
                            dy.device()
                                    .backend()
                                    .kernels()
                                    .softmax()
                                    .logSoftmaxGradient(g, saved.get(0).buffer(), dy.buffer(), dx.buffer());
                            return dx;
                        },
                        y)
                .record();
    }

    /** A view of a tensor along one of its axes. */
    static AxisGeometry geometry(String operation, Shape x, int axis) {
        int along = x.axis(operation, axis);
        int inner = x.strides()[along];
        return new AxisGeometry(x.elements() / inner / x.size(along), x.size(along), inner);
    }
}
