package dev.striate.op;

import static dev.striate.WindowOption.ceilMode;
import static dev.striate.WindowOption.countIncludePad;
import static dev.striate.WindowOption.dilation;
import static dev.striate.WindowOption.padding;
import static dev.striate.WindowOption.stride;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.striate.Device;
import dev.striate.Shape;
import dev.striate.Tensor;
import org.junit.jupiter.api.Test;

/** The two ways to count padding, worked out by hand: no libtorch file holds the second. */
class AvgPool2dTest {

    private final Tensor image = Tensor.of(Device.reference(), Shape.of(1, 1, 2, 2), 1, 2, 3, 6);

    @Test
    void paddingCounts() {
        Tensor y = image.avgPool2d(3, stride(1), padding(1));
        assertArrayEquals(new float[] {12 / 9f, 12 / 9f, 12 / 9f, 12 / 9f}, y.toFloatArray());
    }

    @Test
    void paddingDoesNotCount() {
        Tensor y = image.avgPool2d(2, stride(1), padding(1), countIncludePad(false));
        assertArrayEquals(new float[] {1, 1.5f, 2, 2, 3, 4, 3, 4.5f, 6}, y.toFloatArray());
    }

    /** Taps two pixels apart: window (y, x) has the pixels (y - 1, x - 1) to (y + 1, x + 1) without those between. */
    @Test
    void tapsWithGaps() {
        Tensor square = Tensor.arange(Device.reference(), 1, 10, 1).reshape(1, 1, 3, 3);
        Tensor y = square.avgPool2d(2, stride(1), padding(1), dilation(2));
        assertArrayEquals(
                new float[] {5 / 4f, 10 / 4f, 5 / 4f, 10 / 4f, 20 / 4f, 10 / 4f, 5 / 4f, 10 / 4f, 5 / 4f},
                y.toFloatArray());
        Tensor inside = square.avgPool2d(2, stride(1), padding(1), dilation(2), countIncludePad(false));
        assertArrayEquals(new float[] {5, 5, 5, 5, 5, 5, 5, 5, 5}, inside.toFloatArray());
    }

    /**
     * The last window covers a row of padding below the image and one beyond the padding; only the former can count.
     */
    @Test
    void whatHangsOverThePaddedEdgeNeverCounts() {
        Tensor column = Tensor.of(Device.reference(), Shape.of(1, 1, 3, 1), 3, 6, 9);
        Tensor counted = column.avgPool2d(4, 1, stride(3, 1), padding(1, 0), ceilMode());
        assertArrayEquals(new float[] {18 / 4f, 9 / 2f}, counted.toFloatArray());
        Tensor inside = column.avgPool2d(4, 1, stride(3, 1), padding(1, 0), ceilMode(), countIncludePad(false));
        assertArrayEquals(new float[] {18 / 3f, 9}, inside.toFloatArray());
    }
}
