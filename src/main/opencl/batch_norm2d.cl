// Batch normalisation. A channel's M = batch * plane elements are cut into chunks of fixed size; partial results of chunks go to
// scratch memory and are joined, in a fixed order. A group is a team of TEAM work-items, which share a chunk, or the chunks of a
// channel. x is read twice for the statistics, the second time from a cache, and once to normalise; x and dy are read twice by the
// gradient.
#include "common.cl"
#include "batch_norm2d_chunk.cl"
#include "batch_norm2d_element.cl"

#define ONE_AT(p, at) ((p)[at])
#define WHOLE_AT(p, at) (*(__global const Vec *)((p) + (at)))

// Adds TERM(AT, at) over this work-item's share of the elements t = start .. end-1 of a channel, with AT a way to load and at the
// place, and OTHER likewise: in vectors if planes are whole ones.
#define SUM_CHUNK_TWICE(sum, TERM, otherSum, OTHER)                                              \
    if (g.plane % WIDTH == 0) {                                                                  \
        Vec lanes = (Vec)(0.0f);                                                                 \
        Vec otherLanes = (Vec)(0.0f);                                                            \
        WALK(WIDTH, lanes += TERM(WHOLE_AT, at); otherLanes += OTHER(WHOLE_AT, at))              \
        sum += sumOfLanes(lanes);                                                                \
        otherSum += sumOfLanes(otherLanes);                                                      \
    } else {                                                                                     \
        WALK(1, sum += TERM(ONE_AT, at); otherSum += OTHER(ONE_AT, at))                          \
    }
#define WALK(length, ADD)                                                                        \
    {                                                                                            \
        const Place by = placeOf(g, 0, TEAM * length);                                           \
        Place place = placeOf(g, channel, start + TEAM_LANE * length);                           \
        _Pragma("unroll 4") for (int t = start + TEAM_LANE * length; t < end; t += TEAM * length) { \
            const int at = place.plane * g.plane + place.offset;                                 \
            ADD;                                                                                 \
            place = advanced(g, place, by);                                                      \
        }                                                                                        \
    }

#define NOTHING(AT, at) 0.0f
#define SUM_CHUNK(sum, TERM)                                                                     \
    {                                                                                            \
        float nothing = 0.0f;                                                                    \
        SUM_CHUNK_TWICE(sum, TERM, nothing, NOTHING)                                             \
    }

// The unit of elements for the sum of a chunk, which has at most half as many of them, so that it cannot overflow.
#define SUM_UNIT 0x1p16f

// The unit of deviations for sums of squares that cannot overflow.
#define LARGE 0x1p80f

// The mean of a chunk and the sum of squared deviations from it. chunkSquares has the sums of all chunks in the unit 1, then those
// in the unit LARGE. The sum is that of the differences from the chunk's first element: rounding a sum of the elements themselves
// would move the mean of nearly equal ones by more than they differ.
__kernel void statistics(
    const Chunks g, __global const float *x, __global float *chunkMean, __global float *chunkSquares)
{
    TEAM_SCRATCH(scratch);
    CHUNK;
    const Place firstPlace = placeOf(g, channel, start);
    const float first = x[firstPlace.plane * g.plane + firstPlace.offset];
    const float origin = isfinite(first) ? first * (1.0f / SUM_UNIT) : 0.0f;
    float sum = 0.0f;
#define DIFFERENCE(AT, at) AT(x, at) * (1.0f / SUM_UNIT) - origin
    SUM_CHUNK(sum, DIFFERENCE)
    const float mean = (origin + teamSum(sum, scratch) / (end - start)) * SUM_UNIT;
    float squares = 0.0f;
    float largeSquares = 0.0f;
#define SQUARE(AT, at) (AT(x, at) - mean) * (AT(x, at) - mean)
#define LARGE_SQUARE(AT, at) ((AT(x, at) - mean) * (1.0f / LARGE)) * ((AT(x, at) - mean) * (1.0f / LARGE))
    SUM_CHUNK_TWICE(squares, SQUARE, largeSquares, LARGE_SQUARE)
    squares = teamSum(squares, scratch);
    largeSquares = teamSum(largeSquares, scratch);
    if (TEAM_LANE == 0) {
        chunkMean[chunkId] = mean;
        chunkSquares[chunkId] = squares;
        chunkSquares[g.channels * g.splits + chunkId] = largeSquares;
    }
}

