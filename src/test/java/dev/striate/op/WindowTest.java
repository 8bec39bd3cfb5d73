package dev.striate.op;

import static dev.striate.WindowOption.ceilMode;
import static dev.striate.WindowOption.padding;
import static dev.striate.WindowOption.stride;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.striate.Padding;
import dev.striate.Shape;
import dev.striate.WindowOption;
import org.junit.jupiter.api.Test;

/** The sizes of windows at the ends of what an int holds; all others are in {@link OpCases}. */
class WindowTest {

    private static final Shape IMAGE = Shape.of(1, 2, 5, 5);

    @Test
    void aStrideMayBeLargerThanTheImage() {
        WindowOption greatest = stride(Integer.MAX_VALUE);
        Shape weight = Shape.of(3, 2, 3, 3);
        assertEquals(Shape.of(1, 3, 1, 1), Conv2d.outputShape(IMAGE, weight, padding(Padding.SAME), greatest));
        assertEquals(Shape.of(1, 3, 1, 1), Conv2d.outputShape(IMAGE, weight, greatest));
        assertEquals(Shape.of(1, 2, 1, 1), MaxPool2d.outputShape(IMAGE, 2, 2, greatest, ceilMode()));
    }

    /** Two windows fit into the padded height of 2^31 - 1; the place of a third is beyond that. */
    @Test
    void aWindowAndItsPaddingMayFillTheRange() {
        int height = (1 << 30) - 2;
        WindowOption[] options = {padding(height - 1, height - 1, 0, 0), stride(1 << 30, 1), ceilMode()};
        assertEquals(Shape.of(1, 2, 2, 5), MaxPool2d.outputShape(IMAGE, height, 1, options));
    }
}
