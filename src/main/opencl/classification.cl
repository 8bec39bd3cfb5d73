// What cross-entropy and negative log-likelihood share. REDUCTION_NONE, _SUM or _MEAN is defined.
#include "common.cl"
#include "Classification.h"

// Partial sums are closed after this many terms, so that rounding does not grow with their number.
#define BLOCK 64

// A unit of losses in which the sum of all examples cannot overflow.
#define LARGE_LOSS 0x1p32f

// Writes the reduced loss and the number of examples that count. The mean may be finite although the sum is not: largeSum is the
// sum in the unit LARGE_LOSS.
void storeLoss(float sum, float largeSum, float counted, int countAt, __global float *loss, __global float *saved)
{
    saved[countAt] = counted;
#if defined(REDUCTION_MEAN)
    loss[0] = isfinite(sum) ? sum / counted : largeSum / counted * LARGE_LOSS;
#elif defined(REDUCTION_SUM)
    loss[0] = isfinite(sum) ? sum : largeSum * LARGE_LOSS;
#endif
}

// Closes the forward pass: reduces the losses and counts the examples that count. One team in all.
__kernel void finish(
    const Classification g, const int countAt, __global const float *losses, __global const int *labels, __global float *loss,
    __global float *saved)
{
    TEAM_SCRATCH(scratch);
    float sum = 0.0f;
    float largeSum = 0.0f;
    float counted = 0.0f;
    for (int block = TEAM_LANE; block < g.examples; block += TEAM * BLOCK) {
        const int end = min(g.examples, block + TEAM * BLOCK);
        float part = 0.0f;
        float largePart = 0.0f;
        float partCounted = 0.0f;
        for (int i = block; i < end; i += TEAM) {
            part += losses[i];
            largePart += losses[i] * (1.0f / LARGE_LOSS);
            partCounted += labels[i] == g.ignoreIndex ? 0.0f : 1.0f;
        }
        sum += part;
        largeSum += largePart;
        counted += partCounted;
    }
    sum = teamSum(sum, scratch);
    largeSum = teamSum(largeSum, scratch);
    counted = teamSum(counted, scratch);
    if (TEAM_LANE == 0) {
        storeLoss(sum, largeSum, counted, countAt, loss, saved);
    }
}

// The gradient of an example's loss or, reduced, of that of all.
float upstreamOf(int example, __global const float *dy)
{
#if defined(REDUCTION_NONE)
    return dy[example];
#else
    return dy[0];
#endif
}

// What an example's gradient is multiplied with.
float gradientScale(float upstream, float counted)
{
#if defined(REDUCTION_MEAN)
    return upstream / counted;
#else
    return upstream;
#endif
}
