package dev.striate.op;

import static dev.striate.TensorAssertions.assertTensor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.striate.Device;
import dev.striate.IntTensor;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.TopK;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Selected elements, with the examples of PyTorch's documentation and gradients worked out by hand. */
class GatherTest {

    private static final float NAN = Float.NaN;
    private static final float INF = Float.POSITIVE_INFINITY;

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /** {@code torch.gather(torch.tensor([[1, 2], [3, 4]]), 1, torch.tensor([[0, 0], [1, 0]]))}. */
    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void elementsAreGathered(Device device) {
        Tensor x = Tensor.of(device, new float[][] {{1, 2}, {3, 4}}).requiresGrad(true);
        IntTensor indices = IntTensor.of(device, Shape.of(2, 2), 0, 0, 1, 0);
        Tensor y = x.gather(1, indices);
        assertTensor(y, Shape.of(2, 2), 1, 1, 4, 3);
        y.backward(Tensor.of(device, Shape.of(2, 2), 1, 2, 3, 5));
        assertTensor(x.grad(), Shape.of(2, 2), 3, 0, 5, 3);
        assertTensor(x.gather(0, indices), Shape.of(2, 2), 1, 2, 3, 2);
    }

    /** {@code torch.gather} ignores the elements of x beyond the size of the indices along other axes. */
    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void indicesMayBeSmallerAlongOtherAxes(Device device) {
        Tensor x = Tensor.of(device, new float[][] {{1, 2, 3}, {4, 5, 6}}).requiresGrad(true);
        Tensor y = x.gather(0, IntTensor.of(device, Shape.of(3, 2), 0, 1, 1, 1, 1, 0));
        assertTensor(y, Shape.of(3, 2), 1, 5, 4, 5, 4, 2);
        y.backward(Tensor.of(device, Shape.of(3, 2), 1, 2, 3, 4, 5, 6));
        assertTensor(x.grad(), Shape.of(2, 3), 1, 6, 0, 8, 6, 0);
    }

    /** Bounds of indices that a device computed need not be reached. */
    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void computedIndicesMaySelectFromAShorterAxis(Device device) {
        Tensor rows = Tensor.of(device, new float[][] {{0, 9, 0, 0}, {7, 0, 0, 0}});
        IntTensor best = rows.argmax(1);
        assertEquals(3, best.greatest());
        assertTensor(Tensor.of(device, 5, 6).indexSelect(0, best), Shape.of(2), 6, 5);
    }

    /** {@code torch.index_select(x, 0, torch.tensor([2, 0, 2]))}. */
    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void slicesAreSelected(Device device) {
        Tensor x = Tensor.of(device, new float[][] {{1, 2}, {3, 4}, {5, 6}}).requiresGrad(true);
        Tensor y = x.indexSelect(0, IntTensor.of(device, 2, 0, 2));
        assertTensor(y, Shape.of(3, 2), 5, 6, 1, 2, 5, 6);
        y.backward(Tensor.of(device, Shape.of(3, 2), 1, 2, 3, 4, 5, 6));
        assertTensor(x.grad(), Shape.of(3, 2), 3, 4, 0, 0, 6, 8);
        assertTensor(x.indexSelect(-1, IntTensor.of(device, 1)), Shape.of(3, 1), 2, 4, 6);
    }

    /** {@code torch.nn.functional.one_hot(torch.arange(0, 6).view(3, 2) % 3)}. */
    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void labelsBecomeRows(Device device) {
        IntTensor labels = IntTensor.of(device, Shape.of(3, 2), 0, 1, 2, 0, 1, 2);
        assertTensor(labels.oneHot(3), Shape.of(3, 2, 3), 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1);
        assertTensor(IntTensor.of(device, Shape.SCALAR, 1).oneHot(4), Shape.of(4), 0, 1, 0, 0);
    }

    /** {@code torch.topk(x, k, dim)}, where NaN is the largest value. */
    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void theLargestComeFirst(Device device) {
        TopK top = Tensor.arange(device, 1, 6, 1).topk(3, 0);
        assertTensor(top.values(), Shape.of(3), 5, 4, 3);
        assertEquals(Shape.of(3), top.indices().shape());
        assertArrayEquals(new int[] {4, 3, 2}, top.indices().toIntArray());

        TopK special = Tensor.of(device, -INF, NAN, 2, INF, -1, NAN, 2).topk(7, 0);
        assertTensor(special.values(), Shape.of(7), NAN, NAN, INF, 2, 2, -1, -INF);
        assertArrayEquals(new int[] {1, 5, 3, 2, 6, 4, 0}, special.indices().toIntArray());

        Tensor x = Tensor.of(device, new float[][] {{1, 5}, {3, 2}, {2, 5}}).requiresGrad(true);
        TopK columns = x.topk(2, 0);
        assertTensor(columns.values(), Shape.of(2, 2), 3, 5, 2, 5);
        assertArrayEquals(new int[] {1, 0, 2, 2}, columns.indices().toIntArray());
        columns.values().backward(Tensor.of(device, Shape.of(2, 2), 10, 20, 30, 40));
        assertTensor(x.grad(), Shape.of(3, 2), 0, 20, 10, 0, 30, 40);
    }
}
