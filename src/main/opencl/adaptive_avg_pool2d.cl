// Average pooling to a given size. Groups of any size; no atomics, nothing is zeroed first.
#include "AdaptiveAvgPool2dGeometry.h"

int windowStart(int i, int in, int out)
{
    return (int)((long)i * in / out);
}

int windowEnd(int i, int in, int out)
{
    return (int)(((long)(i + 1) * in + out - 1) / out);
}

// One output per work-item: reads its window once, summed by rows.
__kernel void forward(
    const int n, const AdaptiveAvgPool2dGeometry g, __global const float *x, __global float *y)
{
    const int id = get_global_id(0);
    if (id >= n) {
        return;
    }
    const int ox = id % g.outWidth;
    const int oy = id / g.outWidth % g.outHeight;
    const int plane = id / g.outWidth / g.outHeight;
    const int top = windowStart(oy, g.inHeight, g.outHeight);
    const int bottom = windowEnd(oy, g.inHeight, g.outHeight);
    const int left = windowStart(ox, g.inWidth, g.outWidth);
    const int right = windowEnd(ox, g.inWidth, g.outWidth);
    float sum = 0.0f;
    for (int iy = top; iy < bottom; ++iy) {
        __global const float *row = x + (plane * g.inHeight + iy) * g.inWidth;
        float rowSum = 0.0f;
        for (int ix = left; ix < right; ++ix) {
            rowSum += row[ix];
        }
        sum += rowSum;
    }
    y[id] = sum / ((bottom - top) * (right - left));
}

// One input pixel per work-item. The windows that hold row r are those from floor(r out / in) to ceil((r + 1) out / in):
// the same rule with input and output exchanged.
__kernel void gradient(
    const int n, const AdaptiveAvgPool2dGeometry g, __global const float *dy, __global float *dx)
{
    const int id = get_global_id(0);
    if (id >= n) {
        return;
    }
    const int ix = id % g.inWidth;
    const int iy = id / g.inWidth % g.inHeight;
    const int plane = id / g.inWidth / g.inHeight;
    float sum = 0.0f;
    for (int oy = windowStart(iy, g.outHeight, g.inHeight); oy < windowEnd(iy, g.outHeight, g.inHeight); ++oy) {
        const int rows = windowEnd(oy, g.inHeight, g.outHeight) - windowStart(oy, g.inHeight, g.outHeight);
        float rowSum = 0.0f;
        for (int ox = windowStart(ix, g.outWidth, g.inWidth); ox < windowEnd(ix, g.outWidth, g.inWidth); ++ox) {
            const int columns = windowEnd(ox, g.inWidth, g.outWidth) - windowStart(ox, g.inWidth, g.outWidth);
            rowSum += dy[(plane * g.outHeight + oy) * g.outWidth + ox] / (rows * columns);
        }
        sum += rowSum;
    }
    dx[id] = sum;
}
