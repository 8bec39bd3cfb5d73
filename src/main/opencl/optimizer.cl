// Updates over flat storage. One vector per work-item, groups of any size; each buffer is read once and, where it changes, written
// once.
#include "common.cl"

// MOMENTUM, NESTEROV and FIRST_STEP are defined as the step says.
__kernel void sgd(
    const int n, const float learningRate, const float momentum, const float undamped, const float weightDecay,
    __global float *weights, __global const float *gradients, __global float *velocity)
{
    const uint first = FIRST_ELEMENT;
    if (first >= (uint)n) {
        return;
    }
    const Vec w = loadVec(weights, first, n);
    const Vec g = loadVec(gradients, first, n) + weightDecay * w;
#ifdef MOMENTUM
#ifdef FIRST_STEP
    const Vec v = g;
#else
    const Vec v = momentum * loadVec(velocity, first, n) + undamped * g;
#endif
    storeVec(v, velocity, first, n);
#ifdef NESTEROV
    const Vec d = g + momentum * v;
#else
    const Vec d = v;
#endif
#else
    const Vec d = g;
#endif
    storeVec(w - learningRate * d, weights, first, n);
}

// DECOUPLED is defined for AdamW. rest1 and rest2 are 1 - beta1 and 1 - beta2. The order of operations
// avoids g^2 and v over its correction, which may overflow.
__kernel void adam(
    const int n, const float learningRate, const float beta1, const float rest1, const float beta2, const float rest2,
    const float epsilon, const float weightDecay, const float correction1, const float rootOfCorrection2,
    __global float *weights, __global const float *gradients, __global float *moment1, __global float *moment2)
{
    const uint first = FIRST_ELEMENT;
    if (first >= (uint)n) {
        return;
    }
    Vec w = loadVec(weights, first, n);
    Vec g = loadVec(gradients, first, n);
#ifdef DECOUPLED
    w -= learningRate * weightDecay * w;
#else
    g += weightDecay * w;
#endif
    const Vec m = beta1 * loadVec(moment1, first, n) + rest1 * g;
    const Vec v = beta2 * loadVec(moment2, first, n) + rest2 * g * g;
    storeVec(m, moment1, first, n);
    storeVec(v, moment2, first, n);
    storeVec(w - learningRate * (m / correction1) / (sqrt(v) / rootOfCorrection2 + epsilon), weights, first, n);
}

// sumsOfSquares holds the sum of squares and, in case that overflows, the sum of squares over 2^160.
__kernel void clip(const int n, const float maxNorm, __global const float *sumsOfSquares, __global float *gradients)
{
    const uint first = FIRST_ELEMENT;
    if (first >= (uint)n) {
        return;
    }
    const bool fits = isfinite(sumsOfSquares[0]);
    const float unit = fits ? 1.0f : 0x1p-80f;
    const float norm = sqrt(sumsOfSquares[fits ? 0 : 1]) + 1e-6f * unit;
    Vec g = loadVec(gradients, first, n);
    if (!isfinite(norm)) {
        g = (Vec)(NAN);
    } else if (maxNorm * unit < norm) {
        // In this order, no intermediate product overflows.
        g = g * unit * (1.0f / norm) * maxNorm;
    }
    storeVec(g, gradients, first, n);
}
