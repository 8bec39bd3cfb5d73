package dev.striate.backend.opencl;

import static dev.striate.backend.opencl.OpenClTuning.PANEL;
import static dev.striate.backend.opencl.OpenClTuning.ceilDiv;

import dev.striate.backend.Pool2dGeometry;
import java.util.function.UnaryOperator;

/**
 * How the kernels of both kinds of pooling are launched: an element or a few of them per work-item, or, in the vector
 * shape, rows or planes.
 */
final class OpenClPool2d {

    /** Elements that a work-item of the vector shape looks at, about: a few microseconds. */
    private static final int ITEM_ELEMENTS = 1 << 14;
    /** Pixels that a work-item of the tiled shape computes the gradients of. */
    private static final int PIXELS_PER_ITEM = 4;

    private OpenClPool2d() {}

    /**
     * Launches {@code forward}.
     *
     * @param rest   adds the rest of the kernel's arguments
     * @param macros what else is defined
     */
    static void forward(
            OpenClRuntime runtime, String stem, Pool2dGeometry g, UnaryOperator<OpenClLaunch> rest, String... macros) {
        OpenClLaunch launch = kernel(runtime, stem, "forward", g, macros);
        int rows = g.planes() * g.outHeight();
        if (runtime.isTiled()) {
            int outputs = rows * g.outWidth();
            rest.apply(launch.ints(outputs).struct(fields(g))).runItems(outputs);
        } else {
            int rowsPerItem = perItem((double) g.outWidth() * g.mostPixels());
            rest.apply(launch.struct(fields(g)).ints(rowsPerItem)).runAlone(ceilDiv(rows, rowsPerItem));
        }
    }

    /** Launches {@code gradient}, with the same parameters. */
    static void gradient(
            OpenClRuntime runtime, String stem, Pool2dGeometry g, UnaryOperator<OpenClLaunch> rest, String... macros) {
        OpenClLaunch launch = kernel(runtime, stem, "gradient", g, macros);
        int inPlane = g.inHeight() * g.inWidth();
        if (runtime.isTiled()) {
            int items = g.planes() * ceilDiv(inPlane, PIXELS_PER_ITEM);
            rest.apply(launch.ints(items).struct(fields(g))).runItems(items);
        } else {
            int planesPerItem = perItem(inPlane + (double) g.outHeight() * g.outWidth() * g.mostPixels());
            rest.apply(launch.struct(fields(g)).ints(planesPerItem)).runAlone(ceilDiv(g.planes(), planesPerItem));
        }
    }

    private static OpenClLaunch kernel(
            OpenClRuntime runtime, String stem, String name, Pool2dGeometry g, String... macros) {
        String[] all = OpenClTuning.with(macros, window(g));
        return runtime.kernel(stem, name, runtime.isTiled() ? all : OpenClTuning.with(all, "LANES=" + lanes(g)));
    }

    /** The windows of most nets have a program of their own. */
    private static String window(Pool2dGeometry g) {
        boolean twoByTwo = g.kernelHeight() == 2
                && g.kernelWidth() == 2
                && g.strideH() == 2
                && g.strideW() == 2
                && g.dilationH() == 1
                && g.dilationW() == 1
                && g.padTop() == 0
                && g.padBottom() == 0
                && g.padLeft() == 0
                && g.padRight() == 0;
        return twoByTwo ? "TWO_BY_TWO" : "ANY_WINDOW";
    }

    /** The widest vector that fits a row of outputs. */
    private static int lanes(Pool2dGeometry g) {
        int lanes = PANEL;
        while (lanes > g.outWidth()) {
            lanes /= 2;
        }
        return lanes >= 4 ? lanes : 1;
    }

    /** @param elements a product of four integers, which may not fit a long */
    private static int perItem(double elements) {
        return (int) Math.max(1, ITEM_ELEMENTS / elements);
    }

    /** A geometry as the kernels read it. */
    private static int[] fields(Pool2dGeometry g) {
        return new int[] {
            g.planes(),
            g.inHeight(),
            g.inWidth(),
            g.outHeight(),
            g.outWidth(),
            g.kernelHeight(),
            g.kernelWidth(),
            g.strideH(),
            g.strideW(),
            g.padTop(),
            g.padBottom(),
            g.padLeft(),
            g.padRight(),
            g.dilationH(),
            g.dilationW()
        };
    }
}
