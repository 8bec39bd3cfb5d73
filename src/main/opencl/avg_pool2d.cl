// Average pooling. No atomics. COUNT_PADDING is defined where padding counts.
#include "pool2d_geometry.cl"

// How many cells of a window count along one axis.
int cellsThatCount(int start, int kernelSize, int dilation, int size, int padAfter)
{
#ifdef COUNT_PADDING
    return endTap(start, kernelSize, dilation, size + padAfter);
#else
    return max(endTap(start, kernelSize, dilation, size) - firstTap(start, dilation), 0);
#endif
}

int cellsOf(const Pool2dGeometry g, int top, int left)
{
    return cellsThatCount(top, g.kernelHeight, g.dilationH, g.inHeight, g.padBottom)
        * cellsThatCount(left, g.kernelWidth, g.dilationW, g.inWidth, g.padRight);
}

// Whether a window that starts this far before a pixel, and reaches over it, has a tap there.
bool hasTap(int distance, int dilation)
{
    return dilation == 1 || distance % dilation == 0;
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
    const int firstY = firstTap(top, g.dilationH);
    const int endY = endTap(top, g.kernelHeight, g.dilationH, g.inHeight);
    FOR_OUTPUTS(g, id) {
        const int left = ox * g.strideW - g.padLeft;
        const int firstX = firstTap(left, g.dilationW);
        const int endX = endTap(left, g.kernelWidth, g.dilationW, g.inWidth);
        float sum = 0.0f;
        for (int ky = firstY; ky < endY; ++ky) {
            __global const float *row = x + (plane * g.inHeight + top + ky * g.dilationH) * g.inWidth;
            float rowSum = 0.0f;
            for (int kx = firstX; kx < endX; ++kx) {
                rowSum += row[left + kx * g.dilationW];
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
    const int firstColumn = firstWindow(x, g.kernelWidth, g.dilationW, g.strideW);
    const int endColumn = endWindow(x, g.strideW, g.outWidth);
    const int endRow = endWindow(y, g.strideH, g.outHeight);
    float sum = 0.0f;
    for (int oy = firstWindow(y, g.kernelHeight, g.dilationH, g.strideH); oy < endRow; oy = nextWindow(oy, endRow)) {
        if (!hasTap(y - oy * g.strideH, g.dilationH)) {
            continue;
        }
        float rowSum = 0.0f;
        for (int ox = firstColumn; ox < endColumn; ox = nextWindow(ox, endColumn)) {
            if (!hasTap(x - ox * g.strideW, g.dilationW)) {
                continue;
            }
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
