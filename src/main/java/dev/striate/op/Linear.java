package dev.striate.op;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import dev.striate.backend.MatmulGeometry;
import dev.striate.backend.StridedLoop;
import org.jspecify.annotations.Nullable;

/**
 * {@code y = x w^T + bias}: {@code (..., in)} with a weight {@code (out, in)} and an optional bias {@code (out)} to
 * {@code (..., out)}. {@code dx = dy w}, {@code dw = dy^T x}, {@code dbias = sum(dy)} over the rows.
 */
public final class Linear {

    private Linear() {}

    /** @throws ShapeException if the shapes do not fit */
    public static Tensor apply(Tensor x, Tensor weight, @Nullable Tensor bias) {
        x.requireDevice("linear", weight);
        x.requireDevice("linear", bias);
        Shape shape = outputShape(x.shape(), weight.shape());
        int out = weight.size(0);
        if (bias != null && !bias.shape().equals(Shape.of(out))) {
            throw new ShapeException("linear: expected a bias (" + out + "), got " + bias.shape());
        }
        if (shape.rank() == 2) {
            return rows(x, weight, bias);
        }
        return rows(x.reshape(-1, x.size(-1)), weight, bias).reshape(shape.toArray());
    }

    /** The output's shape for an input and a weight, without computing; errors as in {@link #apply}. */
    public static Shape outputShape(Shape x, Shape weight) {
        if (weight.rank() != 2 || x.rank() == 0 || x.size(-1) != weight.size(1)) {
            throw new ShapeException("linear: expected an input (..., in) and a weight (out, in), got " + x + " and " + weight);
        }
        return x.with(-1, weight.size(0));
    }

    private static Tensor rows(Tensor x, Tensor weight, @Nullable Tensor bias) {
        int out = weight.size(0);
        StridedLoop once = StridedLoop.of(new int[0], new int[0], new int[0]);
        MatmulGeometry g = new MatmulGeometry(once, x.size(0), out, x.size(1), false, true);
        Tensor y = Tensor.allocate(x.device(), Shape.of(x.size(0), out));
        x.device().backend().matmul().forward(g, x.buffer(), weight.buffer(), Tensor.bufferOf(bias), y.buffer());
        return Recorder.of("linear", y)
                .input(x, (dy, saved) -> dy.matmul(saved.get(0)), weight)
                .input(weight, (dy, saved) -> dy.matmul(saved.get(0), true, false), x)
                .input(bias, (dy, saved) -> dy.sum(0))
                .record();
    }
}
