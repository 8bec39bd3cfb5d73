package dev.striate.backend.cpu;

import dev.striate.backend.Buffer;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.ReduceKernels;
import dev.striate.backend.StridedLoop;
import dev.striate.backend.cpu.simd.ReductionKernels;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Sums, in double precision or, along neighbours, as {@link ReductionKernels} takes them, and maxima. Many outputs are
 * shared out among the threads; for few, the elements that go into them are cut into chunks whose bounds follow from
 * the loops alone, and the chunks' sums are added in order.
 */
final class CpuReduce implements ReduceKernels {

    /** From this many outputs on, they are work enough to share. */
    private static final int MANY_OUTPUTS = 64;

    private static final int CHUNK = 32_768;

    private final CpuThreads threads;
    private final ReductionKernels reductions;

    CpuReduce(CpuContext context) {
        this.threads = context.threads();
        this.reductions = context.simd().reductions();
    }

    @Override
    public void sum(StridedLoop kept, StridedLoop reduced, double scale, Buffer x, Buffer y) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer out = CpuBuffer.of(y);
        int outputs = kept.turns();
        int turns = reduced.turns();
        long work = (long) outputs * turns / 2 + outputs * 4L;
        int chunks = outputs >= MANY_OUTPUTS ? 1 : Sizes.ceilDiv(turns, CHUNK);
        if (chunks == 1) {
            threads.forRange(outputs, work, (from, to) -> {
                double[] sums = new double[to - from];
                addUp(kept, from, to, reduced, 0, turns, in, sums, 0);
                for (int i = from; i < to; i++) {
                    out.array[out.offset + i] = (float) (scale * sums[i - from]);
                }
            });
            return;
        }
        double[] partials = new double[chunks * outputs];
        threads.parallelFor(
                chunks,
                work,
                chunk -> addUp(
                        kept,
                        0,
                        outputs,
                        reduced,
                        chunk * CHUNK,
                        (int) Math.min(turns, (chunk + 1L) * CHUNK),
                        in,
                        partials,
                        chunk * outputs));
        for (int i = 0; i < outputs; i++) {
            double sum = 0;
            for (int chunk = 0; chunk < chunks; chunk++) {
                sum += partials[chunk * outputs + i];
            }
            out.array[out.offset + i] = (float) (scale * sum);
        }
    }

    /** Adds, for the outputs {@code from .. to-1}, the given turns to {@code sums[at], sums[at + 1], ...}. */
    private void addUp(
            StridedLoop kept,
            int from,
            int to,
            StridedLoop reduced,
            int firstTurn,
            int endTurn,
            CpuBuffer x,
            double[] sums,
            int at) {
        ReductionKernels.Accumulator accumulator = reductions.accumulator();
        Runs runs = new Runs(reduced, firstTurn, endTurn);
        boolean outputsAreNeighbours = innermostStride(kept) == 1 && innermostStride(reduced) != 1;
        for (Runs outputs = new Runs(kept, from, to); outputs.next(); at += outputs.length()) {
            int start = x.offset + outputs.position(0);
            if (outputsAreNeighbours) {
                addLines(start, outputs.length(), runs, x.array, sums, at);
            } else {
                for (int i = 0; i < outputs.length(); i++) {
                    int base = start + i * outputs.stride(0);
                    for (runs.restart(); runs.next(); ) {
                        int first = base + runs.position(0);
                        sums[at + i] += runs.stride(0) == 1
                                ? reductions.sum(runs.length(), x.array, first, accumulator)
                                : Sums.sum(x.array, first, runs.stride(0), runs.length());
                    }
                }
            }
        }
    }

    /** Adds whole lines of neighbouring elements, as in a sum over the first axis. */
    private static void addLines(int start, int length, Runs reduced, float[] x, double[] sums, int at) {
        for (reduced.restart(); reduced.next(); ) {
            for (int turn = 0; turn < reduced.length(); turn++) {
                int line = start + reduced.position(0) + turn * reduced.stride(0);
                for (int i = 0; i < length; i++) {
                    sums[at + i] += x[line + i];
                }
            }
        }
    }

    private static int innermostStride(StridedLoop loop) {
        return loop.depth() == 0 ? 0 : loop.stride(0, loop.depth() - 1);
    }

    @Override
    public void max(
            StridedLoop kept, StridedLoop reduced, boolean last, Buffer x, @Nullable Buffer y, IndexBuffer indices) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer out = CpuBuffer.ofNullable(y);
        int[] places = CpuIndexBuffer.of(indices).array;
        int turns = reduced.turns();
        threads.forRange(kept.turns(), (long) kept.turns() * (turns + 8L), (from, to) -> {
            int output = from;
            for (Runs outputs = new Runs(kept, from, to); outputs.next(); ) {
                for (int i = 0; i < outputs.length(); i++, output++) {
                    int base = in.offset + outputs.position(0) + i * outputs.stride(0);
                    int place = last
                            ? placeOfLastMax(reduced, turns, in.array, base)
                            : placeOfMax(reduced, turns, in.array, base);
                    places[output] = place;
                    if (out != null) {
                        out.array[out.offset + output] = in.array[base + reduced.position(0, place)];
                    }
                }
            }
        });
    }

    private static int placeOfMax(StridedLoop reduced, int turns, float[] x, int base) {
        float best = x[base];
        int place = 0;
        int turn = 0;
        for (Runs runs = new Runs(reduced, 0, turns); runs.next(); ) {
            int at = base + runs.position(0);
            int stride = runs.stride(0);
            for (int i = 0; i < runs.length(); i++, turn++, at += stride) {
                // Written so that NaN passes.
                if (!(x[at] <= best)) {
                    best = x[at];
                    place = turn;
                }
                if (Float.isNaN(best)) {
                    return place;
                }
            }
        }
        return place;
    }

    /** Goes backward, so that the last of equal maxima comes first. */
    private static int placeOfLastMax(StridedLoop reduced, int turns, float[] x, int base) {
        int place = turns - 1;
        float best = x[base + reduced.position(0, place)];
        for (int turn = place - 1; turn >= 0 && !Float.isNaN(best); turn--) {
            float value = x[base + reduced.position(0, turn)];
            // Written so that NaN passes.
            if (!(value <= best)) {
                best = value;
                place = turn;
            }
        }
        return place;
    }

    @Override
    public void maxGradient(StridedLoop kept, StridedLoop reduced, Buffer dy, IndexBuffer indices, Buffer dx) {
        CpuBuffer in = CpuBuffer.of(dy);
        CpuBuffer out = CpuBuffer.of(dx);
        int[] places = CpuIndexBuffer.of(indices).array;
        Arrays.fill(out.array, out.offset, out.offset + out.length(), 0f);
        int outputs = kept.turns();
        threads.forRange(outputs, outputs * 10L, (from, to) -> {
            int output = from;
            for (Runs runs = new Runs(kept, from, to); runs.next(); ) {
                for (int i = 0; i < runs.length(); i++, output++) {
                    int base = out.offset + runs.position(0) + i * runs.stride(0);
                    out.array[base + reduced.position(0, places[output])] = in.array[in.offset + output];
                }
            }
        });
    }
}
