package dev.striate.backend.opencl;

import static dev.striate.backend.opencl.OpenClTuning.ceilDiv;

import dev.striate.backend.Buffer;
import dev.striate.backend.LinearGeometry;
import dev.striate.backend.LinearKernels;
import dev.striate.backend.MatmulGeometry;
import dev.striate.backend.StridedLoop;
import dev.striate.backend.opencl.OpenClMatmul.Extras;
import org.jspecify.annotations.Nullable;

/**
 * Linear layers: products by {@code matmul.cl}, whose kernels do what belongs to a layer besides, and all gradients of
 * small layers in one launch of {@code linear.cl}.
 */
final class OpenClLinear implements LinearKernels {

    private static final StridedLoop ONE_PRODUCT = StridedLoop.of(new int[0], new int[0], new int[0]);

    /** Tiles of both gradients up to which a device gains by having them side by side. */
    private static final int FEW_TILES = 1024;

    private final OpenClRuntime runtime;
    private final OpenClMatmul matmul;

    OpenClLinear(OpenClRuntime runtime, OpenClMatmul matmul) {
        this.runtime = runtime;
        this.matmul = matmul;
    }

    @Override
    public void forward(LinearGeometry g, Buffer x, Buffer w, @Nullable Buffer bias, boolean relu, Buffer y) {
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
        OpenClTuning.Tile tile = runtime.parameters().tile(OpenClParameter.LINEAR_TILE);
        int rowTiles = ceilDiv(g.rows(), tile.rows()) + ceilDiv(g.out(), tile.rows());
        if (rowTiles * (long) ceilDiv(columns, tile.columns()) > FEW_TILES) {
            inputGradient(g, dy, w, gate, dx);
            weightGradient(g, x, dy, dw, dbias);
            return;
        }
        runtime.kernel("linear", "gradients", tile.macros(gate == null ? "NO_GATE" : "GATE"))
                .struct(g)
                .ints(dbias == null ? 0 : 1)
                .buffers(x, dy, w, gate == null ? dx : gate, dx, dw, dbias == null ? dw : dbias)
                .runTiles(rowTiles * tile.rows(), columns, 1, tile);
    }
}
