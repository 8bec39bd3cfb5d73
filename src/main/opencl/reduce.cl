// Sums and maxima over loop nests. The elements that go into one output are cut into chunks, a chunk's result goes to
// partial[output * splits + split], and the launcher reduces again until there is one chunk. So the order of additions is
// fixed by the sizes alone. Each element is read once.
#include "common.cl"

// The terms: x, or for the two sums of squares x^2 (output 0) and (x / 2^80)^2 (output 1).
#ifdef SQUARES
#define UNIT_OF(output) ((output) == 0 ? 1.0f : 0x1p-80f)
#define TERM(v, unit) ((unit) * (v) * ((unit) * (v)))
#else
#define UNIT_OF(output) 1.0f
#define TERM(v, unit) (v)
#endif

// Sum over a run, in WIDTH interleaved partial sums where it is dense.
float sumOfRun(__global const float *x, int stride, int count, float unit)
{
    float dense = 0.0f;
    int i = 0;
    if (stride == 1) {
        Vec lanes = (Vec)(0.0f);
        for (; i + WIDTH <= count; i += WIDTH) {
            const Vec v = vload4(0, x + i);
            lanes += TERM(v, unit);
        }
        dense = sumOfLanes(lanes);
    }
    float rest = 0.0f;
    for (; i < count; ++i) {
        const float v = x[i * stride];
        rest += TERM(v, unit);
    }
    return dense + rest;
}

// One chunk per work-item, groups of any size; neighbours take neighbouring outputs.
__kernel void sumAlone(
    const int outputs, __constant int *kept, const int keptDepth, __constant int *reduced, const int reducedDepth,
    const int count, const int chunk, const int splits, const float scale, __global const float *x, __global float *partial)
{
    const int id = get_global_id(0);
    if (id >= outputs * splits) {
        return;
    }
    const int output = id % outputs;
    const int split = id / outputs;
    const int end = min(count, (split + 1) * chunk);
    const int inner = reducedDepth > 0 ? reduced[reducedDepth - 1] : 1;
    const int stride = reducedDepth > 0 ? reduced[2 * reducedDepth - 1] : 1;
    __global const float *start = x + nestPosition(kept, keptDepth, 0, output);
    float total = 0.0f;
    for (int turn = split * chunk; turn < end;) {
        const int run = min(inner - turn % inner, end - turn);
        total += sumOfRun(start + nestPosition(reduced, reducedDepth, 0, turn), stride, run, UNIT_OF(output));
        turn += run;
    }
    partial[output * splits + split] = scale * total;
}

// Which of two equal values wins: the earlier or, with LAST, the later.
#ifdef LAST
#define WINS_TIE(i, other) ((i) > (other))
#else
#define WINS_TIE(i, other) ((i) < (other))
#endif

// Whether (v, i) displaces (best, bestIndex): NaN before all, then the larger, then by index.
bool displaces(float v, int i, float best, int bestIndex)
{
    if (isnan(best)) {
        return isnan(v) && WINS_TIE(i, bestIndex);
    }
    return isnan(v) || v > best || (v == best && WINS_TIE(i, bestIndex));
}

// The first chunk of a maximum: one chunk per work-item, groups of any size.
__kernel void maxAlone(
    const int outputs, __constant int *kept, const int keptDepth, __constant int *reduced, const int reducedDepth,
    const int count, const int chunk, const int splits, __global const float *x, __global float *values, __global int *turns)
{
    const int id = get_global_id(0);
    if (id >= outputs * splits) {
        return;
    }
    const int output = id % outputs;
    const int split = id / outputs;
    const int end = min(count, (split + 1) * chunk);
    const int inner = reducedDepth > 0 ? reduced[reducedDepth - 1] : 1;
    const int stride = reducedDepth > 0 ? reduced[2 * reducedDepth - 1] : 1;
    __global const float *start = x + nestPosition(kept, keptDepth, 0, output);
    int bestTurn = split * chunk;
    float best = start[nestPosition(reduced, reducedDepth, 0, bestTurn)];
    for (int turn = bestTurn; turn < end;) {
        const int run = min(inner - turn % inner, end - turn);
        __global const float *row = start + nestPosition(reduced, reducedDepth, 0, turn);
        for (int i = 0; i < run; ++i) {
            const float v = row[i * stride];
            if (displaces(v, turn + i, best, bestTurn)) {
                best = v;
                bestTurn = turn + i;
            }
        }
        turn += run;
    }
    values[output * splits + split] = best;
    turns[output * splits + split] = bestTurn;
}

