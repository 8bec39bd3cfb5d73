package dev.striate.backend.opencl;

import static dev.striate.backend.opencl.OpenClTuning.PANEL;
import static dev.striate.backend.opencl.OpenClTuning.TEAM;
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
    /** Elements that a team adds up, 32 each. */
    private static final int CHUNK_TEAM = 32 * TEAM;
    /** Outputs from which on one work-item for each keeps a GPU busy. */
    private static final int MANY_OUTPUTS = 4096;

    private final OpenClRuntime runtime;

    OpenClReduce(OpenClRuntime runtime) {
        this.runtime = runtime;
    }

    @Override
    public void sum(StridedLoop kept, StridedLoop reduced, float scale, Buffer x, Buffer y) {
        sum(kept, reduced, scale, x, y, false);
    }

    /** As {@link dev.striate.backend.OptimizerKernels#sumsOfSquares}: two outputs that read the same elements. */
    void sumsOfSquares(int n, Buffer x, Buffer y) {
        sum(StridedLoop.of(new int[] {2}, new int[] {0}), StridedLoop.of(new int[] {n}, new int[] {1}), 1, x, y, true);
    }

    private void sum(StridedLoop kept, StridedLoop reduced, float scale, Buffer x, Buffer y, boolean squares) {
        int outputs = kept.turns();
        int count = reduced.turns();
        boolean team = usesTeam(kept, reduced);
        int chunk = team ? CHUNK_TEAM : CHUNK_ALONE;
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
        if (liesSideBySide(kept, reduced)) {
            int inner = kept.size(kept.depth() - 1);
            runtime.kernel("reduce", "sumSideBySide", what, "TEAM=" + TEAM)
                    .ints(inner)
                    .nest(kept)
                    .nest(reduced)
                    .ints(reduced.turns(), chunk, splits)
                    .floats(scale)
                    .buffers(x, partial)
                    .runAlone(outputs / inner * ceilDiv(inner, PANEL), splits);
            return;
        }
        OpenClLaunch launch = team
                ? runtime.kernel("reduce", "sumTeam", what, "TEAM=" + TEAM)
                : runtime.kernel("reduce", "sumAlone", what, "TEAM=" + TEAM).ints(outputs);
        launch.nest(kept)
                .nest(reduced)
                .ints(reduced.turns(), chunk, splits)
                .floats(scale)
                .buffers(x, partial);
        run(launch, outputs * splits, team);
    }

    /**
     * Whether the vector shape adds up neighbouring outputs in the lanes of vectors: where only those are neighbours in
     * x.
     */
    private boolean liesSideBySide(StridedLoop kept, StridedLoop reduced) {
        return !runtime.isTiled()
                && kept.depth() > 0
                && kept.stride(0, kept.depth() - 1) == 1
                && reduced.depth() > 0
                && reduced.stride(0, reduced.depth() - 1) != 1;
    }

    private static void run(OpenClLaunch launch, int chunks, boolean team) {
        if (team) {
            launch.runTeams(chunks, TEAM);
        } else {
            launch.runItems(chunks);
        }
    }

    /**
     * Teams read along what is reduced; single work-items side by side along what is kept. The faster is what reads
     * densely.
     */
    private boolean usesTeam(StridedLoop kept, StridedLoop reduced) {
        if (!runtime.isTiled() || reduced.turns() < TEAM || kept.turns() > Integer.MAX_VALUE / CHUNK_TEAM) {
            return false;
        }
        boolean keptIsDense = kept.depth() > 0 && kept.stride(0, kept.depth() - 1) == 1;
        return !(keptIsDense && kept.turns() >= MANY_OUTPUTS);
    }

    @Override
    public void max(StridedLoop kept, StridedLoop reduced, Buffer x, @Nullable Buffer y, IndexBuffer indices) {
        int outputs = kept.turns();
        boolean team = usesTeam(kept, reduced);
        int chunk = team ? CHUNK_TEAM : CHUNK_ALONE;
        int splits = ceilDiv(reduced.turns(), chunk);
        int chunks = Math.multiplyExact(outputs, splits);
        OpenClBuffer values = runtime.scratch(chunks);
        OpenClIndexBuffer turns = new OpenClIndexBuffer(runtime.pool(), chunks);
        OpenClBuffer maxima = y == null ? runtime.scratch(outputs) : OpenClBuffer.of(y);
        try {
            OpenClLaunch launch = team
                    ? runtime.kernel("reduce", "maxTeam", "VALUES", "TEAM=" + TEAM)
                    : runtime.kernel("reduce", "maxAlone", "VALUES", "TEAM=" + TEAM)
                            .ints(outputs);
            launch.nest(kept)
                    .nest(reduced)
                    .ints(reduced.turns(), chunk, splits)
                    .buffers(x, values)
                    .indices(turns);
            run(launch, chunks, team);
            runtime.kernel("reduce", "maxOfChunks", "VALUES", "TEAM=" + TEAM)
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
        runtime.kernel("reduce", "maxGradient", "VALUES", "TEAM=" + TEAM)
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
