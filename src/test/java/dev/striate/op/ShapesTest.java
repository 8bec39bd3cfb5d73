package dev.striate.op;

import static dev.striate.TensorAssertions.assertTensor;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.striate.Device;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.Tensor;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Shapes and values of operations that move elements, worked out by hand. */
class ShapesTest {

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /** {@code list(range(5))[3:0:-2]} and so on, in Python. */
    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void slicesGoBackward(Device device) {
        Tensor x = Tensor.arange(device, 0, 5, 1);
        assertTensor(x.slice(0, 3, 0, -2), Shape.of(2), 3, 1);
        assertTensor(x.slice(0, -1, -6, -1), Shape.of(5), 4, 3, 2, 1, 0);
        assertTensor(x.slice(0, 4, -6, -2), Shape.of(3), 4, 2, 0);
        assertTensor(x.slice(0, -2, -4, -1), Shape.of(2), 3, 2);
        assertTensor(x.slice(0, 0, -6, -3), Shape.of(1), 0);
        Tensor rows = Tensor.of(device, new float[][] {{1, 2, 3}, {4, 5, 6}}).requiresGrad(true);
        Tensor y = rows.slice(1, 2, -4, -2);
        assertTensor(y, Shape.of(2, 2), 3, 1, 6, 4);
        y.backward(Tensor.of(device, Shape.of(2, 2), 10, 20, 30, 40));
        assertTensor(rows.grad(), Shape.of(2, 3), 20, 0, 10, 40, 0, 30);
    }

    /** {@code torch.arange(8).view(2, 2, 2).flip(0, 1)}, from PyTorch's documentation. */
    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void flipReverses(Device device) {
        Tensor x = Tensor.arange(device, 0, 8, 1).reshape(2, 2, 2);
        assertTensor(x.flip(0, 1), Shape.of(2, 2, 2), 6, 7, 4, 5, 2, 3, 0, 1);
        assertTensor(x.flip(-1), Shape.of(2, 2, 2), 1, 0, 3, 2, 5, 4, 7, 6);
        assertTensor(x.flip(), Shape.of(2, 2, 2), x.toFloatArray());
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void partsAreStackedAlongANewAxis(Device device) {
        Tensor a = Tensor.of(device, 1, 2, 3);
        Tensor b = Tensor.of(device, 4, 5, 6);
        assertTensor(Tensor.stack(0, a, b), Shape.of(2, 3), 1, 2, 3, 4, 5, 6);
        assertTensor(Tensor.stack(1, a, b), Shape.of(3, 2), 1, 4, 2, 5, 3, 6);
        assertTensor(Tensor.stack(-1, a, b), Shape.of(3, 2), 1, 4, 2, 5, 3, 6);
        assertTensor(Tensor.stack(-2, a, b), Shape.of(2, 3), 1, 2, 3, 4, 5, 6);
    }

    /** {@code torch.arange(10).reshape(5, 2).split(2)} and {@code .split([1, 4])}, from PyTorch's documentation. */
    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void partsAreSplitOff(Device device) {
        Tensor x = Tensor.arange(device, 0, 10, 1).reshape(5, 2).requiresGrad(true);
        List<Tensor> equal = x.split(0, 2);
        assertEquals(3, equal.size());
        assertTensor(equal.get(0), Shape.of(2, 2), 0, 1, 2, 3);
        assertTensor(equal.get(1), Shape.of(2, 2), 4, 5, 6, 7);
        assertTensor(equal.get(2), Shape.of(1, 2), 8, 9);
        List<Tensor> given = x.split(0, new int[] {1, 4});
        assertEquals(2, given.size());
        assertTensor(given.get(0), Shape.of(1, 2), 0, 1);
        assertTensor(given.get(1), Shape.of(4, 2), 2, 3, 4, 5, 6, 7, 8, 9);
        assertEquals(1, x.split(0, Integer.MAX_VALUE).size());
        equal.get(2).mul(3).add(equal.get(0).sum()).sum().backward();
        assertTensor(x.grad(), Shape.of(5, 2), 2, 2, 2, 2, 0, 0, 0, 0, 3, 3);
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void axesOfSizeOneComeAndGo(Device device) {
        Tensor x = Tensor.ones(device, 2, 1, 2, 1, 2);
        assertEquals(Shape.of(2, 2, 2), x.squeeze().shape());
        assertEquals(Shape.of(2, 2, 1, 2), x.squeeze(1).shape());
        assertEquals(Shape.of(2, 1, 2, 1, 2), x.squeeze(0).shape());
        assertEquals(Shape.of(2, 2, 2), x.squeeze(1, -2, 0).shape());
        assertEquals(Shape.SCALAR, Tensor.ones(device, 1, 1).squeeze().shape());
        Tensor row = Tensor.of(device, 1, 2, 3, 4);
        assertEquals(Shape.of(1, 4), row.unsqueeze(0).shape());
        assertEquals(Shape.of(4, 1), row.unsqueeze(1).shape());
        assertEquals(Shape.of(4, 1), row.unsqueeze(-1).shape());
        assertEquals(Shape.of(1), Tensor.scalar(device, 1).unsqueeze(0).shape());
        row.assign(5, 6, 7, 8);
        assertTensor(row.unsqueeze(0).squeeze(), Shape.of(4), 5, 6, 7, 8);
    }
}
