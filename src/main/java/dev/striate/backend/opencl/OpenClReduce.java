package dev.striate.backend.opencl;

import static dev.striate.backend.opencl.OpenClTuning.ceilDiv;

import dev.striate.backend.Buffer;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.ReduceKernels;
import dev.striate.backend.StridedLoop;
import org.jspecify.annotations.Nullable;

/** Launches {@code reduce.cl}. */
final class OpenClReduce implements ReduceKernels {

    /** Elements that one work-item adds up: few enough that rounding stays small where they are not summed in lanes. */
    private static final int CHUNK_ALONE = 512;
    /** Elements that each work-item of a team adds up. */
    private static final int CHUNK_TEAM = 32;
    /** Outputs from which on one work-item for each keeps a GPU busy. */
    private static final int MANY_OUTPUTS = 4096;

    private final OpenClRuntime runtime;

    OpenClReduce(OpenClRuntime runtime) {
        this.runtime = runtime;
    }

    @Override
    public void sum(StridedLoop kept, StridedLoop reduced, double scale, Buffer x, Buffer y) {
        sum(kept, reduced, (float) scale, x, y, false);
    }

    /** As {@link dev.striate.backend.OptimizerKernels#sumsOfSquares}: two outputs that read the same elements. */
    void sumsOfSquares(int n, Buffer x, Buffer y) {
        sum(StridedLoop.of(new int[] {2}, new int[] {0}), StridedLoop.of(new int[] {n}, new int[] {1}), 1, x, y, true);
    }

    private void sum(StridedLoop kept, StridedLoop reduced, float scale, Buffer x, Buffer y, boolean squares) {
        int outputs = kept.turns();
        int count = reduced.turns();
        boolean team = usesTeam(kept, reduced);
        int chunk = team ? CHUNK_TEAM * team() : CHUNK_ALONE;
        int splits = ceilDiv(count, chunk);
        if (splits == 1) {
            sumChunks(kept, reduced, chunk, splits, scale, x, y, team, squares);
            return;
        }
        OpenClBuffer partial = runtime.scratch(Math.multiplyExact(outputs, splits));
        try {
            sumChunks(kept, reduced, chunk, splits, 1, x, partial, team, squares);
            sum(
                    StridedLoop.of(new int[] {outputs}, new int[] {splits}),
                    StridedLoop.of(new int[] {splits}, new int[] {1}),
                    scale,
                    partial,
                    y,
                    false);
        } finally {
            partial.release();
        }
    }

    private void sumChunks(
            StridedLoop kept,
            StridedLoop reduced,
            int chunk,
            int splits,
            float scale,
            Buffer x,
            Buffer partial,
            boolean team,
            boolean squares) {
        int outputs = kept.turns();
        String what = squares ? "SQUARES" : "VALUES";
        OpenClLaunch launch = team
                ? runtime.kernel("reduce", "sumTeam", what)
                : runtime.kernel("reduce", "sumAlone", what).ints(outputs);
        launch.nest(kept)
                .nest(reduced)
                .ints(reduced.turns(), chunk, splits)
                .floats(scale)
                .buffers(x, partial);
        run(launch, outputs * splits, team);
    }

    private void run(OpenClLaunch launch, int chunks, boolean team) {
        if (team) {
            launch.runTeams(chunks, team());
        } else {
            launch.runItems(chunks);
        }
    }

    /**
     * Teams read along what is reduced; single work-items side by side along what is kept. The faster is what reads
     * densely.
     */
    private boolean usesTeam(StridedLoop kept, StridedLoop reduced) {
        if (team() == 1 || reduced.turns() < team() || kept.turns() > Integer.MAX_VALUE / (CHUNK_TEAM * team())) {
            return false;
        }
        boolean keptIsDense = kept.depth() > 0 && kept.stride(0, kept.depth() - 1) == 1;
        return !(keptIsDense && kept.turns() >= MANY_OUTPUTS);
    }

    private int team() {
        return runtime.parameters().get(OpenClParameter.REDUCE_TEAM);
    }

    @Override
    public void max(
            StridedLoop kept, StridedLoop reduced, boolean last, Buffer x, @Nullable Buffer y, IndexBuffer indices) {
        String what = last ? "LAST" : "VALUES";
        int outputs = kept.turns();
        boolean team = usesTeam(kept, reduced);
        int chunk = team ? CHUNK_TEAM * team() : CHUNK_ALONE;
        int splits = ceilDiv(reduced.turns(), chunk);
        int chunks = Math.multiplyExact(outputs, splits);
        OpenClBuffer values = runtime.scratch(chunks);
        OpenClIndexBuffer turns = new OpenClIndexBuffer(runtime.pool(), chunks);
        OpenClBuffer maxima = y == null ? runtime.scratch(outputs) : OpenClBuffer.of(y);
        try {
            OpenClLaunch launch = team
                    ? runtime.kernel("reduce", "maxTeam", what)
                    : runtime.kernel("reduce", "maxAlone", what).ints(outputs);
            launch.nest(kept)
                    .nest(reduced)
                    .ints(reduced.turns(), chunk, splits)
                    .buffers(x, values)
                    .indices(turns);
            run(launch, chunks, team);
            runtime.kernel("reduce", "maxOfChunks", what)
                    .ints(outputs, splits)
                    .buffers(values)
                    .indices(turns)
                    .buffers(maxima)
                    .indices(indices)
                    .runItems(outputs);
        } finally {
            values.release();
            turns.release();
            if (y == null) {
                maxima.release();
            }
        }
    }

    @Override
    public void maxGradient(StridedLoop kept, StridedLoop reduced, Buffer dy, IndexBuffer indices, Buffer dx) {
        int n = kept.turns() * reduced.turns();
        runtime.kernel("reduce", "maxGradient", "VALUES")
                .ints(n)
                .nest(kept)
                .nest(reduced)
                .ints(reduced.turns())
                .buffers(dy)
                .indices(indices)
                .buffers(dx)
                .runItems(n);
    }
}
