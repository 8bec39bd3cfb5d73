// Convolution for GPUs: a product whose tiles are gathered, without a matrix of the whole input (conv2d_pieces.cl is the one for
// CPU devices). Per group of channels,
//   FORWARD          y[channel, pixel]  = sum over k of w[channel, k] x at (k, pixel), plus bias,
//   INPUT_GRADIENT   dx[channel, pixel] = sum over k of w[k, channel] dy at (k, pixel), plus bias,
//   WEIGHT_GRADIENT  dw[channel, k]     = sum over pixels of dy[channel, pixel] x at (k, pixel),
// of which one is defined per build. Pixels run over the batch; k over channels of the group, kernel rows, kernel columns.
// BIAS is defined where a bias is added, UNIT_STRIDE where both strides are 1; RELU where the result is max(that, 0), GATE where
// it is 0 wherever gate, which lies as the result does, is not above 0. DY_SUMS is defined where the gradient of the bias comes
// with that of the weight: as one k more, for which x counts as 1. No atomics: every result is written by one work-item, sums
// over pixels are split and joined in order.
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

// The values of k whose sums over pixels make up dw for one channel, and the gradient of the bias.
int sumsPerChannel(const Conv2dGeometry g)
{
    const int weights = SUM_CHANNELS * g.kernelHeight * g.kernelWidth;
#ifdef DY_SUMS
    return weights + 1;
#else
    return weights;
#endif
}

// Puts the sum of a channel and a k where it belongs.
void storeSum(const Conv2dGeometry g, float sum, int channel, int k, __global float *dw, __global float *dbias)
{
    const int weights = SUM_CHANNELS * g.kernelHeight * g.kernelWidth;
    if (k < weights) {
        dw[channel * weights + k] = sum;
    } else {
        dbias[channel] = sum;
    }
}

// Joins the splits of a weight gradient: one sum per work-item, groups of 64.
__kernel void joinSplits(
    const Conv2dGeometry g, const int splits, __global const float *partial, __global float *dw, __global float *dbias)
{
    const int i = get_global_id(0);
    const int columns = sumsPerChannel(g);
    const int n = g.outChannels * columns;
    if (i >= n) {
        return;
    }
    float sum = 0.0f;
    for (int split = 0; split < splits; ++split) {
        sum += partial[split * n + i];
    }
    storeSum(g, sum, i / columns, i % columns, dw, dbias);
}

// What the sum for an element of the result becomes.
float finished(float sum, int channel, int at, __global const float *bias, __global const float *gate)
{
#ifdef BIAS
    sum += bias[channel];
#endif
#ifdef RELU
    sum = relu(sum);
#endif
#ifdef GATE
    sum = gated(sum, gate[at]);
#endif
    return sum;
}

// The operand that is gathered, at (k, pixel).
float gathered(const Conv2dGeometry g, __global const float *source, int group, int k, int pixel)
{
    const int area = g.kernelHeight * g.kernelWidth;
#ifdef DY_SUMS
    if (k == SUM_CHANNELS * area) {
        return 1.0f;
    }
#endif
    const int tap = k % area;
    const int place = pixel % PLANE;
    return gather(g, imageOf(g, source, group, pixel), k / area, tap / g.kernelWidth, tap % g.kernelWidth,
                  place / PLANE_WIDTH, place % PLANE_WIDTH);
}

#ifndef WEIGHT_GRADIENT

// See tile.cl; the third dimension of the groups runs over the groups of channels.
__kernel void product(
    const Conv2dGeometry g, __global const float *source, __global const float *w, __global const float *bias,
    __global const float *gate, __global float *result)
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
#pragma unroll
    for (int i = 0; i < PER_ITEM; ++i) {
        const int row = ROW_OF(i);
#pragma unroll
        for (int j = 0; j < PER_ITEM; ++j) {
            const int column = COLUMN_OF(j);
            if (row < rows && column < columns) {
                const int channel = group * rows + row;
                const int at = (column / PLANE * RESULT_CHANNELS + channel) * PLANE + column % PLANE;
                result[at] = finished(total[i][j], channel, at, bias, gate);
            }
        }
    }
}

#else

// See tile.cl; the third dimension of the groups runs over groups of channels and, innermost, over splits of the pixels, each of
// which has its own copy of all sums in partial. A single one writes to dw and dbias.
__kernel void weightProduct(
    const Conv2dGeometry g, const int splits, const int pixelsPerSplit, __global const float *x, __global const float *dy,
    __global float *partial, __global float *dw, __global float *dbias)
{
    const int group = get_group_id(2) / splits;
    const int split = get_group_id(2) % splits;
    const int rows = g.outChannels / g.groups;
    const int columns = sumsPerChannel(g);
    const int from = split * pixelsPerSplit;
    const int to = min(from + pixelsPerSplit, g.batch * PLANE);
#define A_AT(row, k) dy[((k) / PLANE * g.outChannels + group * rows + (row)) * PLANE + (k) % PLANE]
#define B_AT(k, column) gathered(g, x, group, column, k)
#define B_IS_DENSE_IN_K
#include "tile.cl"
#pragma unroll
    for (int i = 0; i < PER_ITEM; ++i) {
        const int row = ROW_OF(i);
#pragma unroll
        for (int j = 0; j < PER_ITEM; ++j) {
            const int column = COLUMN_OF(j);
            if (row < rows && column < columns) {
                if (splits == 1) {
                    storeSum(g, total[i][j], group * rows + row, column, dw, dbias);
                } else {
                    partial[((split * g.groups + group) * rows + row) * columns + column] = total[i][j];
                }
            }
        }
    }
}

#endif
