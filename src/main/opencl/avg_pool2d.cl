// Average pooling. No atomics. COUNT_PADDING is defined where padding counts.
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

int cellsOf(const Pool2dGeometry g, int top, int left)
{
    const int rows = cellsThatCount(top, g.kernelHeight, g.inHeight, g.padBottom);
    const int columns = cellsThatCount(left, g.kernelWidth, g.inWidth, g.padRight);
    return max(rows, 0) * max(columns, 0);
}

// n work-items; each window is read once, summed by rows.
__kernel void forward(const int n, const Pool2dGeometry given, __global const float *x, __global float *y)
{
    const Pool2dGeometry g = withConstants(given);
    const int id = get_global_id(0);
    if (id >= n) {
        return;
    }
    OUTPUT_ROW(g, id);
    const int top = oy * g.strideH - g.padTop;
    FOR_OUTPUTS(g, id) {
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
        const int cells = cellsOf(g, top, left);
        y[output] = cells == 0 ? 0.0f : sum / cells;
    }
}

// The gradient of the pixel at `place` of a plane: sums the shares of the windows that cover it.
float pixelGradient(const Pool2dGeometry g, int plane, int place, Divisor byWidth, __global const float *dy)
{
    const int iy = quotient(place, byWidth);
    const int y = iy + g.padTop;
    const int x = place - iy * g.inWidth + g.padLeft;
    const int firstColumn = firstWindow(x, g.kernelWidth, 1, g.strideW);
    const int endColumn = endWindow(x, g.strideW, g.outWidth);
    const int endRow = endWindow(y, g.strideH, g.outHeight);
    float sum = 0.0f;
    for (int oy = firstWindow(y, g.kernelHeight, 1, g.strideH); oy < endRow; oy = nextWindow(oy, endRow)) {
        float rowSum = 0.0f;
        for (int ox = firstColumn; ox < endColumn; ox = nextWindow(ox, endColumn)) {
            const int cells = cellsOf(g, oy * g.strideH - g.padTop, ox * g.strideW - g.padLeft);
            rowSum += dy[(plane * g.outHeight + oy) * g.outWidth + ox] / cells;
        }
        sum += rowSum;
    }
    return sum;
}

// n work-items; every pixel is written once.
__kernel void gradient(const int n, const Pool2dGeometry given, __global const float *dy, __global float *dx)
{
    const Pool2dGeometry g = withConstants(given);
    const int id = get_global_id(0);
    if (id >= n) {
        return;
    }
    FOR_PIXELS(g, id) {
        dx[plane * inPlane + place] = pixelGradient(g, plane, place, byWidth, dy);
    }
}
