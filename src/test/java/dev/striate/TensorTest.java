package dev.striate;

import static dev.striate.TensorAssertions.assertTensor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.internal.Internals;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Making tensors, reading them back, moving, changing and closing them; the operations have tests of their own. */
class TensorTest {

    private static final Device DEVICE = Device.reference();

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void whatIsMadeIsReadBack(Device device) {
        assertTensor(Tensor.zeros(device, 2, 1), Shape.of(2, 1), 0, 0);
        assertTensor(Tensor.ones(device, 2), Shape.of(2), 1, 1);
        assertTensor(Tensor.full(device, -3.5f, 1, 2), Shape.of(1, 2), -3.5f, -3.5f);
        assertTensor(Tensor.scalar(device, 7), Shape.SCALAR, 7);
        assertTensor(Tensor.of(device, 1, 2, 3), Shape.of(3), 1, 2, 3);
        assertTensor(Tensor.of(device, Shape.of(2, 2), 1, 2, 3, 4), Shape.of(2, 2), 1, 2, 3, 4);
        assertTensor(Tensor.of(device, new float[][] {{1, 2, 3}, {4, 5, 6}}), Shape.of(2, 3), 1, 2, 3, 4, 5, 6);
        assertTensor(Tensor.arange(device, 1, 2, .25f), Shape.of(4), 1, 1.25f, 1.5f, 1.75f);
        assertTensor(Tensor.arange(device, 3, 0, -2), Shape.of(2), 3, 1);
        float[] special = {Float.NaN, Float.NEGATIVE_INFINITY, -0f, Float.MIN_VALUE, Float.MAX_VALUE};
        assertTensor(Tensor.of(device, special), Shape.of(5), special);
        FloatBuffer buffer = FloatBuffer.wrap(new float[] {9, 1, 2}).position(1);
        assertTensor(Tensor.of(device, Shape.of(2), buffer), Shape.of(2), 1, 2);
        assertEquals(0, buffer.remaining());
        assertEquals(7, Tensor.full(device, 7, 1, 1).item());
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void randomTensorsAreTheGeneratorsValues(Device device) {
        assertTensor(Tensor.randn(device, new Generator(4), 2, 3), Shape.of(2, 3), new Generator(4).normal(6));
        assertTensor(
                Tensor.uniform(device, new Generator(4), -1, 2, 5), Shape.of(5), new Generator(4).uniform(5, -1, 2));
    }

    @Test
    void valuesThatDoNotFitTheShapeAreRefused() {
        ShapeException error = assertThrows(ShapeException.class, () -> Tensor.of(DEVICE, Shape.of(2, 2), 1, 2, 3));
        assertEquals("Tensor.of: shape (2, 2) has 4 elements, got 3 values", error.getMessage());
        assertThrows(ShapeException.class, () -> Tensor.of(DEVICE, new float[][] {{1, 2}, {3}}));
        assertThrows(ShapeException.class, () -> Tensor.of(DEVICE, new float[0][]));
        assertThrows(ShapeException.class, () -> Tensor.of(DEVICE, Shape.of(3), FloatBuffer.allocate(2)));
        assertThrows(ShapeException.class, () -> Tensor.arange(DEVICE, 0, 1, -1));
        assertThrows(ShapeException.class, () -> Tensor.arange(DEVICE, 0, 1, 0));
        assertThrows(ShapeException.class, () -> Tensor.arange(DEVICE, 0, Float.NaN, 1));
        assertThrows(ShapeException.class, () -> Tensor.arange(DEVICE, 0, 0.5f, -1));
        assertThrows(ShapeException.class, () -> Tensor.zeros(DEVICE, 2, -1));
    }

    @Test
    void itemReadsOneElementOnly() {
        ShapeException error =
                assertThrows(ShapeException.class, () -> Tensor.ones(DEVICE, 2).item());
        assertTrue(error.getMessage().contains("toFloatArray()"), error.getMessage());
    }

    @Test
    void errorsNameTheOperationAndTheShapes() {
        Tensor a = Tensor.ones(DEVICE, 2, 3);
        Tensor b = Tensor.ones(DEVICE, 2, 4);
        for (String[] one : new String[][] {
            {message(() -> a.add(b)), "add", "(2, 3)", "(2, 4)"},
            {message(() -> a.matmul(b)), "matmul", "(2, 3)", "(2, 4)"},
            {message(() -> a.reshape(5)), "reshape", "(2, 3)", "[5]"},
            {message(() -> a.conv2d(b, null)), "conv2d", "(N, C, H, W)", "(2, 3)"},
            {message(() -> a.assign(b)), "assign", "(2, 3)", "(2, 4)"},
            {message(() -> a.sum(2)), "axis 2", "(2, 3)"},
        }) {
            for (int i = 1; i < one.length; i++) {
                assertTrue(one[0].contains(one[i]), one[0]);
            }
        }
    }

    private static String message(Executable wrong) {
        return assertThrows(ShapeException.class, wrong).getMessage();
    }

    @Test
    void bothSidesAreOnOneDevice() {
        Tensor here = Tensor.ones(DEVICE, 2);
        Tensor there = Tensor.ones(Device.cpu(), 2);
        DeviceException error = assertThrows(DeviceException.class, () -> here.add(there));
        assertTrue(
                error.getMessage().contains("add: one tensor is on reference, the other on cpu"), error.getMessage());
        assertThrows(DeviceException.class, () -> here.assign(there));
        assertThrows(DeviceException.class, () -> here.requiresGrad(true).mul(2).backward(there));
    }

    @Test
    void tensorsMoveBetweenDevicesAndTheirGradientsComeBack() {
        Tensor x = Tensor.of(DEVICE, Shape.of(1, 2), 3, 4).requiresGrad(true);
        assertSame(x, x.to(DEVICE));
        Tensor moved = x.to(Device.cpu());
        assertSame(Device.cpu(), moved.device());
        assertTensor(moved, Shape.of(1, 2), 3, 4);
        moved.mul(moved).sum().backward();
        assertSame(DEVICE, x.grad().device());
        assertArrayEquals(new float[] {6, 8}, x.grad().toFloatArray());
    }

    @Test
    void integersAreReadBackAndMove() {
        IntTensor labels = IntTensor.of(DEVICE, Shape.of(2, 2), 3, -1, 7, 0);
        assertArrayEquals(new int[] {3, -1, 7, 0}, labels.toIntArray());
        assertEquals(-1, labels.least());
        assertEquals(7, labels.greatest());
        IntTensor moved = labels.to(Device.cpu());
        assertArrayEquals(new int[] {3, -1, 7, 0}, moved.toIntArray());
        assertEquals(7, moved.greatest());
        assertSame(moved, moved.to(Device.cpu()));
        assertThrows(ShapeException.class, () -> IntTensor.of(DEVICE, Shape.of(3), 1, 2));
        labels.close();
        assertThrows(StriateException.class, labels::toIntArray);
    }

    @Test
    void changesInPlaceShowInEveryHandle() {
        Tensor x = Tensor.of(DEVICE, 1, 2, 3, 4);
        Tensor square = x.reshape(2, 2);
        int version = Internals.storage(x).version();
        x.assign(5, 6, 7, 8);
        assertTensor(square, Shape.of(2, 2), 5, 6, 7, 8);
        square.addInPlace(-2, Tensor.ones(DEVICE, 2, 2));
        assertArrayEquals(new float[] {3, 4, 5, 6}, x.toFloatArray());
        x.assign(Tensor.of(DEVICE, 1, 1, 2, 2));
        x.detach().fill(9);
        assertArrayEquals(new float[] {9, 9, 9, 9}, square.toFloatArray());
        assertEquals(version + 4, Internals.storage(square).version());
        assertThrows(ShapeException.class, () -> x.assign(1, 2));
        assertThrows(ShapeException.class, () -> x.addInPlace(1, square));
    }

    @Test
    void aClosedTensorSaysSo() {
        Tensor x = Tensor.ones(DEVICE, 2);
        Tensor view = x.reshape(2, 1);
        x.close();
        x.close();
        StriateException error = assertThrows(StriateException.class, x::toFloatArray);
        assertTrue(error.getMessage().contains("(2)") && error.getMessage().contains("closed"), error.getMessage());
        assertThrows(StriateException.class, () -> x.add(1));
        assertThrows(StriateException.class, () -> Tensor.ones(DEVICE, 2).add(x));
        assertThrows(StriateException.class, () -> x.reshape(1, 2));
        assertEquals("Tensor(2) on reference, closed", x.toString());
        assertArrayEquals(new float[] {1, 1}, view.toFloatArray());
    }

    @Test
    void toStringShowsShapeDeviceAndSomeValues() {
        assertEquals("Tensor() on reference 2.500", Tensor.scalar(DEVICE, 2.5f).toString());
        assertEquals(
                "Tensor(2, 2) on reference [[1.000, 2.000], [3.000, -4.000]]",
                Tensor.of(DEVICE, new float[][] {{1, 2}, {3, -4}}).toString());
        assertEquals(
                "Tensor(6) on reference [0.000, 1.000, 2.000, 3.000, 4.000, 5.000]",
                Tensor.arange(DEVICE, 0, 6, 1).toString());
        assertEquals(
                "Tensor(100) on reference [0.000, 1.000, 2.000, ..., 97.00, 98.00, 99.00]",
                Tensor.arange(DEVICE, 0, 100, 1).toString());
    }

    @Test
    void windowsShareMemoryAndKeepItAlive() {
        int before = DEVICE.memory().liveBuffers();
        Tensor flat = Tensor.of(DEVICE, 1, 2, 3, 4, 5);
        Tensor window = Internals.window(flat, 1, Shape.of(2, 2));
        assertTensor(window, Shape.of(2, 2), 2, 3, 4, 5);
        window.fill(0);
        assertArrayEquals(new float[] {1, 0, 0, 0, 0}, flat.toFloatArray());
        assertTrue(Internals.storage(flat).isShared());
        flat.close();
        assertArrayEquals(new float[4], window.toFloatArray());
        window.close();
        assertEquals(before, DEVICE.memory().liveBuffers());
    }

    @Test
    void aHandleIsAnObjectOfItsOwn() {
        Tensor x = Tensor.ones(DEVICE, 1);
        Tensor other = Internals.share(x);
        assertNotSame(x, other);
        x.close();
        assertEquals(1, other.item());
        other.close();
        assertThrows(StriateException.class, other::item);
    }
}
