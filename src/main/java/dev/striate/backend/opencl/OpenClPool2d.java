package dev.striate.backend.opencl;

import static dev.striate.backend.opencl.OpenClTuning.ceilDiv;

import dev.striate.backend.Pool2dGeometry;
import java.util.function.UnaryOperator;

/** How the kernels of both kinds of pooling are launched: see {@code pool2d_geometry.cl}. */
final class OpenClPool2d {

    private OpenClPool2d() {}

    /**
     * Launches {@code forward}.
     *
     * @param rest   adds the rest of the kernel's arguments
     * @param macros what else is defined
     */
    static void forward(
            OpenClRuntime runtime, String stem, Pool2dGeometry g, UnaryOperator<OpenClLaunch> rest, String... macros) {
        int rows = g.planes() * g.outHeight();
        int items = runtime.parameters().get(OpenClParameter.POOL_PIXELS) == 0 ? rows : rows * g.outWidth();
        rest.apply(kernel(runtime, stem, "forward", g, macros).ints(items).struct(g))
                .runItems(items);
    }

    /** Launches {@code gradient}, with the same parameters. */
    static void gradient(
            OpenClRuntime runtime, String stem, Pool2dGeometry g, UnaryOperator<OpenClLaunch> rest, String... macros) {
        int pixels = runtime.parameters().get(OpenClParameter.POOL_PIXELS);
        int items = g.planes() * (pixels == 0 ? 1 : ceilDiv(g.inHeight() * g.inWidth(), pixels));
        rest.apply(kernel(runtime, stem, "gradient", g, macros).ints(items).struct(g))
                .runItems(items);
    }

    private static OpenClLaunch kernel(
            OpenClRuntime runtime, String stem, String name, Pool2dGeometry g, String... macros) {
        // The windows of most nets have a program of their own.
        return runtime.kernel(stem, name, OpenClTuning.with(macros, g.isTwoByTwo() ? "TWO_BY_TWO" : "ANY_WINDOW"));
    }
}
