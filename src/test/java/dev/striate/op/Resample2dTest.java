package dev.striate.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.striate.Device;
import dev.striate.Interpolation;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.backend.SparseMatrix;
import org.junit.jupiter.api.Test;

/** Values from PyTorch's documentation of Upsample, ReflectionPad2d and ReplicationPad2d, and others by hand. */
class Resample2dTest {

    private static final float TOLERANCE = 1e-6f;

    private final Tensor square = Tensor.of(Device.reference(), Shape.of(1, 1, 2, 2), 1, 2, 3, 4);
    private final Tensor nine = Tensor.arange(Device.reference(), 0, 9, 1).reshape(1, 1, 3, 3);
    private final Tensor row = Tensor.of(Device.reference(), Shape.of(1, 1, 1, 5), 1, 2, 4, 8, 16);

    private static void assertRows(Tensor actual, float[]... rows) {
        assertEquals(Shape.of(1, 1, rows.length, rows[0].length), actual.shape());
        try (Tensor expected = Tensor.of(Device.reference(), rows)) {
            assertArrayEquals(expected.toFloatArray(), actual.toFloatArray(), TOLERANCE);
        }
    }

    /** {@code nn.Upsample(scale_factor=2, mode='nearest')}. */
    @Test
    void nearest() {
        assertRows(
                square.upsampleBy(2, Interpolation.NEAREST),
                new float[] {1, 1, 2, 2},
                new float[] {1, 1, 2, 2},
                new float[] {3, 3, 4, 4},
                new float[] {3, 3, 4, 4});
    }

    /** {@code nn.Upsample(scale_factor=2, mode='bilinear')}. */
    @Test
    void bilinear() {
        assertRows(
                square.upsampleBy(2, Interpolation.BILINEAR),
                new float[] {1, 1.25f, 1.75f, 2},
                new float[] {1.5f, 1.75f, 2.25f, 2.5f},
                new float[] {2.5f, 2.75f, 3.25f, 3.5f},
                new float[] {3, 3.25f, 3.75f, 4});
    }

    /** {@code nn.Upsample(scale_factor=2, mode='bilinear', align_corners=True)}. */
    @Test
    void bilinearWithAlignedCorners() {
        assertRows(
                square.upsample(4, 4, Interpolation.BILINEAR_ALIGN_CORNERS),
                new float[] {1, 1.3333333f, 1.6666666f, 2},
                new float[] {1.6666666f, 2, 2.3333333f, 2.6666667f},
                new float[] {2.3333333f, 2.6666667f, 3, 3.3333333f},
                new float[] {3, 3.3333333f, 3.6666667f, 4});
    }

    @Test
    void asymmetric() {
        assertRows(square.upsample(1, 4, Interpolation.BILINEAR_ASYMMETRIC), new float[] {1, 1.5f, 2, 2});
    }

    /** Seven pixels of five: with the scale 1.5 they lie elsewhere than with the ratio 7 / 5. */
    @Test
    void aScaleIsNotTheRatioOfTheSizes() {
        assertRows(
                row.upsampleBy(1, 1.5, Interpolation.BILINEAR),
                new float[] {1, 1.5f, 2.3333333f, 3.6666667f, 6, 9.333333f, 14.666667f});
        assertRows(
                row.upsample(1, 7, Interpolation.BILINEAR),
                new float[] {1, 1.5714285f, 2.5714285f, 4, 6.857143f, 11.428572f, 16});
        assertRows(
                row.upsampleBy(1, 1.5, Interpolation.BILINEAR_ASYMMETRIC),
                new float[] {1, 1.6666666f, 2.6666667f, 4, 6.6666665f, 10.666667f, 16});
        assertRows(row.upsampleBy(1, 1.5, Interpolation.NEAREST), new float[] {1, 1, 2, 4, 4, 8, 16});
        assertRows(row.upsampleBy(1, 1.5, Interpolation.NEAREST_EXACT), new float[] {1, 2, 2, 4, 8, 8, 16});
    }

