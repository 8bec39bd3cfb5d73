// Matrix products, batched. BIAS is defined where a bias is added. At most one of these is defined:
//   RELU      c = max(c, 0)
//   GATE      c is 0 where gate, which lies as c does, is not above 0
//   ROW_SUMS  the sums of the rows of op(a) go to rowSums
// The vector shape computes ROWS rows of a panel of VECTORS * 16 columns at a time, of a second matrix that matmul_pack.cl has
// packed where it had to.
#include "common.cl"

#ifdef TILED
#include "tile.cl"

// What becomes of four neighbours in a row of c.
float4 finishedFour(float4 v, int row, int column, int width, __global const float *bias, __global const float *gate)
{
#ifdef BIAS
    v += *(__global const float4 *)(bias + column);
#endif
#ifdef RELU
    v = reluOfVec(v);
#endif
#ifdef GATE
    v = gatedVec(v, *(__global const float4 *)(gate + row * width + column));
#endif
    return v;
}

// The same for one, which may be the sum of a row.
void storeOne(
    float v, int row, int column, int width, __global const float *bias, __global const float *gate, __global float *rowSums,
    __global float *c)
{
#ifdef ROW_SUMS
    if (column == width) {
        rowSums[row] = v;
        return;
    }
#endif
    if (column >= width) {
        return;
    }
#ifdef BIAS
    v += bias[column];
#endif
#ifdef RELU
    v = relu(v);
#endif
#ifdef GATE
    v = gated(v, gate[row * width + column]);
#endif
    c[row * width + column] = v;
}

// c = op(a) op(b) + bias: see tile.cl; the third dimension of the groups runs over the batch. TRANSPOSE_A and TRANSPOSE_B are
// defined as the operands are stored. With ROW_SUMS there is one more column, of ones in b: what comes out of it are the sums.
__kernel void product(
    const int rows, const int width, const int length, __constant int *batch, const int batchDepth,
    __global const float *a, __global const float *b, __global const float *bias, __global const float *gate,
    __global float *rowSums, __global float *c)
{
    const int2 position = nestPositions(batch, batchDepth, get_global_id(2));
    a += position.x;
    b += position.y;
    c += get_global_id(2) * rows * width;
    const int from = 0;
    const int to = length;
#ifdef TRANSPOSE_A
#define K_OF_A K_IF_NOT_DENSE
#define PLACE_IN_A(l) PLACE_IF_NOT_DENSE(l)
#define PER_ROW 1
#define SEEK_A(k) __global const float *atA = a + (k) * rows;
#else
#define K_OF_A K_IF_DENSE
#define PLACE_IN_A(l) PLACE_IF_DENSE(l)
#define PER_ROW length
#define SEEK_A(k) __global const float *atA = a + (k);
#endif
#define LOAD_A(l) atA[rowAt[l]]
#ifdef TRANSPOSE_B
#define K_OF_B K_IF_DENSE
#define PLACE_IN_B(l) PLACE_IF_DENSE(l)
#define PER_COLUMN length
#define SEEK_B(k) __global const float *atB = b + (k);
#else
#define K_OF_B K_IF_NOT_DENSE
#define PLACE_IN_B(l) PLACE_IF_NOT_DENSE(l)
#define PER_COLUMN 1
#define SEEK_B(k) __global const float *atB = b + (k) * width;
#endif
#ifdef ROW_SUMS
#define LOAD_B(l) (TILE_COLUMN + PLACE_IN_B(l) == width ? 1.0f : atB[columnAt[l]])
#else
#define LOAD_B(l) atB[columnAt[l]]
#endif
    uint rowAt[LOADS_OF_A];
#pragma unroll
    for (int l = 0; l < LOADS_OF_A; ++l) {
        rowAt[l] = min(TILE_ROW + PLACE_IN_A(l), rows - 1) * PER_ROW;
    }
    uint columnAt[LOADS_OF_B];
#pragma unroll
    for (int l = 0; l < LOADS_OF_B; ++l) {
        columnAt[l] = min(TILE_COLUMN + PLACE_IN_B(l), width - 1) * PER_COLUMN;
    }
#include "tile_product.cl"
    const bool inFours = width % 4 == 0;
#pragma unroll
    for (int i = 0; i < PER_ITEM; ++i) {
        const int row = ROW_OF(i);
#pragma unroll
        for (int run = 0; run < RUNS; ++run) {
            const int column = COLUMN_OF(run);
            if (row < rows && inFours && column < width) {
                *(__global float4 *)(c + row * width + column) = finishedFour(total[i][run], row, column, width, bias, gate);
            } else if (row < rows) {
                storeOne(total[i][run].x, row, column, width, bias, gate, rowSums, c);
                storeOne(total[i][run].y, row, column + 1, width, bias, gate, rowSums, c);
                storeOne(total[i][run].z, row, column + 2, width, bias, gate, rowSums, c);
                storeOne(total[i][run].w, row, column + 3, width, bias, gate, rowSums, c);
            }
        }
    }
}

#else

// Columns that a work-item computes at a time: a panel.
#define PANEL (VECTORS * WIDTH)

