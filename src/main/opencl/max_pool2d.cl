// Maximum pooling. RELU is defined where the result is max(that, 0). NORM is defined where what is pooled is x after batch
// normalisation, which is not written.
#include "common.cl"
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

// Reads each window once, writes the maximum and its place.
__kernel void forward(
    const int n, const Pool2dGeometry given, NORM_PARAMETERS __global const float *x, __global float *y,
    __global int *indices)
{
    const Pool2dGeometry g = withConstants(given);
    const int id = get_global_id(0);
    if (id >= n) {
        return;
    }
    OUTPUT_ROW(g, id);
    NORM_OF(plane);
    __global const float *image = x + plane * g.inHeight * g.inWidth;
    const int top = oy * g.strideH - g.padTop;
    const int endY = endTap(top, g.kernelHeight, g.dilationH, g.inHeight);
    FOR_OUTPUTS(g, id) {
        const int left = ox * g.strideW - g.padLeft;
        const int firstX = firstTap(left, g.dilationW);
        const int endX = endTap(left, g.kernelWidth, g.dilationW, g.inWidth);
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
        y[output] = EPILOGUE(best, 0.0f);
        indices[output] = place;
    }
}

// n work-items; every pixel is written once, or on CPU devices zeroed and added to.
__kernel void gradient(
    const int n, const Pool2dGeometry given, __global const float *dy, __global const int *indices, __global float *dx)
{
    const Pool2dGeometry g = withConstants(given);
    const int id = get_global_id(0);
    if (id >= n) {
        return;
    }
#if PIXELS > 0
    FOR_PIXELS(g, id) {
        dx[plane * inPlane + place] = pooledGradient(g, plane, place, byWidth, dy, indices);
    }
#else
    scatter(g, id, dy, indices, dx + id * g.inHeight * g.inWidth);
#endif
}
