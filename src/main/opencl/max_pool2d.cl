// Maximum pooling. RELU is defined where the result is max(that, 0). NORM is defined where what is pooled is x after batch
// normalisation, which is not written.
#include "max_pool2d_gradient.cl"

#ifdef NORM
#include "batch_norm2d_element.cl"
#define NORM_PARAMETERS                                                                                   \
    const int channels, const float epsilon, __global const float *gamma, __global const float *beta,     \
        __global const float *mean, __global const float *spread,
#define NORM_OF(plane) const Norm norm = normOf((plane) % channels, epsilon, gamma, beta, mean, spread)
#define POOLED(v) NORMALISED(norm, v)
#else
#define NORM_PARAMETERS
#define NORM_OF(plane)
#define POOLED(v) (v)
#endif

#ifdef TILED

// One output per work-item, groups of 64: reads its window once, writes the maximum and its place.
__kernel void forward(
    const int n, const Pool2dGeometry given, NORM_PARAMETERS __global const float *x, __global float *y,
    __global int *indices)
{
    const Pool2dGeometry g = withConstants(given);
    const int id = get_global_id(0);
    if (id >= n) {
        return;
    }
    const int ox = id % g.outWidth;
    const int oy = id / g.outWidth % g.outHeight;
    const int plane = id / g.outWidth / g.outHeight;
    NORM_OF(plane);
    __global const float *image = x + plane * g.inHeight * g.inWidth;
    const int top = oy * g.strideH - g.padTop;
    const int left = ox * g.strideW - g.padLeft;
    const int firstX = firstTap(left, g.dilationW);
    const int endX = endTap(left, g.kernelWidth, g.dilationW, g.inWidth);
    const int endY = endTap(top, g.kernelHeight, g.dilationH, g.inHeight);
    float best = -INFINITY;
    int place = -1;
    for (int ky = firstTap(top, g.dilationH); ky < endY; ++ky) {
        const int iy = top + ky * g.dilationH;
        if (iy < 0 || iy >= g.inHeight) {
            continue;
        }
        for (int kx = firstX; kx < endX; ++kx) {
            const int ix = left + kx * g.dilationW;
            if (ix < 0 || ix >= g.inWidth) {
                continue;
            }
            const float v = POOLED(image[iy * g.inWidth + ix]);
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

// PIXELS_PER_ITEM pixels per work-item, n of them in groups of 64.
__kernel void gradient(
    const int n, const Pool2dGeometry given, __global const float *dy, __global const int *indices, __global float *dx)
{
    const Pool2dGeometry g = withConstants(given);
    const int id = get_global_id(0);
    if (id >= n) {
        return;
    }
    FOR_PIXELS(g, id) {
        dx[plane * inPlane + place] = pooledGradient(g, plane, place, byWidth, dy, indices);
    }
}

#else

// rowsPerItem rows of outputs per work-item, counted over all planes: reads each window once.
__kernel void forward(
    const Pool2dGeometry given, const int rowsPerItem, NORM_PARAMETERS __global const float *x, __global float *y,
    __global int *indices)
{
    const Pool2dGeometry g = withConstants(given);
    const int first = get_global_id(0) * rowsPerItem;
    const int last = min(g.planes * g.outHeight, first + rowsPerItem);
    for (int outRow = first; outRow < last; ++outRow) {
        const int top = outRow % g.outHeight * g.strideH - g.padTop;
        const int firstY = firstTap(top, g.dilationH);
        const int endY = endTap(top, g.kernelHeight, g.dilationH, g.inHeight);
        const int plane = outRow / g.outHeight;
        NORM_OF(plane);
        __global const float *image = x + plane * g.inHeight * g.inWidth;
        for (int piece = 0; piece < g.outWidth; piece += LANES) {
            const int ox = min(piece, g.outWidth - LANES);
            const IntLanes left = (ox + laneNumbers()) * g.strideW - g.padLeft;
            // From the first tap of the last lane to the last tap of the first.
            const int firstLeft = ox * g.strideW - g.padLeft;
            const int firstX = firstTap(firstLeft + (LANES - 1) * g.strideW, g.dilationW);
            const int endX = endTap(firstLeft, g.kernelWidth, g.dilationW, g.inWidth);
            Lanes best = (Lanes)(-INFINITY);
            IntLanes place = (IntLanes)(-1);
            for (int ky = firstY; ky < endY; ++ky) {
                const int iy = top + ky * g.dilationH;
                if (iy < 0 || iy >= g.inHeight) {
                    continue;
                }
                for (int kx = firstX; kx < endX; ++kx) {
                    const int ix = firstLeft + kx * g.dilationW;
                    const bool inside = ix >= 0 && ix + (LANES - 1) * g.strideW < g.inWidth;
                    __global const float *row = image + iy * g.inWidth;
                    const Lanes v = POOLED(
                        inside ? loadInside(row, ix, g.strideW) : loadOrBorder(row, ix, g.strideW, g.inWidth, 0.0f));
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

// planesPerItem planes per work-item.
__kernel void gradient(
    const Pool2dGeometry g, const int planesPerItem, __global const float *dy, __global const int *indices, __global float *dx)
{
    const int first = get_global_id(0) * planesPerItem;
    const int last = min(g.planes, first + planesPerItem);
    for (int plane = first; plane < last; ++plane) {
        pooledGradient(g, plane, dy, indices, dx + plane * g.inHeight * g.inWidth);
    }
}

#endif
