// Convolution for CPU devices: everything is computed in pieces of 16 pixels, which are vectors in memory, from a copy of the
// source whose border is made of zeros (see Layout); where the source needs none it is read as it is. Per group of channels,
//   FORWARD          y[channel, pixel]  = sum over channels and taps of w x, plus bias,
//   INPUT_GRADIENT   dx[channel, pixel] = sum over channels and taps of w dy, plus bias,
//   WEIGHT_GRADIENT  dw[channel, tap]   = sum over pixels of dy x,
// of which one is defined per build. Further macros:
//   PIECE_COLUMNS    a piece is 16 / PIECE_COLUMNS rows of so many pixels: 16 or 8
//   ROWS             channels of the result that a work-item computes at a time
//   PIECES           pieces that it computes at a time (the products)
//   COLUMNS          input channels and taps that it computes at a time (the weights' gradient)
//   BIAS             where a bias is added, or its gradient computed
//   RELU, GATE       where the result is max(that, 0), or 0 wherever gate is not above 0
//   UNIT_STRIDE      where both strides are 1
// No local memory, no barriers. ROWS times PIECES, or times COLUMNS, vectors are the sums; they stay in registers.
#include "common.cl"
#include "conv2d_geometry.cl"

#define PIECE_ROWS (WIDTH / PIECE_COLUMNS)

#ifdef UNIT_STRIDE
#define STRIDE_H 1
#define STRIDE_W 1
#else
#define STRIDE_H g.strideH
#define STRIDE_W g.strideW
#endif

// The piece whose first pixel is at p, in an image of the given width.
Vec loadPiece(__global const float *p, int width)
{
#if PIECE_COLUMNS == 16
    return vload16(0, p);
#else
    return (Vec)(vload8(0, p), vload8(0, p + width));
#endif
}

// The start of a piece in a grid: the last ones in a row or column are moved back to end with it, so that nearly all pieces are
// whole; where they overlap their neighbours, both write the same values. Only a grid that is smaller than a piece has none.
int startOf(int piece, int pieceSize, int gridSize)
{
    return max(0, min(piece * pieceSize, gridSize - pieceSize));
}

int piecesIn(int gridSize, int pieceSize)
{
    return (gridSize + pieceSize - 1) / pieceSize;
}

#ifndef WEIGHT_GRADIENT

#ifdef INPUT_GRADIENT
#define SUM_CHANNELS (g.outChannels / g.groups)
#define SOURCE_CHANNELS g.outChannels
#define RESULT_CHANNELS g.inChannels
#define RESULT_HEIGHT g.inHeight
#define RESULT_WIDTH g.inWidth
#else
#define SUM_CHANNELS (g.inChannels / g.groups)
#define SOURCE_CHANNELS g.inChannels
#define RESULT_CHANNELS g.outChannels
#define RESULT_HEIGHT g.outHeight
#define RESULT_WIDTH g.outWidth
#endif

// Writes those pixels of a piece that are in a grid of height x width positions; step is what lies between neighbours in a row of
// the result, rowStep between rows. gate lies as the result does.
void storePiece(
    Vec v, __global float *target, __global const float *gate, int height, int width, int step, int rowStep)
{
#ifdef RELU
    v = reluOfVec(v);
#endif
    if (height >= PIECE_ROWS && width >= PIECE_COLUMNS && step == 1) {
#ifdef GATE
        v = gatedVec(v, loadPiece(gate, rowStep));
#endif
#if PIECE_COLUMNS == 16
        vstore16(v, 0, target);
#else
        vstore8(v.lo, 0, target);
        vstore8(v.hi, 0, target + rowStep);
#endif
        return;
    }
    float lanes[WIDTH];
    VSTORE(v, 0, lanes);
    for (int row = 0; row < min(PIECE_ROWS, height); ++row) {
        for (int column = 0; column < min(PIECE_COLUMNS, width); ++column) {
            const int at = row * rowStep + column * step;
            const float value = lanes[row * PIECE_COLUMNS + column];
#ifdef GATE
            target[at] = gated(value, gate[at]);
#else
            target[at] = value;
#endif
        }
    }
}

