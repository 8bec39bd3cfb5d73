package dev.striate.op;

import static dev.striate.WindowOption.padding;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Tensor;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * An operation that ends with ReLU is the operation and then ReLU, its gradients included: all cases of it rest on
 * that.
 */
class FusedReluTest {

    private final Device device = Device.reference();

    private Tensor random(int seed, int... shape) {
        return Tensor.randn(device, new Generator(seed), shape).requiresGrad(true);
    }

    /** Compares values and gradients of x, by a gradient of the output that is not all the same. */
    private void assertSame(UnaryOperator<Tensor> fused, UnaryOperator<Tensor> apart, int... shape) {
        Tensor x1 = random(1, shape);
        Tensor x2 = random(1, shape);
        Tensor y1 = fused.apply(x1);
        Tensor y2 = apart.apply(x2);
        assertArrayEquals(y2.toFloatArray(), y1.toFloatArray());
        Tensor dy = Tensor.randn(device, new Generator(9), y1.shape().toArray());
        y1.backward(dy);
        y2.backward(dy);
        assertArrayEquals(x2.grad().toFloatArray(), x1.grad().toFloatArray());
    }

    @Test
    void linear() {
        Tensor w = random(2, 4, 7);
        Tensor b = random(3, 4);
        assertSame(x -> Linear.withRelu(x, w, b), x -> x.linear(w, b).relu(), 5, 7);
    }

    @Test
    void conv2d() {
        Tensor w = random(2, 4, 3, 3, 3);
        Tensor b = random(3, 4);
        assertSame(
                x -> Conv2d.withRelu(x, w, b, padding(1)),
                x -> x.conv2d(w, b, padding(1)).relu(),
                2,
                3,
                6,
                5);
    }

    @Test
    void maxPool2d() {
        assertSame(
                x -> MaxPool2d.withRelu(x, 2, 2).output(), x -> x.maxPool2d(2).relu(), 2, 3, 6, 4);
    }
}
