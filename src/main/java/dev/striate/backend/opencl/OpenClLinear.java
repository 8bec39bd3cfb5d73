package dev.striate.backend.opencl;

import static dev.striate.backend.opencl.OpenClTuning.PANEL;
import static dev.striate.backend.opencl.OpenClTuning.ceilDiv;

import dev.striate.backend.Buffer;
import dev.striate.backend.LinearGeometry;
import dev.striate.backend.LinearKernels;
import dev.striate.backend.MatmulGeometry;
import dev.striate.backend.StridedLoop;
import dev.striate.backend.opencl.OpenClMatmul.Extras;
import org.jspecify.annotations.Nullable;

/**
 * Linear layers: small ones by {@code linear.cl}, in one launch for the output and one for all gradients; larger ones
 * as products by {@code matmul.cl}, whose kernels do what belongs to a layer besides.
 */
final class OpenClLinear implements LinearKernels {

    private static final StridedLoop ONE_PRODUCT = StridedLoop.of(new int[0], new int[0], new int[0]);

    /** Tiles of both gradients up to which a GPU gains by having them side by side. */
    private static final int FEW_TILES = 1024;

    private static final int TILE = 32;
    /** Rows that one work-item of the vector shape computes at most. */
    private static final int MOST_ROWS = 8;
    /**
     * Elements of weight, input and output up to which they stay in a CPU's cache, and need not be packed to be read
     * fast.
     */
    private static final int CACHED = 1 << 18;
    /** Outputs per side of a work-item of the vector shape's forward kernel. */
    private static final int SIDE = 4;

    private final OpenClRuntime runtime;
    private final OpenClMatmul matmul;

    OpenClLinear(OpenClRuntime runtime, OpenClMatmul matmul) {
        this.runtime = runtime;
        this.matmul = matmul;
    }

    private static boolean isCached(LinearGeometry g) {
        return (long) g.in() * g.out() + (long) g.rows() * (g.in() + g.out()) <= CACHED;
    }

    @Override
    public void forward(LinearGeometry g, Buffer x, Buffer w, @Nullable Buffer bias, boolean relu, Buffer y) {
        if (!runtime.isTiled() && isCached(g)) {
            runtime.kernel("linear", "forward", bias == null ? "NO_BIAS" : "BIAS", relu ? "RELU" : "PLAIN", "ROWS=1")
                    .ints(g.rows(), g.in(), g.out())
                    .buffers(x, w, bias == null ? w : bias, y)
                    .runAlone(ceilDiv(g.rows(), SIDE), ceilDiv(g.out(), SIDE));
            return;
        }
        MatmulGeometry product = new MatmulGeometry(ONE_PRODUCT, g.rows(), g.out(), g.in(), false, true);
        matmul.run(product, x, w, new Extras(bias, relu, null, null), y);
    }

    @Override
    public void inputGradient(LinearGeometry g, Buffer dy, Buffer w, @Nullable Buffer gate, Buffer dx) {
        MatmulGeometry product = new MatmulGeometry(ONE_PRODUCT, g.rows(), g.in(), g.out(), false, false);
        matmul.run(product, dy, w, new Extras(null, false, gate, null), dx);
    }

    @Override
    public void weightGradient(LinearGeometry g, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias) {
        MatmulGeometry product = new MatmulGeometry(ONE_PRODUCT, g.out(), g.in(), g.rows(), true, false);
        matmul.run(product, dy, x, new Extras(null, false, null, dbias), dw);
    }

    @Override
    public void gradients(
            LinearGeometry g,
            Buffer x,
            Buffer dy,
            Buffer w,
            @Nullable Buffer gate,
            Buffer dx,
            Buffer dw,
            @Nullable Buffer dbias) {
        int columns = dbias == null ? g.in() : g.in() + 1;
        int rowTiles = ceilDiv(g.rows(), TILE) + ceilDiv(g.out(), TILE);
        boolean small = runtime.isTiled() ? rowTiles * (long) ceilDiv(columns, TILE) <= FEW_TILES : isCached(g);
        if (!small) {
            inputGradient(g, dy, w, gate, dx);
            weightGradient(g, x, dy, dw, dbias);
            return;
        }
        int rows = OpenClTuning.rowsPerItem(MOST_ROWS, Math.max(g.rows(), g.out()));
        String[] option = {gate == null ? "NO_GATE" : "GATE"};
        OpenClTuning.Tile tile = OpenClTuning.Tile.square(TILE);
        String[] macros = runtime.isTiled() ? tile.macros(option) : OpenClTuning.with(option, "ROWS=" + rows);
        OpenClLaunch launch = runtime.kernel("linear", "gradients", macros)
                .ints(g.rows(), g.in(), g.out(), dbias == null ? 0 : 1)
                .buffers(x, dy, w, gate == null ? dx : gate, dx, dw, dbias == null ? dw : dbias);
        if (runtime.isTiled()) {
            launch.runTiles(rowTiles * TILE, columns, 1, tile);
        } else {
            launch.runAlone(ceilDiv(g.rows(), rows) + ceilDiv(g.out(), rows), ceilDiv(g.in(), PANEL));
        }
    }
}
