// The weights' gradient of a convolution for CPU devices, with output channels in the lanes:
//   dw[channel, k] = sum over pixels of dy[channel, pixel] x at (k, pixel),
// k running over input channels of the group, kernel rows, kernel columns. dy is turned so that a vector holds 16 channels of one
// pixel; x, with a border of zeros where it needs one (see Layout, without phases), is read one number at a time. Per group of
// channels a pixel of the turned dy has `lanes` channels, those beyond the last 0. Where there are few output channels,
// conv2d_pieces.cl does the same with pixels in the lanes. No local memory, no barriers.
#include "common.cl"
#include "conv2d_geometry.cl"
#include "transpose.cl"

// Turns 16 channels of one image and group of channels per work-item: the first dimension runs over channels, the second over
// images and, innermost, groups.
__kernel void turn(
    const int rows, const int plane, const int lanes, const int firstImage, const int groups,
    __global const float *dy, __global float *turned)
{
    const int firstRow = get_global_id(0) * WIDTH;
    const int group = get_global_id(1);
    const int valid = min(WIDTH, rows - firstRow);
    dy += ((firstImage * groups + group) * rows + firstRow) * plane;
    turned += group * plane * lanes + firstRow;
    int pixel = 0;
    for (; valid == WIDTH && pixel + WIDTH <= plane; pixel += WIDTH) {
        Vec v[WIDTH];
#pragma unroll
        for (int i = 0; i < WIDTH; ++i) {
            v[i] = VLOAD(0, dy + i * plane + pixel);
        }
        transpose(v);
#pragma unroll
        for (int i = 0; i < WIDTH; ++i) {
            VSTORE(v[i], 0, turned + (pixel + i) * lanes);
        }
    }
    for (; pixel < plane; ++pixel) {
        for (int i = 0; i < WIDTH; ++i) {
            turned[pixel * lanes + i] = i < valid ? dy[i * plane + pixel] : 0.0f;
        }
    }
}

// COLUMNS values of k by VECTORS vectors of output channels per work-item: their products over the pixels of one split. The first
// dimension runs over blocks of k, the second over blocks of channels, the third over groups of channels and, innermost, splits.
// Each split has its own sums in partial, channels innermost, the biases' last if BIAS is defined; later images (add = 1) add to
// what the first left there. A vector of dy is read once per COLUMNS values of k, a number of x once per VECTORS vectors.
__kernel void weightProduct(
    const Conv2dGeometry g, const Layout l, const int lanes, const int firstX, const int images, const int splits,
    const int pixelsPerSplit, const int add, __global const float *x, __global const float *dy, __global float *partial)
{
    const int channels = g.inChannels / g.groups;
    const int area = g.kernelHeight * g.kernelWidth;
    const int columns = channels * area;
    const int column = get_global_id(0) * COLUMNS;
    const int lane = get_global_id(1) * VECTORS * WIDTH;
    const int group = get_global_id(2) / splits;
    const int split = get_global_id(2) % splits;
    const int plane = g.outHeight * g.outWidth;
    const int last = min(images * plane, (split + 1) * pixelsPerSplit);
    Vec sum[COLUMNS][VECTORS];
    int at[COLUMNS];
#pragma unroll
    for (int j = 0; j < COLUMNS; ++j) {
        // Columns beyond the last repeat it: their sums are not used.
        const int k = min(column + j, columns - 1);
        at[j] = (group * channels + k / area) * l.plane + k % area / g.kernelWidth * g.dilationH * l.columns
            + k % area % g.kernelWidth * g.dilationW;
#pragma unroll
        for (int v = 0; v < VECTORS; ++v) {
            sum[j][v] = (Vec)(0.0f);
        }
    }
    for (int pixel = split * pixelsPerSplit; pixel < last;) {
        const int image = pixel / plane;
        const int place = pixel % plane;
        const int run = min(g.outWidth - place % g.outWidth, last - pixel);
        __global const float *left = dy + ((image * g.groups + group) * plane + place) * lanes + lane;
        __global const float *right = x + (firstX + image) * g.inChannels * l.plane
            + place / g.outWidth * g.strideH * l.columns + place % g.outWidth * g.strideW;
        for (int i = 0; i < run; ++i) {
            Vec a[VECTORS];
#pragma unroll
            for (int v = 0; v < VECTORS; ++v) {
                a[v] = *(__global const Vec *)(left + v * WIDTH);
            }
#pragma unroll
            for (int j = 0; j < COLUMNS; ++j) {
#pragma unroll
                for (int v = 0; v < VECTORS; ++v) {
                    sum[j][v] = fma((Vec)(right[at[j]]), a[v], sum[j][v]);
                }
            }
            left += lanes;
            right += g.strideW;
        }
        pixel += run;
    }
    partial += (split * g.groups + group) * (columns + 1) * lanes + lane;
#pragma unroll
    for (int j = 0; j < COLUMNS; ++j) {
        if (column + j < columns) {
#pragma unroll
            for (int v = 0; v < VECTORS; ++v) {
                __global Vec *target = (__global Vec *)(partial + (column + j) * lanes + v * WIDTH);
                *target = add ? *target + sum[j][v] : sum[j][v];
            }
        }
    }
#ifdef BIAS
    if (column == 0) {
        Vec biases[VECTORS];
#pragma unroll
        for (int v = 0; v < VECTORS; ++v) {
            biases[v] = (Vec)(0.0f);
        }
        for (int pixel = split * pixelsPerSplit; pixel < last; ++pixel) {
            const int image = pixel / plane;
            __global const float *left = dy + ((image * g.groups + group) * plane + pixel % plane) * lanes + lane;
#pragma unroll
            for (int v = 0; v < VECTORS; ++v) {
                biases[v] += *(__global const Vec *)(left + v * WIDTH);
            }
        }
#pragma unroll
        for (int v = 0; v < VECTORS; ++v) {
            __global Vec *target = (__global Vec *)(partial + columns * lanes + v * WIDTH);
            *target = add ? *target + biases[v] : biases[v];
        }
    }
#endif
}

// Joins the splits, 16 channels of one k, or of the bias, per work-item: the first dimension runs over k and behind it, if it is
// wanted, the bias, the second over blocks of channels, the third over groups of channels.
__kernel void joinSplits(
    const int rows, const int columns, const int lanes, const int splits, __global const float *partial,
    __global float *dw, __global float *dbias)
{
    const int column = get_global_id(0);
    const int lane = get_global_id(1) * WIDTH;
    const int group = get_global_id(2);
    const int groups = get_global_size(2);
    Vec sum = (Vec)(0.0f);
    for (int split = 0; split < splits; ++split) {
        sum += *(__global const Vec *)(partial + ((split * groups + group) * (columns + 1) + column) * lanes + lane);
    }
    float sums[WIDTH];
    VSTORE(sum, 0, sums);
    for (int i = 0; i < min(WIDTH, rows - lane); ++i) {
        const int channel = group * rows + lane + i;
        if (column < columns) {
            dw[channel * columns + column] = sums[i];
        } else {
            dbias[channel] = sums[i];
        }
    }
}
