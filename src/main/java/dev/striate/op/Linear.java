package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.bufferOrNull;
import static dev.striate.internal.Internals.kernels;
import static dev.striate.internal.Internals.requireSameDevice;

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
        requireSameDevice("linear", x, weight);
        requireSameDevice("linear", x, bias);
        Shape shape = outputShape(x.shape(), weight.shape());
        int out = weight.size(0);
        if (bias != null && !bias.shape().equals(Shape.of(out))) {
            throw new ShapeException("linear: expected a bias (" + out + "), got " + bias.shape());
        }
        if (x.size(-1) == 0) {
            // Each row is the bias.
            try (Tensor zeros = x.matmul(weight, false, true);
                    Tensor y = bias == null ? zeros : zeros.add(bias)) {
                return relu ? y.relu() : y.reshape(shape.toArray());
            }
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
        Tensor y = allocate(x.device(), Shape.of(g.rows(), g.out()));
        kernels(y).linear().forward(g, buffer(x), buffer(weight), bufferOrNull(bias), relu, buffer(y));
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
        kernels(dy)
                .linear()
                .gradients(
                        g,
                        buffer(x),
                        buffer(dy),
                        buffer(weight),
                        bufferOrNull(targets.gate(0)),
                        buffer(dx),
                        buffer(dw),
                        bufferOrNull(dbias));
        return new Tensor[] {dx, dw, dbias};
    }

    private static @Nullable Tensor[] inputGradient(LinearGeometry g, Tensor dy, Tensor weight, Targets targets) {
        Tensor dx = Objects.requireNonNull(targets.allocate(0));
        kernels(dy).linear().inputGradient(g, buffer(dy), buffer(weight), bufferOrNull(targets.gate(0)), buffer(dx));
        return new Tensor[] {dx};
    }

    /** The gradients of the weight and, if wanted, of the bias, in one rule because both read all of dy. */
    private static @Nullable Tensor[] weightGradient(LinearGeometry g, Tensor x, Tensor dy, Targets targets) {
        Tensor dw = Objects.requireNonNull(targets.allocate(0));
        Tensor dbias = targets.allocate(1);
        kernels(dy).linear().weightGradient(g, buffer(x), buffer(dy), buffer(dw), bufferOrNull(dbias));
        return new Tensor[] {dw, dbias};
    }
}
