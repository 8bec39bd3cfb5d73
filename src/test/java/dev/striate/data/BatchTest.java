package dev.striate.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class BatchTest {

    private static final Shape IMAGES = Shape.of(2, 1, 1, 3);

    @Test
    void hasTargets() {
        float[] targets = {1, 2, 3, 4};
        Batch batch = new Batch(new float[6], IMAGES, targets, Shape.of(2, 2), new int[] {7, 8});
        assertFalse(batch.hasLabels());
        assertEquals(2, batch.size());
        assertSame(targets, batch.targets());
        assertEquals(Shape.of(2, 2), batch.targetShape());
        assertNull(batch.labelMix());
        try (Tensor onDevice = batch.targets(Device.reference())) {
            assertEquals(Shape.of(2, 2), onDevice.shape());
            assertArrayEquals(targets, onDevice.toFloatArray());
        }
        for (Executable wrong : List.<Executable>of(batch::labels, () -> batch.labels(Device.reference()))) {
            assertEquals(
                    "this batch has targets instead of labels; use targets()",
                    assertThrows(StriateException.class, wrong).getMessage());
        }
        batch.close();
        assertTrue(assertThrows(StriateException.class, batch::targets)
                .getMessage()
                .contains("closed"));
    }

    @Test
    void hasLabels() {
        LabelMix mix = new LabelMix(new int[] {1, 0}, 0.75f);
        Batch batch = new Batch(new float[6], IMAGES, new int[] {0, 1}, new int[] {7, 8}, mix);
        assertTrue(batch.hasLabels());
        assertEquals(2, batch.size());
        assertSame(mix, batch.labelMix());
        for (Executable wrong :
                List.<Executable>of(batch::targets, batch::targetShape, () -> batch.targets(Device.reference()))) {
            assertEquals(
                    "this batch has labels instead of targets; use labels()",
                    assertThrows(StriateException.class, wrong).getMessage());
        }
        batch.close();
        assertArrayEquals(new int[] {0, 1}, batch.labels());
    }

    @Test
    void lengthsMatch() {
        float[] images = new float[6];
        for (Executable wrong : List.<Executable>of(
                () -> new Batch(images, IMAGES, new float[2], Shape.of(2), new int[1]),
                () -> new Batch(new float[5], IMAGES, new float[2], Shape.of(2), new int[2]),
                () -> new Batch(images, IMAGES, new float[1], Shape.of(2), new int[2]),
                () -> new Batch(images, IMAGES, new float[1], Shape.of(1), new int[2]),
                () -> new Batch(images, IMAGES, new float[1], Shape.SCALAR, new int[2]),
                () -> new Batch(new float[0], Shape.of(0, 1, 1, 3), new int[0], new int[0]),
                () -> new Batch(images, IMAGES, new int[1], new int[2]),
                () -> new Batch(images, IMAGES, new int[2], new int[1]),
                () -> new Batch(images, IMAGES, new int[2], new int[2], new LabelMix(new int[1], 1)))) {
            String message = assertThrows(StriateException.class, wrong).getMessage();
            assertTrue(message.startsWith("Batch: expected "), message);
        }
    }

    @Test
    void aShareIsInZeroToOne() {
        for (float share : new float[] {-0.1f, 1.1f, Float.NaN}) {
            assertThrows(StriateException.class, () -> new LabelMix(new int[1], share));
        }
        assertEquals(1, new LabelMix(new int[1], 1).share());
        assertEquals(0, new LabelMix(new int[1], 0).share());
    }
}