// The maximum of the chunks' maxima: one output per work-item, groups of any size.
__kernel void maxOfChunks(
    const int outputs, const int splits, __global const float *values, __global const int *turns,
    __global float *y, __global int *indices)
{
    const int output = get_global_id(0);
    if (output >= outputs) {
        return;
    }
    float best = values[output * splits];
    int bestTurn = turns[output * splits];
    for (int split = 1; split < splits; ++split) {
        const float v = values[output * splits + split];
        const int turn = turns[output * splits + split];
        if (displaces(v, turn, best, bestTurn)) {
            best = v;
            bestTurn = turn;
        }
    }
    y[output] = best;
    indices[output] = bestTurn;
}

// One element of dx per work-item, groups of any size.
__kernel void maxGradient(
    const int n, __constant int *kept, const int keptDepth, __constant int *reduced, const int reducedDepth, const int count,
    __global const float *dy, __global const int *indices, __global float *dx)
{
    const uint i = get_global_id(0);
    if (i >= (uint)n) {
        return;
    }
    const int output = i / count;
    const int turn = i % count;
    const int position = nestPosition(kept, keptDepth, 0, output) + nestPosition(reduced, reducedDepth, 0, turn);
    dx[position] = indices[output] == turn ? dy[output] : 0.0f;
}

#if TEAM > 1

// One chunk per group of TEAM work-items, which read neighbouring turns.
__kernel void sumTeam(
    __constant int *kept, const int keptDepth, __constant int *reduced, const int reducedDepth,
    const int count, const int chunk, const int splits, const float scale, __global const float *x, __global float *partial)
{
    TEAM_SCRATCH(scratch);
    const int output = get_group_id(0) / splits;
    const int split = get_group_id(0) % splits;
    const int end = min(count, (split + 1) * chunk);
    __global const float *start = x + nestPosition(kept, keptDepth, 0, output);
    float own = 0.0f;
    for (int turn = split * chunk + TEAM_LANE; turn < end; turn += TEAM) {
        const float v = start[nestPosition(reduced, reducedDepth, 0, turn)];
        own += TERM(v, UNIT_OF(output));
    }
    const float total = teamSum(own, scratch);
    if (TEAM_LANE == 0) {
        partial[output * splits + split] = scale * total;
    }
}

// The same for maxima.
__kernel void maxTeam(
    __constant int *kept, const int keptDepth, __constant int *reduced, const int reducedDepth,
    const int count, const int chunk, const int splits, __global const float *x, __global float *values, __global int *turns)
{
    __local float bestValues[TEAM];
    __local int bestTurns[TEAM];
    const int output = get_group_id(0) / splits;
    const int split = get_group_id(0) % splits;
    const int end = min(count, (split + 1) * chunk);
    __global const float *start = x + nestPosition(kept, keptDepth, 0, output);
    // Every chunk has a first element; work-items without one of their own start from it too.
    int bestTurn = min(split * chunk + TEAM_LANE, end - 1);
    float best = start[nestPosition(reduced, reducedDepth, 0, bestTurn)];
    for (int turn = bestTurn + TEAM; turn < end; turn += TEAM) {
        const float v = start[nestPosition(reduced, reducedDepth, 0, turn)];
        if (displaces(v, turn, best, bestTurn)) {
            best = v;
            bestTurn = turn;
        }
    }
    bestValues[TEAM_LANE] = best;
    bestTurns[TEAM_LANE] = bestTurn;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_ = TEAM / 2; half_ > 0; half_ /= 2) {
        if (TEAM_LANE < half_) {
            const float v = bestValues[TEAM_LANE + half_];
            const int turn = bestTurns[TEAM_LANE + half_];
            if (displaces(v, turn, bestValues[TEAM_LANE], bestTurns[TEAM_LANE])) {
                bestValues[TEAM_LANE] = v;
                bestTurns[TEAM_LANE] = turn;
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (TEAM_LANE == 0) {
        values[output * splits + split] = bestValues[0];
        turns[output * splits + split] = bestTurns[0];
    }
}

#endif
