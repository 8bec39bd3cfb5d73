// Functions of one element, one of F_... per build. One vector per work-item, groups of 64; each element is read once and
// written once.
#include "common.cl"

#define ZERO ((Vec)(0.0f))
#define ONE ((Vec)(1.0f))

#if defined(F_AFFINE)
#define VALUE fma((Vec)(a), x, (Vec)(b))
#define DERIVATIVE ((Vec)(a))
#elif defined(F_EXP)
#define VALUE exp(x)
#define DERIVATIVE y
#elif defined(F_LOG)
#define VALUE log(x)
#define DERIVATIVE (1.0f / x)
#elif defined(F_SQRT)
#define VALUE sqrt(x)
#define DERIVATIVE (0.5f / y)
#elif defined(F_POW)
#define VALUE pow(x, (Vec)(a))
// b is a - 1, rounded from double precision.
#define DERIVATIVE (a == 0.0f ? ZERO : a * pow(x, (Vec)(b)))
#elif defined(F_ABS)
#define VALUE fabs(x)
// Zero and NaN are their own sign.
#define DERIVATIVE (x > ZERO ? ONE : (x < ZERO ? -ONE : x))
#elif defined(F_CLAMP)
// Comparisons, not fmin and fmax: those lose NaN.
#define RAISED (x < (Vec)(a) ? (Vec)(a) : x)
#define VALUE (RAISED > (Vec)(b) ? (Vec)(b) : RAISED)
#define DERIVATIVE (x >= (Vec)(a) && x <= (Vec)(b) ? ONE : ZERO)
#elif defined(F_RELU)
#define VALUE (x <= ZERO ? ZERO : x)
#define DERIVATIVE (y > ZERO ? ONE : ZERO)
#elif defined(F_LEAKY_RELU)
#define VALUE (x > ZERO ? x : a * x)
#define DERIVATIVE (x > ZERO ? ONE : (Vec)(a))
#elif defined(F_ELU)
#define VALUE (x > ZERO ? x : a * expm1(x))
#define DERIVATIVE (x > ZERO ? ONE : a * exp(x))
#elif defined(F_SIGMOID)
// e^-|x| cannot overflow, and neither side loses digits.
#define DECAY exp(-fabs(x))
#define VALUE (x >= ZERO ? ONE / (ONE + DECAY) : DECAY / (ONE + DECAY))
#define DERIVATIVE (y * (ONE - y))
#elif defined(F_TANH)
#define VALUE tanh(x)
#define DERIVATIVE ((ONE - y) * (ONE + y))
#elif defined(F_GELU)
// The distribution function by erfc, which keeps its digits where 1 + erf would cancel.
#define DISTRIBUTION (0.5f * erfc(-0.70710678118654752f * x))
#define DENSITY (0.39894228040143268f * exp(-0.5f * x * x))
#define VALUE (x * DISTRIBUTION)
#define DERIVATIVE (DISTRIBUTION + x * DENSITY)
#endif

// y may be x.
__kernel void forward(const int n, const float a, const float b, __global const float *input, __global float *output)
{
    const uint first = FIRST_ELEMENT;
    if (first >= (uint)n) {
        return;
    }
    const Vec x = loadVec(input, first, n);
    storeVec(VALUE, output, first, n);
}

// saved is x or y: the derivatives above name what they are computed from.
__kernel void gradient(
    const int n, const float a, const float b, __global const float *saved, __global const float *dy, __global float *dx)
{
    const uint first = FIRST_ELEMENT;
    if (first >= (uint)n) {
        return;
    }
    const Vec x = loadVec(saved, first, n);
    const Vec y = x;
    storeVec(DERIVATIVE * loadVec(dy, first, n), dx, first, n);
}
