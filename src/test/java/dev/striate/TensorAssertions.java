package dev.striate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

/** Assertions about tensors. */
public final class TensorAssertions {

    private TensorAssertions() {}

    /** Expects a shape and, in row-major order, exactly these values. */
    public static void assertTensor(Tensor actual, Shape shape, float... values) {
        assertEquals(shape, actual.shape());
        assertArrayEquals(values, actual.toFloatArray());
    }
}