// Partial sums are closed after this many terms, so that rounding does not grow with the length of the sum.
#define TERMS 256

// Writes the first n lanes of a vector, all of them if there are more.
void storeLanes(Vec v, __global float *p, int n)
{
    if (n >= WIDTH) {
        VSTORE(v, 0, p);
        return;
    }
    float lanes[WIDTH];
    VSTORE(v, 0, lanes);
    for (int lane = 0; lane < n; ++lane) {
        p[lane] = lanes[lane];
    }
}

// The first n lanes of a vector, all of them if there are more; zeros behind them.
Vec loadLanes(__global const float *p, int n)
{
    if (n >= WIDTH) {
        return VLOAD(0, p);
    }
    float lanes[WIDTH];
    for (int lane = 0; lane < WIDTH; ++lane) {
        lanes[lane] = lane < n ? p[lane] : 0.0f;
    }
    return VLOAD(0, lanes);
}

float sumOfRow(__global const float *row, int aK, int length)
{
    float total = 0.0f;
    for (int first = 0; first < length; first += TERMS) {
        float part = 0.0f;
        for (int k = first; k < min(length, first + TERMS); ++k) {
            part += row[k * aK];
        }
        total += part;
    }
    return total;
}

// c = op(a) b + bias: blocksPerItem times ROWS rows of a panel per work-item. The first dimension runs over blocks of rows, the
// second over panels, the third over the batch. a moves by aRow per row and aK per k; b by bK per k and bPanel per panel. PACKED
// is defined where b is packed, by packedPerBatch per product; else it is read as it is stored, and all panels are whole. A panel
// is read once per ROWS rows, from the cache while the rows pass over it; a once per panel.
__kernel void product(
    const int rows, const int columns, const int length, const int blocksPerItem, const int aRow, const int aK,
    const int bK, const int bPanel, const int packedPerBatch, __constant int *batch, const int batchDepth,
    __global const float *a, __global const float *b, __global const float *bias, __global const float *gate,
    __global float *rowSums, __global float *c)
{
    const int column = get_global_id(1) * PANEL;
    const int turn = get_global_id(2);
    a += nestPosition(batch, batchDepth, 0, turn);
#ifdef PACKED
    b += turn * packedPerBatch;
#else
    b += nestPosition(batch, batchDepth, 1, turn);
#endif
    b += (int)get_global_id(1) * bPanel;
    c += turn * rows * columns + column;
    gate += turn * rows * columns + column;
    const int firstRow = get_global_id(0) * blocksPerItem * ROWS;
    const int lastRow = min(rows, firstRow + blocksPerItem * ROWS);
    for (int row = firstRow; row < lastRow; row += ROWS) {
        __global const float *left[ROWS];
        Vec total[ROWS][VECTORS];
#pragma unroll
        for (int i = 0; i < ROWS; ++i) {
            // Rows beyond the last repeat it: their sums are not used.
            left[i] = a + min(row + i, rows - 1) * aRow;
#pragma unroll
            for (int v = 0; v < VECTORS; ++v) {
#ifdef BIAS
                total[i][v] = loadLanes(bias + column + v * WIDTH, columns - column - v * WIDTH);
#else
                total[i][v] = (Vec)(0.0f);
#endif
            }
        }
        for (int first = 0; first < length; first += TERMS) {
            const int last = min(length, first + TERMS);
            Vec part[ROWS][VECTORS];
#pragma unroll
            for (int i = 0; i < ROWS; ++i) {
#pragma unroll
                for (int v = 0; v < VECTORS; ++v) {
                    part[i][v] = (Vec)(0.0f);
                }
            }
            for (int k = first; k < last; ++k) {
                Vec right[VECTORS];
#pragma unroll
                for (int v = 0; v < VECTORS; ++v) {
                    right[v] = VLOAD(v, b + k * bK);
                }
#pragma unroll
                for (int i = 0; i < ROWS; ++i) {
#pragma unroll
                    for (int v = 0; v < VECTORS; ++v) {
                        part[i][v] = fma((Vec)(left[i][k * aK]), right[v], part[i][v]);
                    }
                }
            }
#pragma unroll
            for (int i = 0; i < ROWS; ++i) {
#pragma unroll
                for (int v = 0; v < VECTORS; ++v) {
                    total[i][v] += part[i][v];
                }
            }
        }
#pragma unroll
        for (int i = 0; i < ROWS; ++i) {
            if (row + i < rows) {
#pragma unroll
                for (int v = 0; v < VECTORS; ++v) {
                    const int at = (row + i) * columns + v * WIDTH;
                    const int lanes = columns - column - v * WIDTH;
#ifdef RELU
                    total[i][v] = reluOfVec(total[i][v]);
#endif
#ifdef GATE
                    total[i][v] = gatedVec(total[i][v], loadLanes(gate + at, lanes));
#endif
                    storeLanes(total[i][v], c + at, lanes);
                }
#ifdef ROW_SUMS
                if (column == 0) {
                    rowSums[row + i] = sumOfRow(left[i], aK, length);
                }
#endif
            }
        }
    }
}

#endif