    @Test
    void smaller() {
        assertRows(row.upsample(1, 2, Interpolation.NEAREST), new float[] {1, 4});
        assertRows(row.upsample(1, 2, Interpolation.NEAREST_EXACT), new float[] {2, 8});
        assertRows(row.upsample(1, 2, Interpolation.BILINEAR), new float[] {1.75f, 10});
        assertRows(row.upsample(1, 1, Interpolation.BILINEAR), new float[] {4});
        assertRows(row.upsample(1, 1, Interpolation.BILINEAR_ALIGN_CORNERS), new float[] {1});
    }

    /** floor(i * in / out) is exact, which it is not if i is multiplied by a rounded quotient. */
    @Test
    void nearestIsExactForAllSizes() {
        for (int in = 1; in < 130; in++) {
            Tensor x = Tensor.arange(Device.reference(), 0, in, 1).reshape(1, 1, 1, in);
            for (int out = 1; out < 130; out++) {
                float[] expected = new float[out];
                float[] expectedExact = new float[out];
                for (int i = 0; i < out; i++) {
                    expected[i] = Math.floorDiv(i * in, out);
                    expectedExact[i] = Math.floorDiv((2 * i + 1) * in, 2 * out);
                }
                try (Tensor y = x.upsample(1, out, Interpolation.NEAREST);
                        Tensor z = x.upsample(1, out, Interpolation.NEAREST_EXACT)) {
                    assertArrayEquals(expected, y.toFloatArray());
                    assertArrayEquals(expectedExact, z.toFloatArray());
                }
            }
        }
    }

    /** {@code nn.ReflectionPad2d(2)}, and {@code nn.ReflectionPad2d((1, 1, 2, 0))}, which is left, right, top, bottom. */
    @Test
    void reflection() {
        assertRows(
                nine.padReflect(2, 2, 2, 2),
                new float[] {8, 7, 6, 7, 8, 7, 6},
                new float[] {5, 4, 3, 4, 5, 4, 3},
                new float[] {2, 1, 0, 1, 2, 1, 0},
                new float[] {5, 4, 3, 4, 5, 4, 3},
                new float[] {8, 7, 6, 7, 8, 7, 6},
                new float[] {5, 4, 3, 4, 5, 4, 3},
                new float[] {2, 1, 0, 1, 2, 1, 0});
        assertRows(
                nine.padReflect(2, 0, 1, 1),
                new float[] {7, 6, 7, 8, 7},
                new float[] {4, 3, 4, 5, 4},
                new float[] {1, 0, 1, 2, 1},
                new float[] {4, 3, 4, 5, 4},
                new float[] {7, 6, 7, 8, 7});
    }

    /** {@code nn.ReplicationPad2d((1, 1, 2, 0))}. */
    @Test
    void replication() {
        assertRows(
                nine.padEdge(2, 0, 1, 1),
                new float[] {0, 0, 1, 2, 2},
                new float[] {0, 0, 1, 2, 2},
                new float[] {0, 0, 1, 2, 2},
                new float[] {3, 3, 4, 5, 5},
                new float[] {6, 6, 7, 8, 8});
    }

    /** Pixel (y, x) of the only output channel is channel 2 (y % 2) + x % 2 at (y / 2, x / 2). */
    @Test
    void pixelShuffle() {
        Tensor channels = Tensor.arange(Device.reference(), 0, 8, 1).reshape(1, 4, 1, 2);
        assertRows(channels.pixelShuffle(2), new float[] {0, 2, 1, 3}, new float[] {4, 6, 5, 7});
    }

    @Test
    void theTransposeHasTheElementsOfTheColumns() {
        SparseMatrix matrix = SparseMatrix.interpolation(3, new double[] {1.25, 0, 1, 1.5});
        SparseMatrix transposed = matrix.transposed();
        assertEquals(3, transposed.rows());
        assertEquals(4, transposed.columns());
        assertArrayEquals(
                new int[] {0, 1, 4, 6},
                new int[] {transposed.start(0), transposed.start(1), transposed.start(2), transposed.start(3)});
        int[] columns = {1, 0, 2, 3, 0, 3};
        float[] values = {1, 0.75f, 1, 0.5f, 0.25f, 0.5f};
        for (int k = 0; k < transposed.elements(); k++) {
            assertEquals(columns[k], transposed.column(k));
            assertEquals(values[k], transposed.value(k));
        }
        assertEquals(matrix, transposed.transposed());
    }
}
