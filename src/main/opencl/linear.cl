// Linear layers that are too small to keep a device busy for long: what a layer has to compute goes in one launch. Larger ones
// are products of matmul.cl. x is (rows, in), w (out, in), dy (rows, out), all dense. RELU and GATE are defined as there.
#include "common.cl"

#ifdef TILED
#include "tile.cl"

// Both gradients, dx = dy w and dw = dy^T x, by tiles of tile.cl. They have about as many columns, so the tiles of dw follow
// below those of dx: row `first` of the whole is row 0 of dw. With dbias, dw has one more column, that of ones in x.
__kernel void gradients(
    const int batch, const int in, const int out, const int withBias, __global const float *x, __global const float *dy,
    __global const float *w, __global const float *gate, __global float *dx, __global float *dw, __global float *dbias)
{
    const int below = (batch + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
    const bool ofWeight = TILE_ROW >= below;
    const int first = ofWeight ? below : 0;
    const int rows = ofWeight ? out : batch;
    const int columns = ofWeight ? in + withBias : in;
    const int from = 0;
    const int to = ofWeight ? batch : out;
    const int perRow = ofWeight ? 1 : out;
    const int perK = ofWeight ? out : 1;
    __global const float *right = ofWeight ? x : w;
    const int kOfA = ofWeight ? K_IF_NOT_DENSE : K_IF_DENSE;
#define K_OF_A kOfA
#define PLACE_IN_A(l) (ofWeight ? PLACE_IF_NOT_DENSE(l) : PLACE_IF_DENSE(l))
#define SEEK_A(k) __global const float *atA = dy + (k) * perK;
#define LOAD_A(l) atA[rowAt[l]]
#define K_OF_B K_IF_NOT_DENSE
#define PLACE_IN_B(l) PLACE_IF_NOT_DENSE(l)
#define SEEK_B(k) __global const float *atB = right + (k) * in;
#define LOAD_B(l) (TILE_COLUMN + PLACE_IN_B(l) < in ? atB[TILE_COLUMN + PLACE_IN_B(l)] : 1.0f)
    uint rowAt[LOADS_OF_A];
#pragma unroll
    for (int l = 0; l < LOADS_OF_A; ++l) {
        rowAt[l] = min(TILE_ROW - first + PLACE_IN_A(l), rows - 1) * perRow;
    }
#include "tile_product.cl"
#pragma unroll
    for (int i = 0; i < PER_ITEM; ++i) {
        const int row = ROW_OF(i) - first;
#pragma unroll
        for (int j = 0; j < 4 * RUNS; ++j) {
            const int column = COLUMN_OF(j / 4) + j % 4;
            if (row >= rows || column >= columns) {
                continue;
            }
            const float sum = LANE(total[i][j / 4], j % 4);
            const int at = row * in + column;
            if (!ofWeight) {
#ifdef GATE
                dx[at] = gated(sum, gate[at]);
#else
                dx[at] = sum;
#endif
            } else if (column < in) {
                dw[at] = sum;
            } else {
                dbias[row] = sum;
            }
        }
    }
}

#else

// Partial sums are closed after this many terms, so that rounding does not grow with the length of the sum.
#define TERMS 256

// Rows and columns of the result per work-item: 16 sums in registers.
#define SIDE 4

#define ALL(v) (v)

// Adds the products of the vectors at k of all rows to the sums; what FILTER makes 0 does not count.
#define ADD_PRODUCTS(k, FILTER)                                                                  \
    {                                                                                            \
        Vec b[SIDE];                                                                             \
        _Pragma("unroll") for (int j = 0; j < SIDE; ++j) {                                       \
            b[j] = FILTER(VLOAD(0, right[j] + (k)));                                             \
        }                                                                                        \
        _Pragma("unroll") for (int i = 0; i < SIDE; ++i) {                                       \
            const Vec a = FILTER(VLOAD(0, left[i] + (k)));                                       \
            _Pragma("unroll") for (int j = 0; j < SIDE; ++j) {                                   \
                sum[i][j] = fma(a, b[j], sum[i][j]);                                             \
            }                                                                                    \
        }                                                                                        \
    }

// y = x w^T + bias: dot products of SIDE rows of x with SIDE rows of w, along vectors of 16, where they lie. BIAS is defined
// where a bias is added.
__kernel void forward(
    const int rows, const int in, const int out, __global const float *x, __global const float *w, __global const float *bias,
    __global float *y)
{
    const int row = get_global_id(0) * SIDE;
    const int column = get_global_id(1) * SIDE;
    // Rows beyond the last repeat it: their sums are not used.
    __global const float *left[SIDE];
    __global const float *right[SIDE];
#pragma unroll
    for (int i = 0; i < SIDE; ++i) {
        left[i] = x + min(row + i, rows - 1) * in;
        right[i] = w + min(column + i, out - 1) * in;
    }
    float total[SIDE][SIDE];
#pragma unroll
    for (int i = 0; i < SIDE; ++i) {
#pragma unroll
        for (int j = 0; j < SIDE; ++j) {
            total[i][j] = 0.0f;
        }
    }
    const int whole = in / WIDTH * WIDTH;
    // The last vector overlaps the one before, whose elements it leaves out; where there is none before, elements go one by one.
    const IntVec overlap = (IntVec)(whole + WIDTH - in);
    const IntVec lane = (IntVec)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#define REST(v) (lane >= overlap ? (v) : (Vec)(0.0f))
    for (int k0 = 0; k0 < whole; k0 += TERMS * WIDTH) {
        const int end = min(whole, k0 + TERMS * WIDTH);
        Vec sum[SIDE][SIDE];
#pragma unroll
        for (int i = 0; i < SIDE; ++i) {
#pragma unroll
            for (int j = 0; j < SIDE; ++j) {
                sum[i][j] = (Vec)(0.0f);
            }
        }
        for (int k = k0; k < end; k += WIDTH) {
            ADD_PRODUCTS(k, ALL)
        }
        if (end == whole && whole < in) {
            ADD_PRODUCTS(in - WIDTH, REST)
        }
#pragma unroll
        for (int i = 0; i < SIDE; ++i) {
#pragma unroll
            for (int j = 0; j < SIDE; ++j) {
                total[i][j] += sumOfLanes(sum[i][j]);
            }
        }
    }
    for (int k = 0; k < in && whole == 0; ++k) {
#pragma unroll
        for (int i = 0; i < SIDE; ++i) {
#pragma unroll
            for (int j = 0; j < SIDE; ++j) {
                total[i][j] = fma(left[i][k], right[j][k], total[i][j]);
            }
        }
    }
    for (int i = 0; i < SIDE && row + i < rows; ++i) {
        for (int j = 0; j < SIDE && column + j < out; ++j) {
            float v = total[i][j];
#ifdef BIAS
            v += bias[column + j];
#endif
#ifdef RELU
            v = relu(v);
#endif
            y[(row + i) * out + column + j] = v;
        }
    }
}

// ROWS rows and 16 columns of a product: element (i, k) of the left side is left[i * perRow + k * perK], that of the right side
// right[k * pitch + lane], of which `valid` lanes exist.
void rowsTimesPanel(
    int validRows, int length, int perRow, int perK, int pitch, int valid, __global const float *left,
    __global const float *right, Vec *total)
{
    int rowAt[ROWS];
#pragma unroll
    for (int i = 0; i < ROWS; ++i) {
        rowAt[i] = min(i, validRows - 1) * perRow;
        total[i] = (Vec)(0.0f);
    }
    for (int k0 = 0; k0 < length; k0 += TERMS) {
        const int end = min(length, k0 + TERMS);
        Vec part[ROWS];
#pragma unroll
        for (int i = 0; i < ROWS; ++i) {
            part[i] = (Vec)(0.0f);
        }
        for (int k = k0; k < end; ++k) {
            Vec b;
            if (valid == WIDTH) {
                b = VLOAD(0, right + k * pitch);
            } else {
                float lanes[WIDTH];
                for (int lane = 0; lane < WIDTH; ++lane) {
                    lanes[lane] = right[k * pitch + min(lane, valid - 1)];
                }
                b = VLOAD(0, lanes);
            }
#pragma unroll
            for (int i = 0; i < ROWS; ++i) {
                part[i] = fma((Vec)(left[rowAt[i] + k * perK]), b, part[i]);
            }
        }
#pragma unroll
        for (int i = 0; i < ROWS; ++i) {
            total[i] += part[i];
        }
    }
}

// Both gradients, dx = dy w and dw = dy^T x, read where they lie: ROWS rows of either and 16 columns per work-item. The first
// dimension runs over blocks of rows, those of dx before those of dw; the second over panels of columns, of which the first of dw
// adds up dbias too.
__kernel void gradients(
    const int batch, const int in, const int out, const int withBias, __global const float *x, __global const float *dy,
    __global const float *w, __global const float *gate, __global float *dx, __global float *dw, __global float *dbias)
{
    const int blocksOfInput = (batch + ROWS - 1) / ROWS;
    const bool ofWeight = get_global_id(0) >= blocksOfInput;
    const int row = (get_global_id(0) - (ofWeight ? blocksOfInput : 0)) * ROWS;
    const int column = get_global_id(1) * WIDTH;
    const int valid = min(WIDTH, in - column);
    const int rows = ofWeight ? out : batch;
    const int length = ofWeight ? batch : out;
    const int perRow = ofWeight ? 1 : out;
    const int perK = ofWeight ? out : 1;
    Vec total[ROWS];
    rowsTimesPanel(
        rows - row, length, perRow, perK, in, valid, dy + row * perRow, (ofWeight ? x : w) + column, total);
    __global float *result = ofWeight ? dw : dx;
    for (int i = 0; i < ROWS && row + i < rows; ++i) {
        const int at = (row + i) * in + column;
        float lanes[WIDTH];
        VSTORE(total[i], 0, lanes);
#ifdef GATE
        if (!ofWeight) {
            for (int lane = 0; lane < valid; ++lane) {
                lanes[lane] = gated(lanes[lane], gate[at + lane]);
            }
        }
#endif
        if (valid == WIDTH) {
            VSTORE(VLOAD(0, lanes), 0, result + at);
        } else {
            for (int lane = 0; lane < valid; ++lane) {
                result[at + lane] = lanes[lane];
            }
        }
    }
    if (ofWeight && withBias && column == 0) {
        for (int i = 0; i < ROWS && row + i < rows; ++i) {
            float sum = 0.0f;
            for (int k0 = 0; k0 < batch; k0 += TERMS) {
                float part = 0.0f;
                for (int k = k0; k < min(batch, k0 + TERMS); ++k) {
                    part += dy[k * out + row + i];
                }
                sum += part;
            }
            dbias[row + i] = sum;
        }
    }
}

#endif
