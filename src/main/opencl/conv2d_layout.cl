// What comes before and after the products of conv2d_pieces.cl and conv2d.cl. Every element is written once.
#include "common.cl"
#include "conv2d_geometry.cl"

// Copies one plane of the source, dense, into one of the target, per work-item.
__kernel void layOut(const Layout l, const int firstPlane, __global const float *source, __global float *target)
{
    source += (firstPlane + (int)get_global_id(0)) * l.height * l.width;
    target += (int)get_global_id(0) * l.plane;
    for (int py = 0; py < l.strideH; ++py) {
        for (int px = 0; px < l.strideW; ++px) {
            // Pixel x is column (x + left) / strideW of its phase; begin to end are those columns that have a pixel.
            const int shift = px - l.left;
            const int begin = min(l.columns, (max(0, -shift) + l.strideW - 1) / l.strideW);
            const int end = clamp((max(0, l.width - shift) + l.strideW - 1) / l.strideW, begin, l.columns);
            for (int row = 0; row < l.rows; ++row) {
                const int y = row * l.strideH + py - l.top;
                const bool exists = y >= 0 && y < l.height;
                const int last = exists ? end : begin;
                __global const float *pixels = source + (exists ? y : 0) * l.width + shift;
                int column = 0;
                for (; column < begin; ++column) {
                    target[column] = 0.0f;
                }
                if (l.strideW == 1) {
                    for (; column + WIDTH <= last; column += WIDTH) {
                        VSTORE(VLOAD(0, pixels + column), 0, target + column);
                    }
                }
                for (; column < last; ++column) {
                    target[column] = pixels[column * l.strideW];
                }
                for (; column < l.columns; ++column) {
                    target[column] = 0.0f;
                }
                target += l.columns;
            }
        }
    }
}

// Lays weights out in the order in which products read them: per group and block of channels of the result, the channels summed
// over in blocks of CHANNELS; in such a block taps, then channels, then the block's channels of the result. One block per
// work-item. In w, a channel of the result is rowStride away from the next, a channel summed over channelStride.
__kernel void packWeights(
    const int rows, const int rowsPerBlock, const int channels, const int area, const int rowStride, const int channelStride,
    __global const float *w, __global float *packed)
{
    const int firstRow = get_global_id(0) * rowsPerBlock;
    w += (int)get_global_id(1) * rows * channels * area;
    packed += (int)(get_global_id(1) * get_global_size(0) + get_global_id(0)) * rowsPerBlock * channels * area;
    for (int first = 0; first < channels; first += CHANNELS) {
        const int last = min(channels, first + CHANNELS);
        for (int tap = 0; tap < area; ++tap) {
            for (int channel = first; channel < last; ++channel) {
                for (int i = 0; i < rowsPerBlock; ++i) {
                    // Rows beyond the last repeat it: their sums are not used.
                    *packed++ = w[min(firstRow + i, rows - 1) * rowStride + channel * channelStride + tap];
                }
            }
        }
    }
}

// Joins the splits of a gradient: 16 or 4 weights per work-item, groups of 64. Behind the weights stand the biases.
__kernel void joinSplits(
    const int n, const int weights, const int splits, __global const float *partial, __global float *dw, __global float *dbias)
{
    const int first = FIRST_ELEMENT;
    if (first + WIDTH <= weights) {
        Vec sum = (Vec)(0.0f);
        for (int split = 0; split < splits; ++split) {
            sum += VLOAD(0, partial + split * n + first);
        }
        VSTORE(sum, 0, dw + first);
        return;
    }
    for (int i = first; i < min(n, first + WIDTH); ++i) {
        float sum = 0.0f;
        for (int split = 0; split < splits; ++split) {
            sum += partial[split * n + i];
        }
        if (i < weights) {
            dw[i] = sum;
        } else {
            dbias[i - weights] = sum;
        }
    }
}
