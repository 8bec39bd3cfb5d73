package dev.striate.backend.opencl;

import static dev.striate.backend.opencl.OpenClTuning.PANEL;
import static dev.striate.backend.opencl.OpenClTuning.ceilDiv;

import dev.striate.backend.Buffer;
import dev.striate.backend.MatmulGeometry;
import dev.striate.backend.MatmulKernels;
import org.jspecify.annotations.Nullable;

/** Launches {@code matmul.cl}. */
final class OpenClMatmul implements MatmulKernels {

    /** Vectors that a work-item multiplies at least, if the work allows: a few microseconds. */
    private static final int ITEM_VECTORS = 1 << 14;
    /** Rows up to which packing the second matrix would take as long as the product. */
    private static final int FEW_ROWS = 32;
    /** Floats of a second matrix that the second cache of a CPU holds however they are laid out. */
    private static final int STORED_FLOATS = 1 << 16;
    /** Values of k that a work-item packs; {@code matmul_pack.cl} calls it LENGTH. */
    private static final int PACKED_LENGTH = 256;

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
    record Extras(
            @Nullable Buffer bias,
            boolean relu,
            @Nullable Buffer gate,
            @Nullable Buffer rowSums) {

        private String macro() {
            return rowSums != null ? "ROW_SUMS" : gate != null ? "GATE" : relu ? "RELU" : "PLAIN";
        }

        /** As arguments; the kernel does not look at what stands in for those that are missing. */
        private Buffer[] orElse(Buffer other) {
            return new Buffer[] {
                bias == null ? other : bias, gate == null ? other : gate, rowSums == null ? other : rowSums
            };
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

    private void tiled(MatmulGeometry g, Buffer a, Buffer b, Extras extras, String withBias, Buffer c) {
        // Sums of rows are one more column of the product: b has ones there.
        int columns = extras.rowSums == null ? g.n() : g.n() + 1;
        OpenClParameters parameters = runtime.parameters();
        OpenClTuning.Tile tile = OpenClTuning.tile(
                parameters.get(OpenClParameter.MATMUL_SMALL_TILE),
                parameters.get(OpenClParameter.MATMUL_LARGE_TILE),
                g.m(),
                columns,
                g.batch().turns());
        String[] macros = tile.macros(
                withBias,
                extras.macro(),
                g.transposeA() ? "TRANSPOSE_A" : "NORMAL_A",
                g.transposeB() ? "TRANSPOSE_B" : "NORMAL_B");
        runtime.kernel("matmul", "product", macros)
                .ints(g.m(), g.n(), g.k())
                .nest(g.batch())
                .buffers(a, b)
                .buffers(extras.orElse(c))
                .buffers(c)
                .runTiles(g.m(), columns, g.batch().turns(), tile);
    }

    private void panels(MatmulGeometry g, Buffer a, Buffer b, Extras extras, String withBias, Buffer c) {
        int batch = g.batch().turns();
        int vectors = g.n() > PANEL ? 2 : 1;
        int width = vectors * PANEL;
        int panels = ceilDiv(g.n(), width);
        int rows = OpenClTuning.rowsPerItem(runtime.parameters().get(OpenClParameter.MATMUL_MOST_ROWS), g.m());
        int blocks = ceilDiv(g.m(), rows);
        int blocksPerItem = (int) Math.max(1, Math.min(blocks, ITEM_VECTORS / ((long) g.k() * rows * vectors)));
        // Few rows are computed as fast as the matrix is copied; a large one, read in place, would fall out of the
        // cache.
        boolean packs =
                g.transposeB() || g.n() % width != 0 || g.m() > FEW_ROWS && (long) g.k() * g.n() > STORED_FLOATS;
        // A second matrix that serves all products is packed once.
        int copies = g.batch().isConstant(1) ? 1 : batch;
        int perProduct = Math.multiplyExact(panels * width, g.k());
        OpenClBuffer packed = packs ? runtime.scratch(Math.multiplyExact(perProduct, copies)) : null;
        try {
            if (packed != null) {
                runtime.kernel("matmul_pack", "pack", "VECTORS=" + vectors, g.transposeB() ? "TRANSPOSE_B" : "NORMAL_B")
                        .ints(g.n(), g.k())
                        .nest(g.batch())
                        .buffers(b, packed)
                        .runAlone(ceilDiv(g.k(), PACKED_LENGTH), panels, copies);
            }
            runtime.kernel(
                            "matmul",
                            "product",
                            withBias,
                            extras.macro(),
                            "ROWS=" + rows,
                            "VECTORS=" + vectors,
                            packs ? "PACKED" : "STORED")
                    .ints(g.m(), g.n(), g.k(), blocksPerItem)
                    .ints(g.transposeA() ? 1 : g.k(), g.transposeA() ? g.m() : 1)
                    .ints(packs ? width : g.n(), packs ? width * g.k() : width, copies == 1 ? 0 : perProduct)
                    .nest(g.batch())
                    .buffers(a, packed == null ? b : packed)
                    .buffers(extras.orElse(c))
                    .buffers(c)
                    .runAlone(ceilDiv(blocks, blocksPerItem), panels, batch);
        } finally {
            if (packed != null) {
                packed.release();
            }
        }
    }
}