// blocksPerItem times PIECES pieces of ROWS channels per work-item. The first dimension runs over blocks of channels, the second
// over blocks of pieces of some images, the third over groups of channels and, innermost, over phases: an input gradient's pixels
// that are a stride apart meet the same taps, so each phase is a convolution of its own. w is what `prepare` packed. A piece of
// the source is read once per ROWS channels and tap, a weight once per PIECES pieces.
__kernel void product(
    const Conv2dGeometry g, const Layout l, const int firstImage, const int images, const int blocksPerItem,
    __global const float *source, __global const float *w, __global const float *bias, __global const float *gate,
    __global float *result)
{
#ifdef INPUT_GRADIENT
    // Position t of a phase is pixel t stride + phase - pad, for those t that give one.
    const int phase = get_global_id(2) % (STRIDE_H * STRIDE_W);
    const int phaseY = phase / STRIDE_W;
    const int phaseX = phase % STRIDE_W;
    const int group = get_global_id(2) / (STRIDE_H * STRIDE_W);
    const int firstY = (g.padTop - phaseY + STRIDE_H - 1) / STRIDE_H;
    const int firstX = (g.padLeft - phaseX + STRIDE_W - 1) / STRIDE_W;
    const int gridHeight = (g.inHeight + g.padTop - phaseY + STRIDE_H - 1) / STRIDE_H - firstY;
    const int gridWidth = (g.inWidth + g.padLeft - phaseX + STRIDE_W - 1) / STRIDE_W - firstX;
    if (gridHeight <= 0 || gridWidth <= 0) {
        return;
    }
    const int stepY = STRIDE_H;
    const int stepX = STRIDE_W;
    source += (firstY + l.top) * l.columns + firstX + l.left;
    const int firstResult = (firstY * STRIDE_H + phaseY - g.padTop) * g.inWidth + firstX * STRIDE_W + phaseX - g.padLeft;
#else
    const int group = get_global_id(2);
    const int firstResult = 0;
    const int gridHeight = g.outHeight;
    const int gridWidth = g.outWidth;
    const int stepY = 1;
    const int stepX = 1;
#endif
    const int row = get_global_id(0) * ROWS;
    const int rows = min(ROWS, RESULT_CHANNELS / g.groups - row);
    const int firstChannel = group * (RESULT_CHANNELS / g.groups) + row;
    const int area = g.kernelHeight * g.kernelWidth;
    const int piecesPerRow = piecesIn(gridWidth, PIECE_COLUMNS);
    const int piecesPerImage = piecesPerRow * piecesIn(gridHeight, PIECE_ROWS);
    const int pieces = images * piecesPerImage;
    const int resultPlane = RESULT_HEIGHT * RESULT_WIDTH;
    source += group * SUM_CHANNELS * l.plane;
    w += (int)(group * get_global_size(0) + get_global_id(0)) * ROWS * SUM_CHANNELS * area;
    const int firstPiece = get_global_id(1) * blocksPerItem * PIECES;
    const int lastPiece = min(pieces, firstPiece + blocksPerItem * PIECES);
    for (int piece0 = firstPiece; piece0 < lastPiece; piece0 += PIECES) {
        __global const float *start[PIECES];
        int target[PIECES];
        Vec total[ROWS][PIECES];
#pragma unroll
        for (int p = 0; p < PIECES; ++p) {
            // A block that lacks pieces repeats the last one.
            const int piece = min(piece0 + p, pieces - 1);
            const int image = piece / piecesPerImage;
            const int y = startOf(piece % piecesPerImage / piecesPerRow, PIECE_ROWS, gridHeight);
            const int x = startOf(piece % piecesPerImage % piecesPerRow, PIECE_COLUMNS, gridWidth);
            start[p] = source + image * SOURCE_CHANNELS * l.plane + y * l.columns + x;
            target[p] = ((firstImage + image) * RESULT_CHANNELS + firstChannel) * resultPlane + firstResult
                + y * stepY * RESULT_WIDTH + x * stepX;
#pragma unroll
            for (int i = 0; i < ROWS; ++i) {
#ifdef BIAS
                total[i][p] = (Vec)(bias[firstChannel + min(i, rows - 1)]);
#else
                total[i][p] = (Vec)(0.0f);
#endif
            }
        }
        for (int channel0 = 0; channel0 < SUM_CHANNELS; channel0 += CHANNELS) {
            const int channels = min(CHANNELS, SUM_CHANNELS - channel0);
            Vec part[ROWS][PIECES];
#pragma unroll
            for (int i = 0; i < ROWS; ++i) {
#pragma unroll
                for (int p = 0; p < PIECES; ++p) {
                    part[i][p] = (Vec)(0.0f);
                }
            }
            for (int ky = 0; ky < g.kernelHeight; ++ky) {
                for (int kx = 0; kx < g.kernelWidth; ++kx) {
                    const int top = ky * g.dilationH;
                    const int left = kx * g.dilationW;
#ifdef INPUT_GRADIENT
                    if (top % STRIDE_H != phaseY || left % STRIDE_W != phaseX) {
                        continue;
                    }
                    int at = -(top / STRIDE_H * l.columns + left / STRIDE_W);
#else
                    int at = (top % STRIDE_H * STRIDE_W + left % STRIDE_W) * l.rows * l.columns
                        + top / STRIDE_H * l.columns + left / STRIDE_W;
#endif
                    at += channel0 * l.plane;
                    __global const float *weights = w + (channel0 * area + (ky * g.kernelWidth + kx) * channels) * ROWS;
                    for (int channel = 0; channel < channels; ++channel) {
                        Vec pixels[PIECES];
#pragma unroll
                        for (int p = 0; p < PIECES; ++p) {
                            pixels[p] = loadPiece(start[p] + at, l.columns);
                        }
#pragma unroll
                        for (int i = 0; i < ROWS; ++i) {
#pragma unroll
                            for (int p = 0; p < PIECES; ++p) {
                                part[i][p] = fma((Vec)(weights[i]), pixels[p], part[i][p]);
                            }
                        }
                        at += l.plane;
                        weights += ROWS;
                    }
                }
            }
#pragma unroll
            for (int i = 0; i < ROWS; ++i) {
#pragma unroll
                for (int p = 0; p < PIECES; ++p) {
                    total[i][p] += part[i][p];
                }
            }
        }
#pragma unroll
        for (int i = 0; i < ROWS; ++i) {
            if (i < rows) {
#pragma unroll
                for (int p = 0; p < PIECES; ++p) {
                    const int at = target[p] + i * resultPlane;
                    storePiece(total[i][p], result + at, gate + at, gridHeight, gridWidth, stepX, stepY * RESULT_WIDTH);
                }
            }
        }
    }
}

