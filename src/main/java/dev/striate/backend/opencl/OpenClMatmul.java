package dev.striate.backend.opencl;

import static dev.striate.backend.opencl.OpenClTuning.PANEL;
import static dev.striate.backend.opencl.OpenClTuning.ceilDiv;

import dev.striate.backend.Buffer;
import dev.striate.backend.MatmulGeometry;
import dev.striate.backend.MatmulKernels;
import org.jspecify.annotations.Nullable;

/** Launches {@code matmul.cl}. */
final class OpenClMatmul implements MatmulKernels {

    private final OpenClRuntime runtime;

    OpenClMatmul(OpenClRuntime runtime) {
        this.runtime = runtime;
    }

    @Override
    public void forward(MatmulGeometry g, Buffer a, Buffer b, @Nullable Buffer bias, Buffer c) {
        String withBias = bias == null ? "NO_BIAS" : "BIAS";
        Buffer addend = bias == null ? c : bias;
        if (runtime.isTiled()) {
            tiled(g, a, b, addend, withBias, c);
        } else {
            panels(g, a, b, addend, withBias, c);
        }
    }

    private void tiled(MatmulGeometry g, Buffer a, Buffer b, Buffer addend, String withBias, Buffer c) {
        OpenClParameters parameters = runtime.parameters();
        int tile = OpenClTuning.tile(parameters.get(OpenClParameter.MATMUL_SMALL_TILE),
                parameters.get(OpenClParameter.MATMUL_LARGE_TILE), g.m(), g.n(), g.batch().turns());
        OpenClLaunch launch = runtime.kernel(
                "matmul",
                "product",
                withBias,
                "TILE=" + tile,
                g.transposeA() ? "TRANSPOSE_A" : "NORMAL_A",
                g.transposeB() ? "TRANSPOSE_B" : "NORMAL_B");
        launch.ints(g.m(), g.n(), g.k()).nest(g.batch()).buffers(a, b, addend, c).runTiles(g.m(), g.n(), g.batch().turns(), tile);
    }

    private void panels(MatmulGeometry g, Buffer a, Buffer b, Buffer addend, String withBias, Buffer c) {
        int batch = g.batch().turns();
        int panels = ceilDiv(g.n(), PANEL);
        int perProduct = Math.multiplyExact(panels * PANEL, g.k());
        // A second matrix that serves all products is packed once.
        int packs = g.batch().isConstant(1) ? 1 : batch;
        int rows = OpenClTuning.rowsPerItem(runtime.parameters().get(OpenClParameter.MATMUL_MOST_ROWS), g.m());
        OpenClBuffer packed = runtime.scratch(Math.multiplyExact(perProduct, packs));
        try {
            String layout = g.transposeB() ? "TRANSPOSE_B" : "NORMAL_B";
            runtime.kernel("matmul", "pack", withBias, "ROWS=" + rows, layout)
                    .ints(g.n(), g.k(), panels)
                    .nest(g.batch())
                    .buffers(b, packed)
                    .runAlone(panels, packs);
            runtime.kernel("matmul", "product", withBias, "ROWS=" + rows, layout)
                    .ints(g.m(), g.n(), g.k())
                    .ints(g.transposeA() ? 1 : g.k(), g.transposeA() ? g.m() : 1)
                    .ints(packs == 1 ? 0 : perProduct)
                    .nest(g.batch())
                    .buffers(a, packed, addend, c)
                    .runAlone(ceilDiv(g.m(), rows), panels, batch);
        } finally {
            packed.release();
        }
    }
}
