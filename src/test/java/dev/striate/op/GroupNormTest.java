package dev.striate.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.striate.Device;
import dev.striate.Shape;
import dev.striate.Tensor;
import org.junit.jupiter.api.Test;

/** Values computed with NumPy in double precision, from the formulas in PyTorch's documentation. */
class GroupNormTest {

    private static final Device DEVICE = Device.reference();
    private static final float TOLERANCE = 1e-6f;

    /** Two images, so that statistics of one and of both differ. */
    private final Tensor images =
            Tensor.of(DEVICE, Shape.of(2, 4, 1, 2), 1, 3, 2, 4, 10, 10, 10, 30, 0, 0, 0, 8, -1, 1, 7, 1);

    private final Tensor weight = Tensor.of(DEVICE, 1, 2, 3, 4);
    private final Tensor bias = Tensor.of(DEVICE, 0, 1, 0, -1);

    @Test
    void groups() {
        assertArrayEquals(
                new float[] {
                    -1.34163542f,
                    0.44721181f,
                    0.10557639f,
                    3.68327084f,
                    -1.73205069f,
                    -1.73205069f,
                    -3.30940092f,
                    5.92820277f,
                    -0.57735003f,
                    -0.57735003f,
                    -0.15470006f,
                    4.46410017f,
                    -2.99999833f,
                    -0.99999944f,
                    5.66666296f,
                    -2.33333259f
                },
                images.groupNorm(2, weight, bias, 1e-5f).toFloatArray(),
                TOLERANCE);
    }

    @Test
    void instances() {
        assertArrayEquals(
                new float[] {
                    -0.999995f,
                    0.999995f,
                    -0.999995f,
                    0.999995f,
                    0,
                    0,
                    -0.99999995f,
                    0.99999995f,
                    0,
                    0,
                    -0.99999969f,
                    0.99999969f,
                    -0.999995f,
                    0.999995f,
                    0.99999944f,
                    -0.99999944f
                },
                images.instanceNorm2d(null, null, 1e-5f).toFloatArray(),
                TOLERANCE);
        assertArrayEquals(
                new float[] {
                    -0.999995f,
                    0.999995f,
                    -0.99999f,
                    2.99999f,
                    0,
                    0,
                    -4.9999998f,
                    2.9999998f,
                    0,
                    0,
                    -0.99999938f,
                    2.99999938f,
                    -2.999985f,
                    2.999985f,
                    2.99999778f,
                    -4.99999778f
                },
                images.instanceNorm2d(weight, bias, 1e-5f).toFloatArray(),
                TOLERANCE);
    }

    @Test
    void layers() {
        Tensor rows = Tensor.of(DEVICE, new float[][] {{1, 2, 6}, {4, 4, 7}});
        Tensor y = rows.layerNorm(Shape.of(3), Tensor.of(DEVICE, 1, 2, -1), Tensor.of(DEVICE, 0.5f, 0, 1), 1e-5f);
        assertArrayEquals(
                new float[] {-0.42581911f, -0.92581911f, -0.38872866f, -0.20710501f, -1.41421003f, -0.41421003f},
                y.toFloatArray(),
                TOLERANCE);
    }

    @Test
    void aGroupOfOneElementGivesTheBias() {
        Tensor x = Tensor.of(DEVICE, new float[][] {{5, -3}});
        Tensor shift = Tensor.of(DEVICE, 7, 8);
        assertArrayEquals(new float[] {7, 8}, x.groupNorm(2, null, shift, 1e-5f).toFloatArray());
        assertArrayEquals(
                new float[] {7, 7},
                x.reshape(2, 1)
                        .layerNorm(Shape.of(1), null, shift.slice(0, 0, 1), 1e-5f)
                        .toFloatArray());
    }

    /** Windows of an even size reach one channel further back than ahead. */
    @Test
    void localResponses() {
        Tensor x = Tensor.of(DEVICE, Shape.of(1, 4, 1), 1, 2, 3, -4);
        assertArrayEquals(
                new float[] {0.40824829f, 0.51639778f, 0.54772256f, -0.78446454f},
                x.localResponseNorm(3, 3, 0.5f, 1).toFloatArray(),
                TOLERANCE);
        assertArrayEquals(
                new float[] {0.9999625f, 1.99962508f, 2.99853833f, -3.9962541f},
                x.localResponseNorm(2, 1e-4f, 0.75f, 1).toFloatArray(),
                TOLERANCE);
    }
}