#else

Vec masked(Vec v, IntVec mask)
{
    return as_float16(as_int16(v) & mask);
}

// Which lanes of a piece are pixels that no earlier piece has: -1 for those, 0 for the others. (y, x) is where the piece would
// start if it were not moved back, (startY, startX) where it does.
IntVec newLanes(const Conv2dGeometry g, int y, int x, int startY, int startX)
{
    const IntVec lane = (IntVec)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const IntVec laneY = startY + lane / PIECE_COLUMNS;
    const IntVec laneX = startX + lane % PIECE_COLUMNS;
    // By signs: none of these may be negative. Of comparisons of vectors oclgrind makes 1 where -1 is meant.
    return ~(((laneY - y) | (g.outHeight - 1 - laneY) | (laneX - x) | (g.outWidth - 1 - laneX)) >> 31);
}

// The sum of a channel of dy over the lines of one split.
float biasGradient(
    const Conv2dGeometry g, const Layout dyLayout, int firstLine, int lastLine, __global const float *dy, int channel)
{
    const int lines = piecesIn(g.outHeight, PIECE_ROWS);
    Vec sum = (Vec)(0.0f);
    for (int line = firstLine; line < lastLine; ++line) {
        __global const float *plane = dy + (line / lines * g.outChannels + channel) * dyLayout.plane;
        const int y = line % lines * PIECE_ROWS;
        const int startY = startOf(line % lines, PIECE_ROWS, g.outHeight);
        for (int piece = 0; piece < piecesIn(g.outWidth, PIECE_COLUMNS); ++piece) {
            const int startX = startOf(piece, PIECE_COLUMNS, g.outWidth);
            const IntVec mask = newLanes(g, y, piece * PIECE_COLUMNS, startY, startX);
            sum += masked(loadPiece(plane + startY * dyLayout.columns + startX, dyLayout.columns), mask);
        }
    }
    return sumOfLanes(sum);
}

