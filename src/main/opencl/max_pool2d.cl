// Maximum pooling. No atomics. RELU is defined where the result is max(that, 0).
#include "pool2d_geometry.cl"

#ifdef TILED

// One output per work-item, groups of 64: reads its window once, writes the maximum and its place.
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

// One input pixel per work-item, groups of 64: looks at every window that covers it.
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

#else

// rowsPerItem rows of outputs per work-item, counted over all planes: reads each window once.
__kernel void forward(
    const Pool2dGeometry g, const int rowsPerItem, __global const float *x, __global float *y, __global int *indices)
{
    const int first = get_global_id(0) * rowsPerItem;
    const int last = min(g.planes * g.outHeight, first + rowsPerItem);
    for (int outRow = first; outRow < last; ++outRow) {
        const int top = outRow % g.outHeight * g.strideH - g.padTop;
        __global const float *image = x + outRow / g.outHeight * g.inHeight * g.inWidth;
        for (int piece = 0; piece < g.outWidth; piece += LANES) {
            const int ox = min(piece, g.outWidth - LANES);
            const IntLanes left = (ox + laneNumbers()) * g.strideW - g.padLeft;
            Lanes best = (Lanes)(-INFINITY);
            IntLanes place = (IntLanes)(-1);
            for (int ky = 0; ky < g.kernelHeight; ++ky) {
                const int iy = top + ky * g.dilationH;
                if (iy < 0 || iy >= g.inHeight) {
                    continue;
                }
                for (int kx = 0; kx < g.kernelWidth; ++kx) {
                    const int ix = ox * g.strideW - g.padLeft + kx * g.dilationW;
                    const bool inside = ix >= 0 && ix + (LANES - 1) * g.strideW < g.inWidth;
                    __global const float *row = image + iy * g.inWidth;
                    const Lanes v = inside
                        ? loadInside(row, ix, g.strideW) : loadOrBorder(row, ix, g.strideW, g.inWidth, -INFINITY);
                    const IntLanes column = left + kx * g.dilationW;
                    // The first pixel always counts, even if it is minus infinity; after a NaN nothing does.
                    const IntLanes larger = (place < 0) | ((best == best) & !(v <= best));
                    const IntLanes taken = larger & (column >= 0) & (column < g.inWidth);
                    best = taken ? v : best;
                    place = taken ? iy * g.inWidth + column : place;
                }
            }
#ifdef RELU
            best = best <= (Lanes)(0.0f) ? (Lanes)(0.0f) : best;
#endif
            STORE_LANES(best, 0, y + outRow * g.outWidth + ox);
            STORE_LANES(place, 0, indices + outRow * g.outWidth + ox);
        }
    }
}

// planesPerItem planes per work-item, each zeroed and then added to from output to output: one work-item knows all that goes
// into a plane, and the order of the additions is fixed.
__kernel void gradient(
    const Pool2dGeometry g, const int planesPerItem, __global const float *dy, __global const int *indices, __global float *dx)
{
    const int inPlane = g.inHeight * g.inWidth;
    const int outPlane = g.outHeight * g.outWidth;
    const int first = get_global_id(0) * planesPerItem;
    const int last = min(g.planes, first + planesPerItem);
    zero(dx + first * inPlane, (last - first) * inPlane);
    for (int plane = first; plane < last; ++plane) {
        for (int output = plane * outPlane; output < (plane + 1) * outPlane; ++output) {
            if (indices[output] >= 0) {
                dx[plane * inPlane + indices[output]] += dy[output];
            }
        }
    }
}

#endif
