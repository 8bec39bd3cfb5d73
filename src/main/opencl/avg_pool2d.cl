// Average pooling. Groups of 64; no atomics, nothing is zeroed first. COUNT_PADDING is defined where padding counts.
#include "pool2d_geometry.cl"

// How many cells of a window count along one axis.
int cellsThatCount(int start, int kernelSize, int size, int padAfter)
{
#ifdef COUNT_PADDING
    return min(start + kernelSize, size + padAfter) - start;
#else
    return min(start + kernelSize, size) - max(start, 0);
#endif
}

int divisor(const Pool2dGeometry g, int top, int left)
{
    const int rows = cellsThatCount(top, g.kernelHeight, g.inHeight, g.padBottom);
    const int columns = cellsThatCount(left, g.kernelWidth, g.inWidth, g.padRight);
    return max(rows, 0) * max(columns, 0);
}

// One output per work-item: reads its window once, summed by rows.
__kernel void forward(const int n, const Pool2dGeometry g, __global const float *x, __global float *y)
{
    const int id = get_global_id(0);
    if (id >= n) {
        return;
    }
    const int ox = id % g.outWidth;
    const int oy = id / g.outWidth % g.outHeight;
    const int plane = id / g.outWidth / g.outHeight;
    const int top = oy * g.strideH - g.padTop;
    const int left = ox * g.strideW - g.padLeft;
    float sum = 0.0f;
    for (int iy = max(top, 0); iy < min(top + g.kernelHeight, g.inHeight); ++iy) {
        __global const float *row = x + (plane * g.inHeight + iy) * g.inWidth;
        float rowSum = 0.0f;
        for (int ix = max(left, 0); ix < min(left + g.kernelWidth, g.inWidth); ++ix) {
            rowSum += row[ix];
        }
        sum += rowSum;
    }
    const int cells = divisor(g, top, left);
    y[id] = cells == 0 ? 0.0f : sum / cells;
}

// One input pixel per work-item: sums the shares of the windows that cover it.
__kernel void gradient(const int n, const Pool2dGeometry g, __global const float *dy, __global float *dx)
{
    const int id = get_global_id(0);
    if (id >= n) {
        return;
    }
    const int ix = id % g.inWidth;
    const int iy = id / g.inWidth % g.inHeight;
    const int plane = id / g.inWidth / g.inHeight;
    const int y = iy + g.padTop;
    const int x = ix + g.padLeft;
    const int firstRow = y < g.kernelHeight ? 0 : (y - g.kernelHeight) / g.strideH + 1;
    const int firstColumn = x < g.kernelWidth ? 0 : (x - g.kernelWidth) / g.strideW + 1;
    float sum = 0.0f;
    for (int oy = firstRow; oy < min(y / g.strideH + 1, g.outHeight); ++oy) {
        float rowSum = 0.0f;
        for (int ox = firstColumn; ox < min(x / g.strideW + 1, g.outWidth); ++ox) {
            const int cells = divisor(g, oy * g.strideH - g.padTop, ox * g.strideW - g.padLeft);
            rowSum += dy[(plane * g.outHeight + oy) * g.outWidth + ox] / cells;
        }
        sum += rowSum;
    }
    dx[id] = sum;
}
