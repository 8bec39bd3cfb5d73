// Maximum pooling. Groups of 64; no atomics, nothing is zeroed first. RELU is defined where the result is max(that, 0).
#include "pool2d_geometry.cl"

// One output per work-item: reads its window once, writes the maximum and its place.
__kernel void forward(
    const int n, const Pool2dGeometry g, __global const float *x, __global float *y, __global int *indices)
{
    const int id = get_global_id(0);
    if (id >= n) {
        return;
    }
    const int ox = id % g.outWidth;
    const int oy = id / g.outWidth % g.outHeight;
    const int plane = id / g.outWidth / g.outHeight;
    __global const float *image = x + plane * g.inHeight * g.inWidth;
    float best = -INFINITY;
    int place = -1;
    for (int ky = 0; ky < g.kernelHeight; ++ky) {
        const int iy = oy * g.strideH - g.padTop + ky * g.dilationH;
        if (iy < 0 || iy >= g.inHeight) {
            continue;
        }
        for (int kx = 0; kx < g.kernelWidth; ++kx) {
            const int ix = ox * g.strideW - g.padLeft + kx * g.dilationW;
            if (ix < 0 || ix >= g.inWidth) {
                continue;
            }
            const float v = image[iy * g.inWidth + ix];
            // The first pixel always counts, even if it is minus infinity; after a NaN nothing does.
            if (place < 0 || (!isnan(best) && (v > best || isnan(v)))) {
                best = v;
                place = iy * g.inWidth + ix;
            }
        }
    }
#ifdef RELU
    best = best <= 0.0f ? 0.0f : best;
#endif
    y[id] = best;
    indices[id] = place;
}

// One input pixel per work-item: looks at every window that covers it.
__kernel void gradient(
    const int n, const Pool2dGeometry g, __global const float *dy, __global const int *indices, __global float *dx)
{
    const int id = get_global_id(0);
    if (id >= n) {
        return;
    }
    const int ix = id % g.inWidth;
    const int iy = id / g.inWidth % g.inHeight;
    const int plane = id / g.inWidth / g.inHeight;
    const int place = iy * g.inWidth + ix;
    float sum = 0.0f;
    for (int ky = 0; ky < g.kernelHeight; ++ky) {
        const int top = iy + g.padTop - ky * g.dilationH;
        const int oy = top / g.strideH;
        if (top < 0 || top % g.strideH != 0 || oy >= g.outHeight) {
            continue;
        }
        for (int kx = 0; kx < g.kernelWidth; ++kx) {
            const int left = ix + g.padLeft - kx * g.dilationW;
            const int ox = left / g.strideW;
            if (left < 0 || left % g.strideW != 0 || ox >= g.outWidth) {
                continue;
            }
            const int output = (plane * g.outHeight + oy) * g.outWidth + ox;
            if (indices[output] == place) {
                sum += dy[output];
            }
        }
    }
    dx[id] = sum;
}
