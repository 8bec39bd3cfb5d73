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

    /**
     * What a kernel does with a product while it has it at hand.
     *
     * @param bias    n elements, added to every row of c
     * @param relu    whether c is max(that, 0)
     * @param gate    of c's length: where it is not above 0, c becomes 0
     * @param rowSums m elements: the sums of the rows of op(a), of a single product
     */
    record Extras(@Nullable Buffer bias, boolean relu, @Nullable Buffer gate, @Nullable Buffer rowSums) {

        private String macro() {
            return rowSums != null ? "ROW_SUMS" : gate != null ? "GATE" : relu ? "RELU" : "PLAIN";
        }

        /** As arguments; the kernel does not look at what stands in for those that are missing. */
        private Buffer[] orElse(Buffer other) {
            return new Buffer[] {bias == null ? other : bias, gate == null ? other : gate, rowSums == null ? other : rowSums};
        }
    }

    @Override
    public void forward(MatmulGeometry g, Buffer a, Buffer b, @Nullable Buffer bias, Buffer c) {
        run(g, a, b, new Extras(bias, false, null, null), c);
    }

    /** {@code c = op(a) op(b)}, and what is to be done besides. */
    void run(MatmulGeometry g, Buffer a, Buffer b, Extras extras, Buffer c) {
        String withBias = extras.bias == null ? "NO_BIAS" : "BIAS";
        if (runtime.isTiled()) {
            tiled(g, a, b, extras, withBias, c);
        } else {
            panels(g, a, b, extras, withBias, c);
        }
    }

    /** Sums of rows are one more column of the product: b has ones there. */
    private static int columns(MatmulGeometry g, Extras extras) {
        return extras.rowSums == null ? g.n() : g.n() + 1;
    }

    private void tiled(MatmulGeometry g, Buffer a, Buffer b, Extras extras, String withBias, Buffer c) {
        int columns = columns(g, extras);
        int tile = OpenClTuning.tile(g.m(), columns, g.batch().turns());
        OpenClLaunch launch = runtime.kernel(
                "matmul",
                "product",
                withBias,
                extras.macro(),
                "TILE=" + tile,
                g.transposeA() ? "TRANSPOSE_A" : "NORMAL_A",
                g.transposeB() ? "TRANSPOSE_B" : "NORMAL_B");
        launch.ints(g.m(), g.n(), g.k())
                .nest(g.batch())
                .buffers(a, b)
                .buffers(extras.orElse(c))
                .buffers(c)
                .runTiles(g.m(), columns, g.batch().turns(), tile);
    }

    private void panels(MatmulGeometry g, Buffer a, Buffer b, Extras extras, String withBias, Buffer c) {
        int batch = g.batch().turns();
        int panels = ceilDiv(columns(g, extras), PANEL);
        int perProduct = Math.multiplyExact(panels * PANEL, g.k());
        // A second matrix that serves all products is packed once.
        int packs = g.batch().isConstant(1) ? 1 : batch;
        int rows = OpenClTuning.rowsPerItem(g.m());
        OpenClBuffer packed = runtime.scratch(Math.multiplyExact(perProduct, packs));
        try {
            String layout = g.transposeB() ? "TRANSPOSE_B" : "NORMAL_B";
            runtime.kernel("matmul", "pack", withBias, extras.macro(), "ROWS=" + rows, layout)
                    .ints(g.n(), g.k(), panels)
                    .nest(g.batch())
                    .buffers(b, packed)
                    .runAlone(panels, packs);
            runtime.kernel("matmul", "product", withBias, extras.macro(), "ROWS=" + rows, layout)
                    .ints(g.m(), g.n(), g.k())
                    .ints(g.transposeA() ? 1 : g.k(), g.transposeA() ? g.m() : 1)
                    .ints(packs == 1 ? 0 : perProduct)
                    .nest(g.batch())
                    .buffers(a, packed)
                    .buffers(extras.orElse(c))
                    .buffers(c)
                    .runAlone(ceilDiv(g.m(), rows), panels, batch);
        } finally {
            packed.release();
        }
    }
}