// ROWS channels of dy by COLUMNS values of k, which runs over input channels and taps, per work-item: their products over the
// pixels of one split, in 16 interleaved sums each. A split is some lines of pieces. The first dimension runs over blocks of k,
// the second over blocks of channels, the third over groups of channels and, innermost, splits. Images are counted from firstX
// and firstDy. Each split has its own sums in partial, the weights' and then the biases'; later images (add = 1) add to what the
// first left there. A piece of dy is read once per COLUMNS values of k, one of x once per ROWS channels.
__kernel void weightProduct(
    const Conv2dGeometry g, const Layout xLayout, const Layout dyLayout, const int firstX, const int firstDy,
    const int images, const int splits, const int linesPerSplit, const int add, __global const float *x,
    __global const float *dy, __global float *partial)
{
    const int channels = g.inChannels / g.groups;
    const int area = g.kernelHeight * g.kernelWidth;
    const int rows = g.outChannels / g.groups;
    const int columns = channels * area;
    const int column = get_global_id(0) * COLUMNS;
    const int row = get_global_id(1) * ROWS;
    const int group = get_global_id(2) / splits;
    const int split = get_global_id(2) % splits;
    const int lines = piecesIn(g.outHeight, PIECE_ROWS);
    const int piecesPerLine = piecesIn(g.outWidth, PIECE_COLUMNS);
    const int firstLine = split * linesPerSplit;
    const int lastLine = min(images * lines, firstLine + linesPerSplit);
    x += firstX * g.inChannels * xLayout.plane;
    dy += firstDy * g.outChannels * dyLayout.plane;
    // Rows and columns beyond the last repeat it: their sums are not used.
    __global const float *left[ROWS];
    __global const float *right[COLUMNS];
    Vec sum[ROWS][COLUMNS];
#pragma unroll
    for (int i = 0; i < ROWS; ++i) {
        left[i] = dy + (group * rows + min(row + i, rows - 1)) * dyLayout.plane;
#pragma unroll
        for (int j = 0; j < COLUMNS; ++j) {
            sum[i][j] = (Vec)(0.0f);
        }
    }
#pragma unroll
    for (int j = 0; j < COLUMNS; ++j) {
        const int k = min(column + j, columns - 1);
        const int tapY = k % area / g.kernelWidth * g.dilationH;
        const int tapX = k % area % g.kernelWidth * g.dilationW;
        right[j] = x + (group * channels + k / area) * xLayout.plane
            + (tapY % STRIDE_H * STRIDE_W + tapX % STRIDE_W) * xLayout.rows * xLayout.columns
            + tapY / STRIDE_H * xLayout.columns + tapX / STRIDE_W;
    }
    for (int line = firstLine; line < lastLine; ++line) {
        const int image = line / lines;
        const int y = line % lines * PIECE_ROWS;
        const int startY = startOf(line % lines, PIECE_ROWS, g.outHeight);
        for (int piece = 0; piece < piecesPerLine; ++piece) {
            const int startX = startOf(piece, PIECE_COLUMNS, g.outWidth);
            const IntVec mask = newLanes(g, y, piece * PIECE_COLUMNS, startY, startX);
            const int leftAt = image * g.outChannels * dyLayout.plane + startY * dyLayout.columns + startX;
            const int rightAt = image * g.inChannels * xLayout.plane + startY * xLayout.columns + startX;
            Vec b[COLUMNS];
#pragma unroll
            for (int j = 0; j < COLUMNS; ++j) {
                b[j] = masked(loadPiece(right[j] + rightAt, xLayout.columns), mask);
            }
#pragma unroll
            for (int i = 0; i < ROWS; ++i) {
                const Vec a = masked(loadPiece(left[i] + leftAt, dyLayout.columns), mask);
#pragma unroll
                for (int j = 0; j < COLUMNS; ++j) {
                    sum[i][j] = fma(a, b[j], sum[i][j]);
                }
            }
        }
    }
#ifdef BIAS
    partial += split * (g.outChannels * columns + g.outChannels);
#else
    partial += split * g.outChannels * columns;
#endif
#pragma unroll
    for (int i = 0; i < ROWS; ++i) {
        if (row + i < rows) {
            const int channel = group * rows + row + i;
#pragma unroll
            for (int j = 0; j < COLUMNS; ++j) {
                if (column + j < columns) {
                    const int at = channel * columns + column + j;
                    partial[at] = (add ? partial[at] : 0.0f) + sumOfLanes(sum[i][j]);
                }
            }
#ifdef BIAS
            if (column == 0) {
                const float sumOfDy = biasGradient(g, dyLayout, firstLine, lastLine, dy, channel);
                const int at = g.outChannels * columns + channel;
                partial[at] = (add ? partial[at] : 0.0f) + sumOfDy;
            }
#endif
        }
    }
}

#endif
