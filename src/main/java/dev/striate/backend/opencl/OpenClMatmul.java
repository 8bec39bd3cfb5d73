package dev.striate.backend.opencl;

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
        // Sums of rows are one more column of the product: b has ones there.
        int columns = extras.rowSums == null ? g.n() : g.n() + 1;
        OpenClTuning.Tile tile = runtime.parameters()
                .tile(
                        OpenClParameter.MATMUL_SMALL_TILE,
                        OpenClParameter.MATMUL_LARGE_TILE,
                        g.m(),
                        columns,
                        g.batch().turns());
        String[] macros = tile.macros(
                extras.bias == null ? "NO_BIAS" : "BIAS",
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
}
