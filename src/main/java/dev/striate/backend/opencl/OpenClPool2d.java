package dev.striate.backend.opencl;

import static dev.striate.backend.opencl.OpenClTuning.PANEL;
import static dev.striate.backend.opencl.OpenClTuning.ceilDiv;

import dev.striate.backend.Pool2dGeometry;
import java.util.function.UnaryOperator;

/** How the kernels of both kinds of pooling are launched: an element per work-item, or, in the vector shape, rows or planes. */
final class OpenClPool2d {

    /** Elements that a work-item of the vector shape looks at, about: a few microseconds. */
    private static final int ITEM_ELEMENTS = 1 << 14;

    private OpenClPool2d() {}

    /**
     * Launches {@code forward}.
     *
     * @param buffers adds the kernel's buffers to its arguments
     * @param macro   what else is defined
     */
    static void forward(
            OpenClRuntime runtime, String stem, String macro, Pool2dGeometry g, UnaryOperator<OpenClLaunch> buffers) {
        OpenClLaunch launch = runtime.kernel(stem, "forward", macro, "LANES=" + lanes(g));
        int rows = g.planes() * g.outHeight();
        if (runtime.isTiled()) {
            int outputs = rows * g.outWidth();
            buffers.apply(launch.ints(outputs).struct(fields(g))).runItems(outputs);
        } else {
            int rowsPerItem = perItem(g.outWidth() * g.kernelHeight() * g.kernelWidth());
            buffers.apply(launch.struct(fields(g)).ints(rowsPerItem)).runAlone(ceilDiv(rows, rowsPerItem));
        }
    }

    /** Launches {@code gradient}, with the same parameters. */
    static void gradient(
            OpenClRuntime runtime, String stem, String macro, Pool2dGeometry g, UnaryOperator<OpenClLaunch> buffers) {
        OpenClLaunch launch = runtime.kernel(stem, "gradient", macro, "LANES=" + lanes(g));
        int inPlane = g.inHeight() * g.inWidth();
        if (runtime.isTiled()) {
            int pixels = g.planes() * inPlane;
            buffers.apply(launch.ints(pixels).struct(fields(g))).runItems(pixels);
        } else {
            int planesPerItem = perItem(inPlane + g.outHeight() * g.outWidth() * g.kernelHeight() * g.kernelWidth());
            buffers.apply(launch.struct(fields(g)).ints(planesPerItem)).runAlone(ceilDiv(g.planes(), planesPerItem));
        }
    }

    /** The widest vector that fits a row of outputs; the tiled shape has no use for it. */
    private static int lanes(Pool2dGeometry g) {
        int lanes = PANEL;
        while (lanes > g.outWidth()) {
            lanes /= 2;
        }
        return lanes >= 4 ? lanes : 1;
    }

    private static int perItem(int elements) {
        return Math.max(1, ITEM_ELEMENTS / elements);
    }

    /** A geometry as the kernels read it. */
    private static int[] fields(Pool2dGeometry g) {
        return new int[] {
            g.planes(), g.inHeight(), g.inWidth(), g.outHeight(), g.outWidth(), g.kernelHeight(), g.kernelWidth(),
            g.strideH(), g.strideW(), g.padTop(), g.padBottom(), g.padLeft(), g.padRight(), g.dilationH(), g.dilationW()
        };
    }
}
