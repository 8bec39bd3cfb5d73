// Convolution: a product whose tiles are gathered, without a matrix of the whole input (conv2d_direct.cl is the one for few
// channels). Per group of channels,
//   FORWARD          y[channel, pixel]  = sum over k of w[channel, k] x at (k, pixel), plus bias,
//   INPUT_GRADIENT   dx[channel, pixel] = sum over k of w[k, channel] dy at (k, pixel), plus bias,
//   WEIGHT_GRADIENT  dw[channel, k]     = sum over pixels of dy[channel, pixel] x at (k, pixel),
// of which one is defined per build. Pixels run over the batch; k over channels of the group, kernel rows, kernel columns.
// BIAS, RELU and GATE are defined as in common.cl, gate lying as the result does; UNIT_STRIDE where both strides are 1; DY_SUMS
// where the gradient of the bias comes with that of the weight: as one k more, for which x counts as 1. No atomics: every result
// is written by one work-item, sums over pixels are split and joined in order.
#include "common.cl"
#include "conv2d_gather.cl"
#define TILE_COLUMN tileColumn
#include "tile.cl"

#ifndef WEIGHT_GRADIENT

// See tile.cl; the third dimension of the groups runs over the groups of channels, the first over phases and the tiles of each.
__kernel void product(
    const Conv2dGeometry g, const int tilesPerPhase, __global const float *source, __global const float *w,
    __global const float *bias, __global const float *gate, __global float *result)
{
    const int group = get_global_id(2);
    const int rows = RESULT_CHANNELS / g.groups;
    const int channels = SUM_CHANNELS / g.groups;
    const int phase = get_group_id(0) / tilesPerPhase;
    const int tileColumn = (get_group_id(0) - phase * tilesPerPhase) * TILE_COLUMNS;
    const Reach reach = reachOf(g, phase);
    const int plane = reach.plane;
    const int columns = reach.pixels;
    const int from = 0;
    const int to = tileColumn < columns ? reach.length : 0;
    const int kernelArea = g.kernelHeight * g.kernelWidth;
    w += group * rows * channels * kernelArea;
    source += group * channels * SOURCE_HEIGHT * SOURCE_WIDTH;

#define K_OF_A K_IF_DENSE
#define PLACE_IN_A(l) PLACE_IF_DENSE(l)
#ifdef FORWARD
#define SEEK_A(k) __global const float *atA = w + (k);
#define PER_ROW to
#else
#define SEEK_A(k) __global const float *atA = w + weightAt(g, reach, k, rows * kernelArea);
#define PER_ROW kernelArea
#endif
#define LOAD_A(l) atA[rowAt[l]]
    uint rowAt[LOADS_OF_A];
    UNROLLED(l, LOADS_OF_A) {
        rowAt[l] = min(TILE_ROW + PLACE_IN_A(l), rows - 1) * PER_ROW;
    }

#define K_OF_B K_IF_NOT_DENSE
#define PLACE_IN_B(l) PLACE_IF_NOT_DENSE(l)
#define SEEK_B(k) const Place tap = placeOfTap(reach, k);
#define LOAD_B(l) pixelAt(reach, source, pixels[l], tap)
#define LOAD_FOUR_OF_B(l) fourPixelsAt(reach, source, pixels + (l), tap)
    Place pixels[LOADS_OF_B];
    UNROLLED(l, LOADS_OF_B) {
        const int pixel = max(0, min(tileColumn + PLACE_IN_B(l), columns - 1));
        pixels[l] = placeOfPixel(g, reach, pixel);
    }
#include "tile_product.cl"
    UNROLLED(run, RUNS) {
        const int column = COLUMN_OF(run);
        if (IS_WHOLE && column < columns && plane % 4 == 0) {
            // Four neighbours of one image.
            const int image = quotient(column, reach.byPlane);
            const int first = (image * RESULT_CHANNELS + group * rows) * plane + column - image * plane;
            UNROLLED(i, ITEM_ROWS) {
                const int row = ROW_OF(i);
                if (row < rows) {
                    const int at = first + row * plane;
                    *(__global float4 *)(result + at) = GATED_VEC(
                        EPILOGUE_VEC(total[i][run], (float4)(bias[group * rows + row])), *(__global const float4 *)(gate + at));
                }
            }
            continue;
        }
        UNROLLED(j, 4) {
            if (column + j >= columns) {
                continue;
            }
            const int first = firstOfResult(g, reach, column + j, group * rows);
            UNROLLED(i, ITEM_ROWS) {
                const int row = ROW_OF(i);
                if (row < rows) {
                    const int at = first + row * RESULT_PLANE;
                    result[at] = GATED(EPILOGUE(LANE(total[i][run], j), bias[group * rows + row]), gate[at]);
                }
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
    const int tileColumn = get_group_id(0) * TILE_COLUMNS;
    const int group = get_global_id(2) / splits;
    const int split = get_global_id(2) % splits;
    const int rows = g.outChannels / g.groups;
    const int channels = g.inChannels / g.groups;
    const Reach reach = reachOf(g, 0);
    const int plane = reach.plane;
    const int weights = reach.length;
    const int columns = sumsPerChannel(g);
    const int from = split * pixelsPerSplit;
    const int to = min(from + pixelsPerSplit, reach.pixels);
    x += group * channels * g.inHeight * g.inWidth;
    dy += group * rows * plane;

#define K_OF_A K_IF_DENSE
#define PLACE_IN_A(l) PLACE_IF_DENSE(l)
#define SEEK_A(k)                                                                                \
    const int image = quotient(k, reach.byPlane);                                                \
    __global const float *atA = dy + image * (g.outChannels - 1) * plane + (k);
#define LOAD_A(l) atA[rowAt[l]]
#define K_OF_B K_IF_DENSE
#define PLACE_IN_B(l) PLACE_IF_DENSE(l)
#ifdef DY_SUMS
#define COUNTED(v, l) select(v, 1.0f, (int)(tileColumn + PLACE_IN_B(l) == weights))
#else
#define COUNTED(v, l) (v)
#endif
#define LOAD_B(l) COUNTED(pixelAt(reach, x, pixel, taps[l]), l)
#ifdef TILED
#define SEEK_B(k) const Place pixel = placeOfPixel(g, reach, k);
#else
// Whether all taps of a pixel are inside is found out once for it.
#define SEEK_B(k)                                                                                \
    const Place pixel = placeOfPixel(g, reach, k);                                               \
    const bool isInside = pixel.y >= 0 && pixel.x >= 0                                           \
        && pixel.y + (reach.vertical.taps - 1) * reach.vertical.perTap < reach.vertical.extent   \
        && pixel.x + (reach.horizontal.taps - 1) * reach.horizontal.perTap < reach.horizontal.extent;
#define LOAD_INSIDE(l) COUNTED(x[pixel.at + taps[l].at], l)
#define LOAD_FOUR_OF_B(l)                                                                        \
    (isInside ? (float4)(LOAD_INSIDE(l), LOAD_INSIDE(l + 1), LOAD_INSIDE(l + 2), LOAD_INSIDE(l + 3)) \
              : (float4)(LOAD_B(l), LOAD_B(l + 1), LOAD_B(l + 2), LOAD_B(l + 3)))
#endif
    uint rowAt[LOADS_OF_A];
    UNROLLED(l, LOADS_OF_A) {
        rowAt[l] = min(TILE_ROW + PLACE_IN_A(l), rows - 1) * plane;
    }
    Place taps[LOADS_OF_B];
    UNROLLED(l, LOADS_OF_B) {
        taps[l] = placeOfTap(reach, min(tileColumn + PLACE_IN_B(l), weights - 1));
    }
#include "tile_product.cl"
    UNROLLED(i, ITEM_ROWS) {
        const int row = ROW_OF(i);
        UNROLLED(run, RUNS) {
            UNROLLED(j, 4) {
                const int column = COLUMN_OF(run) + j;
                if (row < rows && column < columns) {
                    const float sum = LANE(total[i][run], j);
                    if (splits == 1) {
                        storeSum(g, sum, group * rows + row, column, dw, dbias);
                    } else {
                        partial[((split * g.groups + group) * rows + row) * columns + column] = sum;
                    }
                }
            }
        }
    }
}

#include "conv2d_join.cl"

#endif
