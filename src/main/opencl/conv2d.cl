// Convolution for GPUs: a product whose tiles are gathered, without a matrix of the whole input (conv2d_pieces.cl is the one for
// CPU devices). Per group of channels,
//   FORWARD          y[channel, pixel]  = sum over k of w[channel, k] x at (k, pixel), plus bias,
//   INPUT_GRADIENT   dx[channel, pixel] = sum over k of w[k, channel] dy at (k, pixel), plus bias,
//   WEIGHT_GRADIENT  dw[channel, k]     = sum over pixels of dy[channel, pixel] x at (k, pixel),
// of which one is defined per build. Pixels run over the batch; k over channels of the group, kernel rows, kernel columns.
// BIAS is defined where a bias is added, UNIT_STRIDE where both strides are 1. No atomics: every result is written by one
// work-item, sums over pixels are split and joined in order.
#include "common.cl"
#include "conv2d_geometry.cl"

#ifdef INPUT_GRADIENT
#define PLANE (g.inHeight * g.inWidth)
#define PLANE_WIDTH g.inWidth
#define SUM_CHANNELS (g.outChannels / g.groups)
#define RESULT_CHANNELS g.inChannels
#else
#define PLANE (g.outHeight * g.outWidth)
#define PLANE_WIDTH g.outWidth
#define SUM_CHANNELS (g.inChannels / g.groups)
#define RESULT_CHANNELS g.outChannels
#endif

// What meets the weight with the given kernel row and column at pixel (py, px) of image and channel, or 0.
float gather(const Conv2dGeometry g, __global const float *image, int channel, int ky, int kx, int py, int px)
{
#ifdef INPUT_GRADIENT
    const int top = py + g.padTop - ky * g.dilationH;
    const int left = px + g.padLeft - kx * g.dilationW;
#ifdef UNIT_STRIDE
    // No divisions, which no CPU does in vectors.
    const int y = top;
    const int x = left;
    const bool read = true;
#else
    const int y = top / g.strideH;
    const int x = left / g.strideW;
    const bool read = y * g.strideH == top && x * g.strideW == left;
#endif
    const bool inside = read && top >= 0 && left >= 0 && y < g.outHeight && x < g.outWidth;
    return inside ? image[(channel * g.outHeight + y) * g.outWidth + x] : 0.0f;
#else
    const int y = py * g.strideH - g.padTop + ky * g.dilationH;
    const int x = px * g.strideW - g.padLeft + kx * g.dilationW;
    const bool inside = y >= 0 && x >= 0 && y < g.inHeight && x < g.inWidth;
    return inside ? image[(channel * g.inHeight + y) * g.inWidth + x] : 0.0f;
#endif
}

// The image that a pixel of the batch belongs to, at the group's first channel: of x, or of dy for the input gradient.
__global const float *imageOf(const Conv2dGeometry g, __global const float *source, int group, int pixel)
{
#ifdef INPUT_GRADIENT
    return source + (pixel / PLANE * g.outChannels + group * SUM_CHANNELS) * g.outHeight * g.outWidth;
#else
    return source + (pixel / PLANE * g.inChannels + group * SUM_CHANNELS) * g.inHeight * g.inWidth;
#endif
}


// The operand that is gathered, at (k, pixel).
float gathered(const Conv2dGeometry g, __global const float *source, int group, int k, int pixel)
{
    const int area = g.kernelHeight * g.kernelWidth;
    const int tap = k % area;
    const int place = pixel % PLANE;
    return gather(g, imageOf(g, source, group, pixel), k / area, tap / g.kernelWidth, tap % g.kernelWidth,
                  place / PLANE_WIDTH, place % PLANE_WIDTH);
}

#ifndef WEIGHT_GRADIENT

// See tile.cl; the third dimension of the groups runs over the groups of channels.
__kernel void product(
    const Conv2dGeometry g, __global const float *source, __global const float *w, __global const float *bias,
    __global float *result)
{
    const int group = get_group_id(2);
    const int area = g.kernelHeight * g.kernelWidth;
    const int rows = RESULT_CHANNELS / g.groups;
    const int columns = g.batch * PLANE;
    const int from = 0;
    const int to = SUM_CHANNELS * area;
    w += group * rows * to;
#ifdef INPUT_GRADIENT
#define A_AT(row, k) w[((k) / area * rows + (row)) * area + (k) % area]
#else
#define A_AT(row, k) w[(row) * to + (k)]
#endif
#define B_AT(k, column) gathered(g, source, group, k, column)
#include "tile.cl"
    for (int i = 0; i < 4; ++i) {
        const int row = firstRow + STEP * i;
        for (int j = 0; j < 4; ++j) {
            const int column = firstColumn + STEP * j;
            if (row < rows && column < columns) {
                const int channel = group * rows + row;
#ifdef BIAS
                total[i][j] += bias[channel];
#endif
                result[(column / PLANE * RESULT_CHANNELS + channel) * PLANE + column % PLANE] = total[i][j];
            }
        }
    }
}

#else

// See tile.cl; the third dimension of the groups runs over groups of channels and, innermost, over splits of the pixels, each of
// which has its own copy of dw in partial.
__kernel void weightProduct(
    const Conv2dGeometry g, const int splits, const int pixelsPerSplit, __global const float *x, __global const float *dy,
    __global float *partial)
{
    const int group = get_group_id(2) / splits;
    const int split = get_group_id(2) % splits;
    const int rows = g.outChannels / g.groups;
    const int columns = SUM_CHANNELS * g.kernelHeight * g.kernelWidth;
    const int from = split * pixelsPerSplit;
    const int to = min(from + pixelsPerSplit, g.batch * PLANE);
#define A_AT(row, k) dy[((k) / PLANE * g.outChannels + group * rows + (row)) * PLANE + (k) % PLANE]
#define B_AT(k, column) gathered(g, x, group, column, k)
#define B_IS_DENSE_IN_K
#include "tile.cl"
    for (int i = 0; i < 4; ++i) {
        const int row = firstRow + STEP * i;
        for (int j = 0; j < 4; ++j) {
            const int column = firstColumn + STEP * j;
            if (row < rows && column < columns) {
                partial[((split * g.groups + group) * rows + row) * columns + column] = total[i][j];
            }
        }
    }
}

#endif
