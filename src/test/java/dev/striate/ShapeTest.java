package dev.striate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ShapeTest {

    @Test
    void sizesElementsAndStrides() {
        Shape shape = Shape.of(2, 3, 4);
        assertEquals(3, shape.rank());
        assertEquals(24, shape.elements());
        assertEquals(3, shape.size(1));
        assertEquals(4, shape.size(-1));
        assertEquals(2, shape.size(-3));
        assertEquals(1, shape.axis(-2));
        assertArrayEquals(new int[] {12, 4, 1}, shape.strides());
        assertEquals(Shape.of(2, 5, 4), shape.with(-2, 5));
        assertEquals("(2, 3, 4)", shape.toString());
        assertThrows(ShapeException.class, () -> shape.size(3));
        ShapeException error = assertThrows(ShapeException.class, () -> shape.axis(-4));
        assertTrue(
                error.getMessage().contains("axis -4") && error.getMessage().contains("(2, 3, 4)"), error.getMessage());
    }

    @Test
    void aScalarHasOneElementAndNoAxis() {
        assertEquals(Shape.SCALAR, Shape.of());
        assertEquals(1, Shape.SCALAR.elements());
        assertEquals(0, Shape.SCALAR.strides().length);
        assertEquals("()", Shape.SCALAR.toString());
        assertThrows(ShapeException.class, () -> Shape.SCALAR.size(0));
        assertThrows(ShapeException.class, () -> Shape.SCALAR.size(-1));
    }

    @Test
    void sizesHaveLimits() {
        assertThrows(ShapeException.class, () -> Shape.of(0, -1));
        assertThrows(ShapeException.class, () -> Shape.ofPositive(2, 0));
        assertEquals(Shape.of(2, 1), Shape.ofPositive(2, 1));
        assertEquals(Integer.MAX_VALUE, Shape.of(Integer.MAX_VALUE).elements());
        assertThrows(ShapeException.class, () -> Shape.of(1 << 16, 1 << 15));
        // 2^64 would be 0 in a long.
        assertThrows(ShapeException.class, () -> Shape.of(1 << 16, 1 << 16, 1 << 16, 1 << 16));
        assertThrows(ShapeException.class, () -> Shape.of(0, 1 << 16, 1 << 15));
    }

    @Test
    void aSizeOfZeroMeansNoElements() {
        Shape shape = Shape.of(2, 0, 3);
        assertEquals(0, shape.elements());
        assertEquals(0, shape.size(1));
        assertArrayEquals(new int[] {3, 3, 1}, shape.strides());
        assertEquals("(2, 0, 3)", shape.toString());
        assertEquals(Shape.of(2, 4, 3), shape.with(1, 4));
        assertEquals(shape, Shape.broadcast("add", Shape.of(2, 1, 3), Shape.of(0, 1)));
        assertEquals(Shape.of(0), Shape.broadcast("add", Shape.of(0), Shape.SCALAR));
        assertThrows(ShapeException.class, () -> Shape.broadcast("add", Shape.of(0), Shape.of(2)));
    }

    @Test
    void shapesDoNotChange() {
        int[] sizes = {2, 3};
        Shape shape = Shape.of(sizes);
        sizes[0] = 7;
        shape.toArray()[1] = 7;
        assertEquals(Shape.of(2, 3), shape);
        assertEquals(Shape.of(2, 3).hashCode(), shape.hashCode());
        assertNotEquals(Shape.of(3, 2), shape);
        assertNotEquals(Shape.of(2, 3, 1), shape);
    }

    @Test
    void broadcastingAlignsTheLastAxes() {
        assertEquals(Shape.of(2, 3), Shape.broadcast("add", Shape.of(2, 3), Shape.of(2, 3)));
        assertEquals(Shape.of(2, 3), Shape.broadcast("add", Shape.of(3), Shape.of(2, 1)));
        assertEquals(Shape.of(4, 2, 3), Shape.broadcast("add", Shape.of(4, 1, 3), Shape.of(2, 1)));
        assertEquals(Shape.of(5), Shape.broadcast("add", Shape.SCALAR, Shape.of(5)));
        ShapeException error =
                assertThrows(ShapeException.class, () -> Shape.broadcast("add", Shape.of(2, 3), Shape.of(4, 3)));
        assertEquals(
                "add: shapes (2, 3) and (4, 3) do not broadcast: along axis -2 the sizes 2 and 4 differ and neither is 1",
                error.getMessage());
    }

    @Test
    void repeatedAxesAreWalkedWithStrideZero() {
        assertArrayEquals(new int[] {0, 0, 1}, Shape.of(1, 3).broadcastStrides(Shape.of(4, 2, 3)));
        assertArrayEquals(new int[] {0, 1, 0}, Shape.of(2, 1).broadcastStrides(Shape.of(4, 2, 3)));
        assertArrayEquals(new int[] {3, 1}, Shape.of(2, 3).broadcastStrides(Shape.of(2, 3)));
    }
}
