// The gradient of batch normalisation and of maximum pooling of its result. What the pooling makes of dy, the gradient of the
// maxima, is zero but at their places: it is nowhere written, and the sums go over the maxima instead of all elements. The
// geometry's plane is that of the maxima.
#include "common.cl"
#include "batch_norm2d_chunk.cl"
#include "batch_norm2d_element.cl"
#include "max_pool2d_gradient.cl"

// A chunk's sums of dy and of dy xhat, over maxima t = start .. end-1 of a channel.
__kernel void gradientSums(
    const Chunks g, const int inPlane, const float epsilon, __global const float *x, __global const float *mean,
    __global const float *spread, __global const float *dy, __global const int *indices, __global float *chunkDy,
    __global float *chunkDyXhat)
{
    TEAM_SCRATCH(scratch);
    CHUNK;
    const float centre = mean[channel];
    // Applied to each element: a product of gradient and deviation may overflow although that with xhat does not.
    const float reciprocal = reciprocalOf(channel, epsilon, spread);
    float dySum = 0.0f;
    float dyXhatSum = 0.0f;
    const Place by = placeOf(g, 0, TEAM);
    Place maximum = placeOf(g, channel, start + TEAM_LANE);
#pragma unroll 4
    for (int t = start + TEAM_LANE; t < end; t += TEAM) {
        const int at = maximum.plane * g.plane + maximum.offset;
        // A window without a pixel has no maximum. A conditional expression, not max(), which keeps Clang from unrolling.
        const int place = indices[at];
        const float passed = place < 0 ? 0.0f : dy[at];
        dySum += passed;
        dyXhatSum += passed * ((x[maximum.plane * inPlane + (place < 0 ? 0 : place)] - centre) * reciprocal);
        maximum = advanced(g, maximum, by);
    }
    dySum = teamSum(dySum, scratch);
    dyXhatSum = teamSum(dyXhatSum, scratch);
    if (TEAM_LANE == 0) {
        chunkDy[chunkId] = dySum;
        chunkDyXhat[chunkId] = dyXhatSum;
    }
}

// n work-items; every element of x and dx is read or written once, or on CPU devices twice.
__kernel void gradient(
    const int n, const Pool2dGeometry given, const int channels, const float m, const float epsilon, __global const float *x,
    __global const float *gamma, __global const float *mean, __global const float *spread, __global const float *dy,
    __global const int *indices, __global const float *dgamma, __global const float *dbeta, __global float *dx)
{
    const Pool2dGeometry g = withConstants(given);
    const int id = get_global_id(0);
    if (id >= n) {
        return;
    }
    const int channel = id / ITEMS_PER_PLANE(g) % channels;
    const NormGradient norm = normGradientOf(channel, m, epsilon, gamma, mean, spread, dgamma, dbeta);
#if PIXELS > 0
#define POOLED_GRADIENT(at) pooledGradient(g, plane, place, byWidth, dy, indices)
#else
#define POOLED_GRADIENT(at) dx[at]
    scatter(g, id, dy, indices, dx + id * g.inHeight * g.inWidth);
#endif
    FOR_PIXELS(g, id) {
        const int at = plane * inPlane + place;
        dx[at] = NORM_GRADIENT(norm, POOLED_GRADIENT(at), x[at]);
    }
}
