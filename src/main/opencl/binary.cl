// Functions of two elements, one of F_... per build. Each output is written once; operands are read once per output.
#include "common.cl"

#if defined(F_ADD)
#define APPLY(a, b) ((a) + (b))
#elif defined(F_SUB)
#define APPLY(a, b) ((a) - (b))
#elif defined(F_MUL)
#define APPLY(a, b) ((a) * (b))
#elif defined(F_DIV)
#define APPLY(a, b) ((a) / (b))
// Comparisons, not fmax and fmin: those lose NaN.
#elif defined(F_MAXIMUM)
#define APPLY(a, b) ((((a) != (a)) | ((a) > (b))) ? (a) : (b))
#elif defined(F_MINIMUM)
#define APPLY(a, b) ((((a) != (a)) | ((a) < (b))) ? (a) : (b))
#elif defined(F_POW)
#define APPLY(a, b) pow(a, b)
#elif defined(F_EQUAL)
#define APPLY(a, b) INDICATOR((a) == (b))
#elif defined(F_LESS)
#define APPLY(a, b) INDICATOR((a) < (b))
#elif defined(F_LESS_OR_EQUAL)
#define APPLY(a, b) INDICATOR((a) <= (b))
#endif

#ifdef APPLY

// Operands that are dense, or one element for all (A_CONSTANT, B_CONSTANT): one vector per work-item, groups of any size.
__kernel void dense(const int n, __global const float *a, __global const float *b, __global float *y)
{
    const uint first = FIRST_ELEMENT;
    if (first >= (uint)n) {
        return;
    }
#ifdef A_CONSTANT
    const Vec left = (Vec)(a[0]);
#else
    const Vec left = loadVec(a, first, n);
#endif
#ifdef B_CONSTANT
    const Vec right = (Vec)(b[0]);
#else
    const Vec right = loadVec(b, first, n);
#endif
#define INDICATOR(condition) ((condition) ? (Vec)(1.0f) : (Vec)(0.0f))
    storeVec(APPLY(left, right), y, first, n);
#undef INDICATOR
}

// Any operands: one element per work-item, groups of any size, positions from the nest's table.
__kernel void strided(
    const int n, __constant int *nest, const int depth, __global const float *a, __global const float *b, __global float *y)
{
    const uint i = get_global_id(0);
    if (i >= (uint)n) {
        return;
    }
    const int2 position = nestPositions(nest, depth, i);
#define INDICATOR(condition) ((condition) ? 1.0f : 0.0f)
    y[i] = APPLY(a[position.x], b[position.y]);
#undef INDICATOR
}

#else

// One vector per work-item, groups of any size.
__kernel void where(
    const int n, __global const float *condition, __global const float *a, __global const float *b, __global float *y)
{
    const uint first = FIRST_ELEMENT;
    if (first >= (uint)n) {
        return;
    }
    storeVec(loadVec(condition, first, n) != 0.0f ? loadVec(a, first, n) : loadVec(b, first, n), y, first, n);
}

// into += alpha x: one vector per work-item, groups of any size.
__kernel void accumulate(const int n, const float alpha, __global const float *x, __global float *into)
{
    const uint first = FIRST_ELEMENT;
    if (first >= (uint)n) {
        return;
    }
    storeVec(fma((Vec)(alpha), loadVec(x, first, n), loadVec(into, first, n)), into, first, n);
}

#endif
