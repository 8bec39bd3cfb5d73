// Convolution as a product, without a matrix of the whole input: the tiled shape gathers its tiles, the vector shape gathers
// panels of 16 columns into scratch memory, a few at a time. Per group of channels,
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

#ifdef TILED

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
    for (int i = 0; i < 4; ++i) {
        const int row = firstRow + STEP * i;
        for (int j = 0; j < 4; ++j) {
            const int column = firstColumn + STEP * j;
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
    for (int i = 0; i < 4; ++i) {
        const int row = firstRow + STEP * i;
        for (int j = 0; j < 4; ++j) {
            const int column = firstColumn + STEP * j;
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

#else

// Gathers panels: all k of 16 neighbouring pixels per work-item. Pixels beyond the last give zeros. The second dimension runs
// over the groups of channels.
__kernel void pack(
    const Conv2dGeometry g, const int firstPanel, const int panels, __global const float *source, __global float *packed)
{
    const int panel = get_global_id(0);
    const int group = get_global_id(1);
    const int pixels = g.batch * PLANE;
    const int first = (firstPanel + panel) * WIDTH;
    packed += (group * panels + panel) * sumsPerChannel(g) * WIDTH;
    __global const float *image[WIDTH];
    int py[WIDTH];
    int px[WIDTH];
    for (int lane = 0; lane < WIDTH; ++lane) {
        const int pixel = min(first + lane, pixels - 1);
        image[lane] = imageOf(g, source, group, pixel);
        py[lane] = pixel % PLANE / PLANE_WIDTH;
        px[lane] = pixel % PLANE % PLANE_WIDTH;
    }
    const int valid = min(WIDTH, pixels - first);
    // Where the panel is part of one row and moves by one, it is read as a vector.
    const bool inRow = valid == WIDTH && px[0] + WIDTH <= PLANE_WIDTH && g.strideW == 1;
    for (int channel = 0; channel < SUM_CHANNELS; ++channel) {
        for (int ky = 0; ky < g.kernelHeight; ++ky) {
            for (int kx = 0; kx < g.kernelWidth; ++kx) {
                Vec v;
#ifdef INPUT_GRADIENT
                const int top = py[0] + g.padTop - ky * g.dilationH;
                const int y = top / g.strideH;
                const int x = px[0] + g.padLeft - kx * g.dilationW;
                const bool rowExists = top >= 0 && y * g.strideH == top && y < g.outHeight;
                const int width = g.outWidth;
                const int height = g.outHeight;
#else
                const int y = py[0] * g.strideH - g.padTop + ky * g.dilationH;
                const int x = px[0] - g.padLeft + kx * g.dilationW;
                const bool rowExists = y >= 0 && y < g.inHeight;
                const int width = g.inWidth;
                const int height = g.inHeight;
#endif
                if (inRow && !rowExists) {
                    v = (Vec)(0.0f);
                } else if (inRow && x >= 0 && x + WIDTH <= width) {
                    v = VLOAD(0, image[0] + (channel * height + y) * width + x);
                } else {
                    float lanes[WIDTH];
                    for (int lane = 0; lane < WIDTH; ++lane) {
                        lanes[lane] = lane < valid ? gather(g, image[lane], channel, ky, kx, py[lane], px[lane]) : 0.0f;
                    }
                    v = VLOAD(0, lanes);
                }
                *(__global Vec *)packed = v;
                packed += WIDTH;
            }
        }
    }
#ifdef DY_SUMS
    *(__global Vec *)packed = (Vec)(1.0f);
#endif
}

#ifndef WEIGHT_GRADIENT

#include "panel.cl"

// ROWS channels of 16 pixels per work-item, see panel.cl. The second dimension runs over panels, the third over groups of
// channels.
__kernel void product(
    const Conv2dGeometry g, const int firstPanel, const int panels, __global const float *packed, __global const float *w,
    __global const float *bias, __global const float *gate, __global float *result)
{
    const int rows = RESULT_CHANNELS / g.groups;
    const int area = g.kernelHeight * g.kernelWidth;
    const int row = get_global_id(0) * ROWS;
    const int panel = get_global_id(1);
    const int group = get_global_id(2);
    const int length = SUM_CHANNELS * area;
    packed += (group * panels + panel) * length * WIDTH;
    w += group * rows * length;
    Vec total[ROWS];
#ifdef INPUT_GRADIENT
    panelProduct(rows - row, SUM_CHANNELS, area, area, rows * area, 1, w + row * area, packed, total);
#else
    panelProduct(rows - row, SUM_CHANNELS, area, length, area, 1, w + row * length, packed, total);
#endif
    const int pixel = (firstPanel + panel) * WIDTH;
    const int valid = min(WIDTH, g.batch * PLANE - pixel);
    const int place = pixel % PLANE;
    for (int i = 0; i < ROWS && row + i < rows; ++i) {
        const int channel = group * rows + row + i;
        int at = (pixel / PLANE * RESULT_CHANNELS + channel) * PLANE + place;
        if (valid == WIDTH && place + WIDTH <= PLANE) {
#ifdef BIAS
            total[i] += bias[channel];
#endif
#ifdef RELU
            total[i] = reluOfVec(total[i]);
#endif
#ifdef GATE
            total[i] = gatedVec(total[i], VLOAD(0, gate + at));
#endif
            VSTORE(total[i], 0, result + at);
        } else {
            float lanes[WIDTH];
            VSTORE(total[i], 0, lanes);
            int next = place;
            for (int lane = 0; lane < valid; ++lane) {
                result[at] = finished(lanes[lane], channel, at, bias, gate);
                ++at;
                if (++next == PLANE) {
                    next = 0;
                    at += (RESULT_CHANNELS - 1) * PLANE;
                }
            }
        }
    }
}

#else

// Lays dy out in panels of 16 pixels, channel by channel: one panel per work-item, zeros beyond the last pixel.
__kernel void packOutput(
    const Conv2dGeometry g, const int firstPanel, __global const float *dy, __global float *packed)
{
    const int panel = get_global_id(0);
    const int pixels = g.batch * PLANE;
    const int first = (firstPanel + panel) * WIDTH;
    const int valid = min(WIDTH, pixels - first);
    packed += panel * g.outChannels * WIDTH;
    int start[WIDTH];
    for (int lane = 0; lane < WIDTH; ++lane) {
        const int pixel = min(first + lane, pixels - 1);
        start[lane] = pixel / PLANE * g.outChannels * PLANE + pixel % PLANE;
    }
    const bool inPlane = valid == WIDTH && first % PLANE + WIDTH <= PLANE;
    for (int channel = 0; channel < g.outChannels; ++channel) {
        Vec v;
        if (inPlane) {
            v = VLOAD(0, dy + start[0] + channel * PLANE);
        } else {
            float lanes[WIDTH];
            for (int lane = 0; lane < WIDTH; ++lane) {
                lanes[lane] = lane < valid ? dy[start[lane] + channel * PLANE] : 0.0f;
            }
            v = VLOAD(0, lanes);
        }
        *(__global Vec *)(packed + channel * WIDTH) = v;
    }
}

// 4 channels x 4 values of k per work-item: their products over the panels of one split, in 16 interleaved sums each. The first
// dimension runs over blocks of k, the second over blocks of channels, the third over groups of channels and, innermost, splits.
// Later chunks of panels (add = 1) add to what the first left in partial.
__kernel void weightProduct(
    const Conv2dGeometry g, const int panels, const int splits, const int add, __global const float *packedX,
    __global const float *packedDy, __global float *partial)
{
    const int rows = g.outChannels / g.groups;
    const int columns = sumsPerChannel(g);
    const int column = get_global_id(0) * 4;
    const int row = get_global_id(1) * 4;
    const int group = get_global_id(2) / splits;
    const int split = get_global_id(2) % splits;
    const int perSplit = (panels + splits - 1) / splits;
    const int end = min(panels, (split + 1) * perSplit);
    Vec sum[4][4];
    // Rows and columns beyond the last repeat it: their sums are not used.
    int rowAt[4];
    int columnAt[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        rowAt[i] = (group * rows + min(row + i, rows - 1)) * WIDTH;
        columnAt[i] = min(column + i, columns - 1) * WIDTH;
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            sum[i][j] = (Vec)(0.0f);
        }
    }
    for (int panel = split * perSplit; panel < end; ++panel) {
        __global const float *left = packedDy + panel * g.outChannels * WIDTH;
        __global const float *right = packedX + (group * panels + panel) * columns * WIDTH;
        Vec b[4];
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            b[j] = *(__global const Vec *)(right + columnAt[j]);
        }
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            const Vec a = *(__global const Vec *)(left + rowAt[i]);
#pragma unroll
            for (int j = 0; j < 4; ++j) {
                sum[i][j] = fma(a, b[j], sum[i][j]);
            }
        }
    }
    for (int i = 0; i < 4 && row + i < rows; ++i) {
        for (int j = 0; j < 4 && column + j < columns; ++j) {
            const int at = ((split * g.groups + group) * rows + row + i) * columns + column + j;
            partial[at] = add ? partial[at] + sumOfLanes(sum[i][j]) : sumOfLanes(sum[i][j]);
        }
    }
}

#endif

#endif
