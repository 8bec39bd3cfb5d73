package dev.striate.backend.cpu;

import dev.striate.backend.Buffer;
import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.MatmulGeometry;
import dev.striate.backend.MatmulKernels;
import dev.striate.backend.ReduceKernels;
import dev.striate.backend.StridedLoop;
import org.jspecify.annotations.Nullable;

/**
 * Convolution whose only window is the whole image, such as C5 of LeNet-5: a linear layer over the flattened images. As a
 * product over positions it would have one of them, and vectors with one lane in use.
 */
final class WholeImageConv2d {

    private static final StridedLoop ONE_PRODUCT = StridedLoop.of(new int[0], new int[0], new int[0]);

    private final MatmulKernels matmul;
    private final ReduceKernels reduce;

    WholeImageConv2d(MatmulKernels matmul, ReduceKernels reduce) {
        this.matmul = matmul;
        this.reduce = reduce;
    }

    /** Whether this class is for such a convolution. */
    static boolean fits(Conv2dGeometry g) {
        return g.groups() == 1 && g.outHeight() == 1 && g.outWidth() == 1
                && g.padTop() == 0 && g.padLeft() == 0
                && g.kernelHeight() == g.inHeight() && g.kernelWidth() == g.inWidth()
                && (g.dilationH() == 1 || g.kernelHeight() == 1) && (g.dilationW() == 1 || g.kernelWidth() == 1);
    }

    private static int imageElements(Conv2dGeometry g) {
        return g.inChannels() * g.inHeight() * g.inWidth();
    }

    /** {@code y = x w^T + bias}. */
    void forward(Conv2dGeometry g, Buffer x, Buffer w, @Nullable Buffer bias, Buffer y) {
        MatmulGeometry product = new MatmulGeometry(ONE_PRODUCT, g.batch(), g.outChannels(), imageElements(g), false, true);
        matmul.forward(product, x, w, bias, y);
    }

    /** {@code dx = dy w}; a bias has one value per input channel and is none of this class's business. */
    void inputGradient(Conv2dGeometry g, Buffer dy, Buffer w, @Nullable Buffer bias, Buffer dx) {
        if (bias != null) {
            throw new IllegalArgumentException("a bias of " + g.inChannels() + " channels cannot be added to whole images");
        }
        MatmulGeometry product = new MatmulGeometry(ONE_PRODUCT, g.batch(), imageElements(g), g.outChannels(), false, false);
        matmul.forward(product, dy, w, null, dx);
    }

    /** {@code dw = dy^T x}. */
    void weightGradient(Conv2dGeometry g, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias) {
        MatmulGeometry product = new MatmulGeometry(ONE_PRODUCT, g.outChannels(), imageElements(g), g.batch(), true, false);
        matmul.forward(product, dy, x, null, dw);
        if (dbias != null) {
            StridedLoop channels = StridedLoop.of(new int[] {g.outChannels()}, new int[] {1});
            StridedLoop images = StridedLoop.of(new int[] {g.batch()}, new int[] {g.outChannels()});
            reduce.sum(channels, images, 1, dy, dbias);
        }
    }
}