// Joins the chunks of a channel (Chan, Golub and LeVeque, 1983), a team per channel. RUNNING is defined where there are running
// statistics.
__kernel void join(
    const Chunks g, const float momentum, const float epsilon, __global const float *chunkMean,
    __global const float *chunkSquares, __global float *mean, __global float *reciprocal, __global float *runningMean,
    __global float *runningVariance)
{
    TEAM_SCRATCH(scratch);
    const int channel = get_global_id(0) / TEAM;
    const int m = g.batch * g.plane;
    const float first = chunkMean[channel * g.splits];
    float shift = 0.0f;
    for (int split = TEAM_LANE; split < g.splits; split += TEAM) {
        const int count = min(g.chunk, m - split * g.chunk);
        // Divided before it is added, which could overflow.
        shift += (chunkMean[channel * g.splits + split] - first) * ((float)count / m);
    }
    const float mean_ = first + teamSum(shift, scratch);
    float squares = 0.0f;
    float largeSquares = 0.0f;
    for (int split = TEAM_LANE; split < g.splits; split += TEAM) {
        const int chunkId = channel * g.splits + split;
        const int count = min(g.chunk, m - split * g.chunk);
        const float deviation = chunkMean[chunkId] - mean_;
        const float largeDeviation = deviation / LARGE;
        squares += chunkSquares[chunkId] + count * deviation * deviation;
        largeSquares += chunkSquares[g.channels * g.splits + chunkId] + count * largeDeviation * largeDeviation;
    }
    squares = teamSum(squares, scratch);
    largeSquares = teamSum(largeSquares, scratch);
    if (TEAM_LANE != 0) {
        return;
    }
    const bool fits = isfinite(squares);
    mean[channel] = mean_;
    reciprocal[channel] = fits ? 1.0f / sqrt(squares / m + epsilon) : 1.0f / LARGE / sqrt(largeSquares / m);
#ifdef RUNNING
    const float unbiased = fits ? squares / (m - 1) : largeSquares / (m - 1) * LARGE * LARGE;
    runningMean[channel] = (1.0f - momentum) * runningMean[channel] + momentum * mean_;
    runningVariance[channel] = (1.0f - momentum) * runningVariance[channel] + momentum * unbiased;
#endif
}

// A vector of elements per work-item if planes are whole vectors, otherwise one. RELU is defined as in common.cl.
__kernel void normalise(
    const Chunks g, const float epsilon, __global const float *x, __global const float *gamma, __global const float *beta,
    __global const float *mean, __global const float *spread, __global float *y)
{
    const bool inVectors = g.plane % WIDTH == 0;
    const uint from = get_global_id(0) * (inVectors ? WIDTH : 1);
    if (from >= (uint)(g.batch * g.channels * g.plane)) {
        return;
    }
    const int channel = from / (uint)g.plane % (uint)g.channels;
    const Norm norm = normOf(channel, epsilon, gamma, beta, mean, spread);
#define RESULT(AT, at) NORMALISED(norm, AT(x, at))
    if (inVectors) {
        *(__global Vec *)(y + from) = EPILOGUE_VEC(RESULT(WHOLE_AT, from), 0.0f);
    } else {
        y[from] = EPILOGUE(RESULT(ONE_AT, from), 0.0f);
    }
}

// A chunk's sums of dy and of dy xhat.
__kernel void gradientSums(
    const Chunks g, const float epsilon, __global const float *x, __global const float *mean, __global const float *spread,
    __global const float *dy, __global float *chunkDy, __global float *chunkDyXhat)
{
    TEAM_SCRATCH(scratch);
    CHUNK;
    const float centre = mean[channel];
    // Applied to each element: a product of gradient and deviation may overflow although that with xhat does not.
    const float reciprocal = reciprocalOf(channel, epsilon, spread);
    float dySum = 0.0f;
    float dyXhatSum = 0.0f;
#define DY(AT, at) AT(dy, at)
#define DY_XHAT(AT, at) AT(dy, at) * ((AT(x, at) - centre) * reciprocal)
    SUM_CHUNK_TWICE(dySum, DY, dyXhatSum, DY_XHAT)
    dySum = teamSum(dySum, scratch);
    dyXhatSum = teamSum(dyXhatSum, scratch);
    if (TEAM_LANE == 0) {
        chunkDy[chunkId] = dySum;
        chunkDyXhat[chunkId] = dyXhatSum;
    }
}

// Adds up the chunks of a channel, a team per channel.
__kernel void joinGradients(
    const Chunks g, __global const float *chunkDy, __global const float *chunkDyXhat,
    __global float *dgamma, __global float *dbeta)
{
    TEAM_SCRATCH(scratch);
    const int channel = get_global_id(0) / TEAM;
    float dySum = 0.0f;
    float dyXhatSum = 0.0f;
    for (int split = TEAM_LANE; split < g.splits; split += TEAM) {
        dySum += chunkDy[channel * g.splits + split];
        dyXhatSum += chunkDyXhat[channel * g.splits + split];
    }
    dySum = teamSum(dySum, scratch);
    dyXhatSum = teamSum(dyXhatSum, scratch);
    if (TEAM_LANE == 0) {
        dgamma[channel] = dyXhatSum;
        dbeta[channel] = dySum;
    }
}

// Work-items as in normalise.
__kernel void inputGradient(
    const Chunks g, const float epsilon, __global const float *x, __global const float *gamma, __global const float *mean,
    __global const float *spread, __global const float *dy, __global const float *dgamma, __global const float *dbeta,
    __global float *dx)
{
    const bool inVectors = g.plane % WIDTH == 0;
    const uint from = get_global_id(0) * (inVectors ? WIDTH : 1);
    if (from >= (uint)(g.batch * g.channels * g.plane)) {
        return;
    }
    const int channel = from / (uint)g.plane % (uint)g.channels;
    const NormGradient norm =
        normGradientOf(channel, (float)(g.batch * g.plane), epsilon, gamma, mean, spread, dgamma, dbeta);
#define DX(AT, at) NORM_GRADIENT(norm, AT(dy, at), AT(x, at))
    if (inVectors) {
        *(__global Vec *)(dx + from) = DX(WHOLE_AT, from);
    } else {
        dx[from] = DX(ONE_AT, from);
    }
}
