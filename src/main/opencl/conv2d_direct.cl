// Convolution for GPUs with few channels of the result per group, depthwise convolution among them: most rows of a tile would be
// empty. Here groups of DIRECT_ITEMS work-items compute ROWS channels, all of the group, at DIRECT_PIXELS pixels each, and for the
// weight's gradient ROWS channels by COLUMNS weights over some pixels. See conv2d.cl for the passes and what else is defined.
#include "common.cl"
#include "conv2d_gather.cl"

#ifndef WEIGHT_GRADIENT

// The third dimension runs over the groups of channels, the first over phases and the pixels of each. DIRECT_K weights of each
// channel are in local memory at a time.
__kernel void product(
    const Conv2dGeometry g, const int groupsPerPhase, __global const float *source, __global const float *w,
    __global const float *bias, __global const float *gate, __global float *result)
{
    __local float weights[DIRECT_K * ROWS];
    const int lane = get_local_id(0);
    const int group = get_global_id(2);
    const int rows = RESULT_CHANNELS / g.groups;
    const int channels = SUM_CHANNELS / g.groups;
    const int phase = get_group_id(0) / groupsPerPhase;
    const int firstPixel = (get_group_id(0) - phase * groupsPerPhase) * DIRECT_ITEMS * DIRECT_PIXELS + lane;
    const Reach reach = reachOf(g, phase);
    const int kernelArea = g.kernelHeight * g.kernelWidth;
#ifdef FORWARD
    const int perRow = channels * kernelArea;
    const int perChannel = kernelArea;
#else
    const int perRow = kernelArea;
    const int perChannel = rows * kernelArea;
#endif
    w += group * rows * channels * kernelArea;
    source += group * channels * SOURCE_HEIGHT * SOURCE_WIDTH;
    Place places[DIRECT_PIXELS];
    float sums[DIRECT_PIXELS][ROWS];
    UNROLLED(p, DIRECT_PIXELS) {
        const int pixel = max(0, min(firstPixel + p * DIRECT_ITEMS, reach.pixels - 1));
        places[p] = placeOfPixel(g, reach, pixel);
        UNROLLED(row, ROWS) {
            sums[p][row] = 0.0f;
        }
    }
    // The tap of the next k, without divisions: as the hands of a clock.
    int channel = 0;
    int tapRow = 0;
    int tapColumn = 0;
    for (int k0 = 0; k0 < reach.length; k0 += DIRECT_K) {
        const int length = min(DIRECT_K, reach.length - k0);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = lane; k < length; k += DIRECT_ITEMS) {
            const int at = weightAt(g, reach, k0 + k, perChannel);
            UNROLLED(row, ROWS) {
                weights[k * ROWS + row] = row < rows ? w[at + row * perRow] : 0.0f;
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        float part[DIRECT_PIXELS][ROWS];
        UNROLLED(p, DIRECT_PIXELS) {
            UNROLLED(row, ROWS) {
                part[p][row] = 0.0f;
            }
        }
        for (int k = 0; k < length; ++k) {
            Place tap;
            tap.y = tapRow * reach.vertical.perTap;
            tap.x = tapColumn * reach.horizontal.perTap;
            tap.at = (channel * reach.vertical.extent + tap.y) * reach.horizontal.extent + tap.x;
            UNROLLED(p, DIRECT_PIXELS) {
                const float met = pixelAt(reach, source, places[p], tap);
                UNROLLED(row, ROWS) {
                    part[p][row] = fma(weights[k * ROWS + row], met, part[p][row]);
                }
            }
            if (++tapColumn == reach.horizontal.taps) {
                tapColumn = 0;
                if (++tapRow == reach.vertical.taps) {
                    tapRow = 0;
                    ++channel;
                }
            }
        }
        // Closed here, so that rounding does not grow with the length of the sum.
        UNROLLED(p, DIRECT_PIXELS) {
            UNROLLED(row, ROWS) {
                sums[p][row] += part[p][row];
            }
        }
    }
    UNROLLED(p, DIRECT_PIXELS) {
        const int pixel = firstPixel + p * DIRECT_ITEMS;
        if (pixel >= reach.pixels) {
            continue;
        }
        const int first = firstOfResult(g, reach, pixel, group * rows);
        UNROLLED(row, ROWS) {
            if (row < rows) {
                const int at = first + row * RESULT_PLANE;
                result[at] = GATED(EPILOGUE(sums[p][row], bias[group * rows + row]), gate[at]);
            }
        }
    }
}

#else

// Sums that are added up over the group at a time, and what each of its items then adds.
#define TOGETHER 8
#define PARTS (DIRECT_ITEMS / TOGETHER)

// The first dimension runs over blocks of COLUMNS weights, the third over groups of channels and, innermost, splits of the
// pixels, each of which has its own copy of all sums in partial. A single one writes to dw and dbias.
__kernel void weightProduct(
    const Conv2dGeometry g, const int splits, const int pixelsPerSplit, __global const float *x, __global const float *dy,
    __global float *partial, __global float *dw, __global float *dbias)
{
    __local float scratch[TOGETHER][DIRECT_ITEMS];
    __local float parts[TOGETHER][PARTS];
    const int lane = get_local_id(0);
    const int firstColumn = get_group_id(0) * COLUMNS;
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
    Place taps[COLUMNS];
    float sums[ROWS * COLUMNS];
    UNROLLED(c, COLUMNS) {
        taps[c] = placeOfTap(reach, min(firstColumn + c, weights - 1));
        UNROLLED(row, ROWS) {
            sums[row * COLUMNS + c] = 0.0f;
        }
    }
    for (int pixel = from + lane; pixel < to; pixel += DIRECT_ITEMS) {
        const Place place = placeOfPixel(g, reach, pixel);
        __global const float *left = dy + quotient(pixel, reach.byPlane) * (g.outChannels - 1) * plane + pixel;
        float a[ROWS];
        UNROLLED(row, ROWS) {
            a[row] = left[min(row, rows - 1) * plane];
        }
        UNROLLED(c, COLUMNS) {
            float met = pixelAt(reach, x, place, taps[c]);
#ifdef DY_SUMS
            met = firstColumn + c == weights ? 1.0f : met;
#endif
            UNROLLED(row, ROWS) {
                sums[row * COLUMNS + c] = fma(a[row], met, sums[row * COLUMNS + c]);
            }
        }
    }
    // Each sum over the group's items: as many at a time as fill local memory, in parts, and then the parts.
#pragma unroll
    for (int first = 0; first < ROWS * COLUMNS; first += TOGETHER) {
        UNROLLED(i, TOGETHER) {
            if (first + i < ROWS * COLUMNS) {
                scratch[i][lane] = sums[min(first + i, ROWS * COLUMNS - 1)];
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        const int i = lane / PARTS;
        if (first + i < ROWS * COLUMNS) {
            float part = 0.0f;
            for (int item = lane % PARTS; item < DIRECT_ITEMS; item += PARTS) {
                part += scratch[i][item];
            }
            parts[i][lane % PARTS] = part;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        const int row = (first + lane) / COLUMNS;
        const int column = firstColumn + (first + lane) % COLUMNS;
        if (lane < TOGETHER && row < rows && column < columns) {
            float sum = 0.0f;
            for (int part = 0; part < PARTS; ++part) {
                sum += parts[lane][part];
            }
            if (splits == 1) {
                storeSum(g, sum, group * rows + row, column, dw, dbias);
            } else {
                partial[((split * g.groups + group) * rows + row) * columns + column] = sum;
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}

#include "conv2d_join.cl"

#endif
