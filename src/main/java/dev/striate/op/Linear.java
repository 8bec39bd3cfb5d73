package dev.striate.op;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import dev.striate.autograd.Targets;
import dev.striate.backend.LinearGeometry;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * {@code y = x w^T + bias}: maps {@code (..., in)} to {@code (..., out)} with a weight {@code (out, in)} and an
 * optional bias {@code (out)}. {@code dx = dy w}, {@code dw = dy^T x}, {@code dbias = sum(dy)} over the rows.
 */
public final class Linear {

    private Linear() {}

    /** @throws ShapeException if the shapes do not fit */
    public static Tensor apply(Tensor x, Tensor weight, @Nullable Tensor bias) {
        return apply(x, weight, bias, false);
    }

    /** Computes {@link #apply} followed by ReLU, in one kernel if the device has one; errors as for {@link #apply}. */
    public static Tensor withRelu(Tensor x, Tensor weight, @Nullable Tensor bias) {
        return apply(x, weight, bias, true);
    }

    private static Tensor apply(Tensor x, Tensor weight, @Nullable Tensor bias, boolean relu) {
        x.requireDevice("linear", weight);
        x.requireDevice("linear", bias);
        Shape shape = outputShape(x.shape(), weight.shape());
        int out = weight.size(0);
        if (bias != null && !bias.shape().equals(Shape.of(out))) {
            throw new ShapeException("linear: expected a bias (" + out + "), got " + bias.shape());
        }
        if (shape.rank() == 2) {
            return rows(x, weight, bias, relu);
        }
        try (Tensor flat = x.reshape(-1, x.size(-1));
                Tensor rows = rows(flat, weight, bias, relu)) {
            return rows.reshape(shape.toArray());
        }
    }

    /** Returns the shape of the output without computing it; errors as for {@link #apply}. */
    public static Shape outputShape(Shape x, Shape weight) {
        if (weight.rank() != 2 || x.rank() == 0 || x.size(-1) != weight.size(1)) {
            throw new ShapeException(
                    "linear: expected an input (..., in) and a weight (out, in), got " + x + " and " + weight);
        }
        return x.with(-1, weight.size(0));
    }

    private static Tensor rows(Tensor x, Tensor weight, @Nullable Tensor bias, boolean relu) {
        LinearGeometry g = new LinearGeometry(x.size(0), x.size(1), weight.size(0));
        Tensor y = Tensor.allocate(x.device(), Shape.of(g.rows(), g.out()));
        x.device()
                .backend()
                .kernels()
                .linear()
                .forward(g, x.buffer(), weight.buffer(), Tensor.bufferOf(bias), relu, y.buffer());
        Recorder recorder = Recorder.of("linear", y);
        if (x.requiresGrad() && weight.requiresGrad()) {
            List<Tensor> inputs = bias == null ? List.of(x, weight) : List.of(x, weight, bias);
            recorder.inputs(
                    inputs, (dy, saved, targets) -> gradients(g, saved.get(0), dy, saved.get(1), targets), x, weight);
        } else if (weight.requiresGrad()) {
            List<Tensor> parameters = bias == null ? List.of(weight) : List.of(weight, bias);
            recorder.inputs(parameters, (dy, saved, targets) -> weightGradient(g, saved.get(0), dy, targets), x);
        } else {
            recorder.inputs(List.of(x), (dy, saved, targets) -> inputGradient(g, dy, saved.get(0), targets), weight)
                    .input(bias, (dy, saved) -> dy.sum(0));
        }
        recorder.record();
        return relu ? Unary.recordRelu(y, y) : y;
    }

    private static @Nullable Tensor[] gradients(LinearGeometry g, Tensor x, Tensor dy, Tensor weight, Targets targets) {
        Tensor dx = Objects.requireNonNull(targets.allocate(0));
        Tensor dw = Objects.requireNonNull(targets.allocate(1));
        Tensor dbias = targets.allocate(2);
        dy.device()
                .backend()
                .kernels()
                .linear()
                .gradients(
                        g,
                        x.buffer(),
                        dy.buffer(),
                        weight.buffer(),
                        Tensor.bufferOf(targets.gate(0)),
                        dx.buffer(),
                        dw.buffer(),
                        Tensor.bufferOf(dbias));
        return new Tensor[] {dx, dw, dbias};
    }

    private static @Nullable Tensor[] inputGradient(LinearGeometry g, Tensor dy, Tensor weight, Targets targets) {
        Tensor dx = Objects.requireNonNull(targets.allocate(0));
        dy.device()
                .backend()
                .kernels()
                .linear()
                .inputGradient(g, dy.buffer(), weight.buffer(), Tensor.bufferOf(targets.gate(0)), dx.buffer());
        return new Tensor[] {dx};
    }

    /** The gradients of the weight and, if wanted, of the bias, in one rule because both read all of dy. */
    private static @Nullable Tensor[] weightGradient(LinearGeometry g, Tensor x, Tensor dy, Targets targets) {
        Tensor dw = Objects.requireNonNull(targets.allocate(0));
        Tensor dbias = targets.allocate(1);
        dy.device()
                .backend()
                .kernels()
                .linear()
                .weightGradient(g, x.buffer(), dy.buffer(), dw.buffer(), Tensor.bufferOf(dbias));
        return new Tensor[] {dw, dbias};
    }
}
