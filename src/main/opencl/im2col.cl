// The input of a convolution as a matrix (batch, channels * kernel, outputs), and back. Groups of any size.
#include "Conv2dGeometry.h"

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

// The taps of one axis that reach a pixel through some window: first, first + apart, ... below end.
typedef struct {
    int first;
    int end;
} Taps;

// place is the pixel counted with the padding before it. Tap t reaches it where place - t * dilation is the start of a window: a
// multiple of the stride, at most that of the last one. Dividing by the greatest common divisor of stride and dilation,
// stride / apart, leaves t modulo `apart`; inverse is that of dilation / divisor.
Taps tapsAt(int place, int kernelSize, int windows, int stride, int dilation, int apart, int inverse)
{
    const int divisor = stride / apart;
    Taps taps;
    taps.end = min(kernelSize, place / dilation + 1);
    taps.first = (int)((long)(place / divisor) * inverse % apart);
    const int beyond = place - (windows - 1) * stride;
    // Below it, windows would begin beyond the last.
    const int lowest = beyond > 0 ? (beyond - 1) / dilation + 1 : 0;
    if (taps.first < lowest) {
        taps.first += (lowest - taps.first + apart - 1) / apart * apart;
    }
    if (place % divisor != 0) {
        taps.end = 0;
    }
    return taps;
}

// One pixel per work-item: gathers the places that im2col filled from it, and looks at no others.
__kernel void col2im(
    const int n, const Conv2dGeometry g, const int apartH, const int inverseH, const int apartW, const int inverseW,
    __global const float *columns, __global float *x)
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
    const int top = iy + g.padTop;
    const int left = ix + g.padLeft;
    const Taps rows = tapsAt(top, g.kernelHeight, g.outHeight, g.strideH, g.dilationH, apartH, inverseH);
    const Taps taps = tapsAt(left, g.kernelWidth, g.outWidth, g.strideW, g.dilationW, apartW, inverseW);
    float sum = 0.0f;
    for (int ky = rows.first; ky < rows.end; ky += apartH) {
        const int oy = (top - ky * g.dilationH) / g.strideH;
        for (int kx = taps.first; kx < taps.end; kx += apartW) {
            const int ox = (left - kx * g.dilationW) / g.strideW;
            const int row = (plane * g.kernelHeight + ky) * g.kernelWidth + kx;
            sum += columns[(row * g.outHeight + oy) * g.outWidth + ox];
        }
    }
    x[id] = sum;
}
