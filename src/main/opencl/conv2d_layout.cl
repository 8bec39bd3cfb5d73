// What comes before and after the products of conv2d_pieces.cl. Every element is written once.
#include "common.cl"
#include "conv2d_geometry.cl"

// Copies a plane of the source, dense, to its layout.
void layOutPlane(const Layout l, __global const float *source, __global float *target)
{
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

// What a product reads of weights: per group and block of channels of the result, the channels summed over in blocks of CHANNELS;
// in such a block taps, then channels, then the block's channels of the result. In w, a channel of the result is rowStride away
// from the next, a channel summed over channelStride.
typedef struct {
    int groups;
    int rows;
    int rowsPerBlock;
    int channels;
    int area;
    int rowStride;
    int channelStride;
} Packing;

int blocksOf(const Packing p)
{
    return (p.rows + p.rowsPerBlock - 1) / p.rowsPerBlock;
}

// Packs one block, counted over the groups.
void packBlock(const Packing p, int block, __global const float *w, __global float *packed)
{
    const int firstRow = block % blocksOf(p) * p.rowsPerBlock;
    w += block / blocksOf(p) * p.rows * p.channels * p.area;
    packed += block * p.rowsPerBlock * p.channels * p.area;
    for (int first = 0; first < p.channels; first += CHANNELS) {
        const int last = min(p.channels, first + CHANNELS);
        for (int tap = 0; tap < p.area; ++tap) {
            for (int channel = first; channel < last; ++channel) {
                for (int i = 0; i < p.rowsPerBlock; ++i) {
                    // Rows beyond the last repeat it: their sums are not used.
                    *packed++ = w[min(firstRow + i, p.rows - 1) * p.rowStride + channel * p.channelStride + tap];
                }
            }
        }
    }
}

// All that a product needs: one block of weights per work-item, and behind those one plane.
__kernel void prepare(
    const Packing p, const Layout l, __global const float *w, __global const float *source, __global float *packed,
    __global float *target)
{
    const int blocks = p.groups * blocksOf(p);
    const int id = get_global_id(0);
    if (id < blocks) {
        packBlock(p, id, w, packed);
    } else {
        const int plane = id - blocks;
        layOutPlane(l, source + plane * l.height * l.width, target + plane * l.plane);
    }
}

// Planes alone, from firstPlane on: one per work-item.
__kernel void layOut(const Layout l, const int firstPlane, __global const float *source, __global float *target)
{
    const int plane = get_global_id(0);
    layOutPlane(l, source + (firstPlane + plane) * l.height * l.width, target + plane * l.plane);
}

// Joins the splits of a gradient: 16 weights per work-item, groups of 64. Behind the weights stand the biases.
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
