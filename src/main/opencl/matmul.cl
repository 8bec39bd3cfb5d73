// Matrix products, batched. BIAS is defined where a bias is added. The vector shape computes ROWS rows of a panel of VECTORS * 16
// columns at a time, of a second matrix that matmul_pack.cl has packed.
#include "common.cl"

#ifdef TILED

// c = op(a) op(b) + bias: see tile.cl; the third dimension of the groups runs over the batch. TRANSPOSE_A and TRANSPOSE_B are
// defined as the operands are stored.
__kernel void product(
    const int rows, const int columns, const int length, __constant int *batch, const int batchDepth,
    __global const float *a, __global const float *b, __global const float *bias, __global float *c)
{
    const int2 position = nestPositions(batch, batchDepth, get_group_id(2));
    a += position.x;
    b += position.y;
    c += get_group_id(2) * rows * columns;
    const int from = 0;
    const int to = length;
#ifdef TRANSPOSE_A
#define A_AT(row, k) a[(k) * rows + (row)]
#define A_IS_DENSE_IN_ROWS
#else
#define A_AT(row, k) a[(row) * length + (k)]
#endif
#ifdef TRANSPOSE_B
#define B_AT(k, column) b[(column) * length + (k)]
#define B_IS_DENSE_IN_K
#else
#define B_AT(k, column) b[(k) * columns + (column)]
#endif
#include "tile.cl"
    for (int i = 0; i < 4; ++i) {
        const int row = firstRow + STEP * i;
        for (int j = 0; j < 4; ++j) {
            const int column = firstColumn + STEP * j;
            if (row < rows && column < columns) {
#ifdef BIAS
                total[i][j] += bias[column];
#endif
                c[row * columns + column] = total[i][j];
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

// c = op(a) b + bias: blocksPerItem times ROWS rows of a panel per work-item. The first dimension runs over blocks of rows, the
// second over panels, the third over the batch. a moves by aRow per row and aK per k; b by bK per k and bPanel per panel. PACKED is
// defined where b is packed, by packedPerBatch per product; else it is read as it is stored, and all panels are whole. A panel is
// read once per ROWS rows, from the cache while the rows pass over it; a once per panel.
__kernel void product(
    const int rows, const int columns, const int length, const int blocksPerItem, const int aRow, const int aK,
    const int bK, const int bPanel, const int packedPerBatch, __constant int *batch, const int batchDepth,
    __global const float *a, __global const float *b, __global const float *bias, __global float *c)
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
                total[i][v] = loadVec(bias, column + v * WIDTH, columns);
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
                    storeLanes(total[i][v], c + (row + i) * columns + v * WIDTH, columns - column - v * WIDTH);
                }
            }
        }
    }
}

#endif
