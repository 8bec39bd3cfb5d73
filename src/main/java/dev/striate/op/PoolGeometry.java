package dev.striate.op;

import dev.striate.Padding;
import dev.striate.Shape;
import dev.striate.backend.Pool2dGeometry;

/** The shape rule that maximum and average pooling share. */
final class PoolGeometry {

    private PoolGeometry() {}

    static Pool2dGeometry of(Shape x, Window window) {
        Window.requireImages(window.operation, x);
        Padding padding = window.resolve(x.size(2), x.size(3));
        // A window of one tap has no gaps, whatever its dilation.
        return new Pool2dGeometry(
                x.size(0) * x.size(1),
                x.size(2),
                x.size(3),
                window.outHeight(x, x.size(2), padding),
                window.outWidth(x, x.size(3), padding),
                window.kernelH,
                window.kernelW,
                window.strideH,
                window.strideW,
                padding.top(),
                padding.bottom(),
                padding.left(),
                padding.right(),
                window.kernelH == 1 ? 1 : window.dilationH,
                window.kernelW == 1 ? 1 : window.dilationW);
    }

    static Shape outputShape(String operation, Shape x, Pool2dGeometry g) {
        return Sizes.shape(operation, x.size(0), x.size(1), g.outHeight(), g.outWidth());
    }
}
