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

#ifdef TILED

// One output per work-item, groups of 64: reads its window once, summed by rows.
__kernel void forward(const int n, const Pool2dGeometry given, __global const float *x, __global float *y)
{
    const Pool2dGeometry g = withConstants(given);
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
    const int cells = cellsOf(g, top, left);
    y[id] = cells == 0 ? 0.0f : sum / cells;
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

// PIXELS_PER_ITEM pixels per work-item, n of them in groups of 64.
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

#else

// rowsPerItem rows of outputs per work-item, counted over all planes: reads each window once, summed by rows.
__kernel void forward(const Pool2dGeometry given, const int rowsPerItem, __global const float *x, __global float *y)
{
    const Pool2dGeometry g = withConstants(given);
    const int first = get_global_id(0) * rowsPerItem;
    const int last = min(g.planes * g.outHeight, first + rowsPerItem);
    for (int outRow = first; outRow < last; ++outRow) {
        const int top = outRow % g.outHeight * g.strideH - g.padTop;
        __global const float *image = x + outRow / g.outHeight * g.inHeight * g.inWidth;
        for (int piece = 0; piece < g.outWidth; piece += LANES) {
            const int ox = min(piece, g.outWidth - LANES);
            // From the first tap of the last lane to the last tap of the first.
            const int left = ox * g.strideW - g.padLeft;
            const int firstX = firstTap(left + (LANES - 1) * g.strideW, 1);
            const int endX = endTap(left, g.kernelWidth, 1, g.inWidth);
            Lanes sum = (Lanes)(0.0f);
            for (int iy = max(top, 0); iy < min(top + g.kernelHeight, g.inHeight); ++iy) {
                Lanes rowSum = (Lanes)(0.0f);
                for (int kx = firstX; kx < endX; ++kx) {
                    const int ix = left + kx;
                    const bool inside = ix >= 0 && ix + (LANES - 1) * g.strideW < g.inWidth;
                    __global const float *row = image + iy * g.inWidth;
                    rowSum += inside ? loadInside(row, ix, g.strideW) : loadOrBorder(row, ix, g.strideW, g.inWidth, 0.0f);
                }
                sum += rowSum;
            }
            float means[LANES];
            STORE_LANES(sum, 0, means);
            for (int lane = 0; lane < LANES; ++lane) {
                const int cells = cellsOf(g, top, (ox + lane) * g.strideW - g.padLeft);
                means[lane] = cells == 0 ? 0.0f : means[lane] / cells;
            }
            STORE_LANES(LOAD_LANES(0, means), 0, y + outRow * g.outWidth + ox);
        }
    }
}

// planesPerItem planes per work-item, each zeroed and then added to from window to window: one work-item knows all that goes into
// a plane, and the order of the additions is fixed.
__kernel void gradient(const Pool2dGeometry given, const int planesPerItem, __global const float *dy, __global float *dx)
{
    const Pool2dGeometry g = withConstants(given);
    const int inPlane = g.inHeight * g.inWidth;
    const int first = get_global_id(0) * planesPerItem;
    const int last = min(g.planes, first + planesPerItem);
    zero(dx + first * inPlane, (last - first) * inPlane);
    for (int plane = first; plane < last; ++plane) {
        for (int oy = 0; oy < g.outHeight; ++oy) {
            const int top = oy * g.strideH - g.padTop;
            for (int ox = 0; ox < g.outWidth; ++ox) {
                const int left = ox * g.strideW - g.padLeft;
                const float share = dy[(plane * g.outHeight + oy) * g.outWidth + ox] / cellsOf(g, top, left);
                for (int iy = max(top, 0); iy < min(top + g.kernelHeight, g.inHeight); ++iy) {
                    for (int ix = max(left, 0); ix < min(left + g.kernelWidth, g.inWidth); ++ix) {
                        dx[plane * inPlane + iy * g.inWidth + ix] += share;
                    }
                }
            }
        }
    }
}

#endif
