package dev.striate.backend.opencl;

import static dev.striate.backend.opencl.OpenClTuning.ceilDiv;

import dev.striate.backend.BatchNorm2dGeometry;
import dev.striate.backend.BatchNorm2dKernels;
import dev.striate.backend.Buffer;
import dev.striate.backend.NormGradients;
import dev.striate.backend.NormParameters;
import dev.striate.backend.NormStatistics;
import dev.striate.backend.RunningStatistics;
import org.jspecify.annotations.Nullable;

/** Launches {@code batch_norm2d.cl}. */
final class OpenClBatchNorm2d implements BatchNorm2dKernels {

    /** Elements of a channel that are summed in one go. */
    private static final int CHUNK = 2048;

    private final OpenClRuntime runtime;

    OpenClBatchNorm2d(OpenClRuntime runtime) {
        this.runtime = runtime;
    }

    @Override
    public void forwardTraining(
            BatchNorm2dGeometry g,
            Buffer x,
            NormParameters parameters,
            boolean relu,
            Buffer y,
            NormStatistics statistics,
            @Nullable RunningStatistics running) {
        statistics(g, x, statistics, running);
        forwardInference(g, x, parameters, statistics, relu, y);
    }

    /** The batch's statistics, and the running ones moved towards them. */
    void statistics(BatchNorm2dGeometry g, Buffer x, NormStatistics statistics, @Nullable RunningStatistics running) {
        int chunks = g.channels() * splits(g);
        OpenClBuffer chunkMean = runtime.scratch(chunks);
        OpenClBuffer chunkSquares = runtime.scratch(2 * chunks);
        Buffer unused = statistics.mean();
        try {
            kernel("statistics")
                    .struct(Chunks.of(g))
                    .buffers(x, chunkMean, chunkSquares)
                    .runTeams(chunks, team());
            kernel("join", running == null ? "NOT_RUNNING" : "RUNNING")
                    .struct(Chunks.of(g))
                    .floats(running == null ? 0 : running.momentum(), g.epsilon())
                    .buffers(chunkMean, chunkSquares, statistics.mean(), statistics.spread())
                    .buffers(running == null ? unused : running.mean(), running == null ? unused : running.variance())
                    .runTeams(g.channels(), team());
        } finally {
            chunkMean.release();
            chunkSquares.release();
        }
    }

    @Override
    public void forwardInference(
            BatchNorm2dGeometry g,
            Buffer x,
            NormParameters parameters,
            NormStatistics statistics,
            boolean relu,
            Buffer y) {
        kernel("normalise", macro(statistics), relu ? "RELU" : "PLAIN")
                .struct(Chunks.of(g))
                .floats(g.epsilon())
                .buffers(x, parameters.gamma(), parameters.beta(), statistics.mean(), statistics.spread(), y)
                .runItems(elementItems(g));
    }

    @Override
    public void gradient(
            BatchNorm2dGeometry g,
            Buffer x,
            Buffer gamma,
            NormStatistics statistics,
            Buffer dy,
            NormGradients gradients) {
        Buffer mean = statistics.mean();
        Buffer spread = statistics.spread();
        gradient(g, statistics, gradients, new Upstream() {
            @Override
            public void sum(Buffer chunkDy, Buffer chunkDyXhat) {
                kernel("gradientSums", macro(statistics))
                        .struct(Chunks.of(g))
                        .floats(g.epsilon())
                        .buffers(x, mean, spread, dy, chunkDy, chunkDyXhat)
                        .runTeams(g.channels() * splits(g), team());
            }

            @Override
            public void inputGradient(Buffer dyXhatSum, Buffer dySum, Buffer dx) {
                kernel("inputGradient", macro(statistics))
                        .struct(Chunks.of(g))
                        .floats(g.epsilon())
                        .buffers(x, gamma, mean, spread, dy, dyXhatSum, dySum, dx)
                        .runItems(elementItems(g));
            }
        });
    }

    /** Launches what reads the gradient of the results, dy. */
    interface Upstream {

        /** Sums dy and {@code dy xhat} over each chunk of a channel. */
        void sum(Buffer chunkDy, Buffer chunkDyXhat);

        /**
         * Writes the gradient of x. The sums are each channel's; nobody reads them where the statistics are not the
         * batch's.
         */
        void inputGradient(Buffer dyXhatSum, Buffer dySum, Buffer dx);
    }

    /** @param g what there is a dy for: its elements make the chunks */
    void gradient(BatchNorm2dGeometry g, NormStatistics statistics, NormGradients gradients, Upstream upstream) {
        Buffer dx = gradients.dx();
        Buffer dgamma = gradients.dgamma();
        Buffer dbeta = gradients.dbeta();
        int chunks = g.channels() * splits(g);
        OpenClBuffer chunkDy = runtime.scratch(chunks);
        OpenClBuffer chunkDyXhat = runtime.scratch(chunks);
        OpenClBuffer dyXhatSum = dgamma == null ? runtime.scratch(g.channels()) : OpenClBuffer.of(dgamma);
        OpenClBuffer dySum = dbeta == null ? runtime.scratch(g.channels()) : OpenClBuffer.of(dbeta);
        try {
            if (statistics.ofBatch() || dgamma != null || dbeta != null) {
                upstream.sum(chunkDy, chunkDyXhat);
                kernel("joinGradients")
                        .struct(Chunks.of(g))
                        .buffers(chunkDy, chunkDyXhat, dyXhatSum, dySum)
                        .runTeams(g.channels(), team());
            }
            if (dx != null) {
                upstream.inputGradient(dyXhatSum, dySum, dx);
            }
        } finally {
            chunkDy.release();
            chunkDyXhat.release();
            if (dgamma == null) {
                dyXhatSum.release();
            }
            if (dbeta == null) {
                dySum.release();
            }
        }
    }

    private OpenClLaunch kernel(String name, String... macros) {
        return runtime.kernel("batch_norm2d", name, macros);
    }

    /** Whether a kernel reads the batch's own statistics, with the reciprocal, or given ones, with the variance. */
    static String macro(NormStatistics statistics) {
        return statistics.ofBatch() ? "BATCH_STATISTICS" : "GIVEN_STATISTICS";
    }

    /** Work-items that share a chunk, and the chunks of a channel. */
    int team() {
        return runtime.parameters().get(OpenClParameter.REDUCE_TEAM);
    }

    static int splits(BatchNorm2dGeometry g) {
        return ceilDiv(g.batch() * g.plane(), CHUNK);
    }

    /** The chunks that the elements of a channel are cut into: {@code splits} of {@code chunk} elements or fewer. */
    record Chunks(int batch, int channels, int plane, int chunk, int splits) {

        static Chunks of(BatchNorm2dGeometry g) {
            return new Chunks(g.batch(), g.channels(), g.plane(), CHUNK, OpenClBatchNorm2d.splits(g));
        }
    }

    /**
     * Work-items of what goes element by element: one per vector, or per element where planes are not whole vectors.
     */
    private static int elementItems(BatchNorm2dGeometry g) {
        int width = g.plane() % OpenClTuning.WIDTH == 0 ? OpenClTuning.WIDTH : 1;
        return g.batch() * g.channels() * (g.plane() / width);
    }
}
