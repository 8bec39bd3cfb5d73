// The input of a convolution as a matrix (batch, channels * kernel, outputs), and back. Groups of 64.
#include "conv2d_geometry.cl"

// One element of the matrix per work-item.
__kernel void im2col(const int n, const Conv2dGeometry g, __global const float *x, __global float *columns)
{
    const uint id = get_global_id(0);
    if (id >= (uint)n) {
        return;
    }
    int rest = id;
    const int ox = rest % g.outWidth;
    rest /= g.outWidth;
    const int oy = rest % g.outHeight;
    rest /= g.outHeight;
    const int kx = rest % g.kernelWidth;
    rest /= g.kernelWidth;
    const int ky = rest % g.kernelHeight;
    const int plane = rest / g.kernelHeight;
    const int iy = oy * g.strideH - g.padTop + ky * g.dilationH;
    const int ix = ox * g.strideW - g.padLeft + kx * g.dilationW;
    const bool inside = iy >= 0 && iy < g.inHeight && ix >= 0 && ix < g.inWidth;
    columns[id] = inside ? x[(plane * g.inHeight + iy) * g.inWidth + ix] : 0.0f;
}

// One pixel per work-item: gathers the places that im2col filled from it.
__kernel void col2im(const int n, const Conv2dGeometry g, __global const float *columns, __global float *x)
{
    const uint id = get_global_id(0);
    if (id >= (uint)n) {
        return;
    }
    int rest = id;
    const int ix = rest % g.inWidth;
    rest /= g.inWidth;
    const int iy = rest % g.inHeight;
    const int plane = rest / g.inHeight;
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
            const int row = (plane * g.kernelHeight + ky) * g.kernelWidth + kx;
            sum += columns[(row * g.outHeight + oy) * g.outWidth + ox];
        }
    }
    x[id] = sum;
}
