// Matrix products, batched. BIAS is defined where a bias is added. At most one of these is defined:
//   RELU      c = max(c, 0)
//   GATE      c is 0 where gate, which lies as c does, is not above 0
//   ROW_SUMS  the sums of the rows of op(a) go to rowSums
// The vector shape computes ROWS rows of a panel of VECTORS * 16 columns at a time, of a second matrix that matmul_pack.cl has
// packed where it had to.
#include "common.cl"

#ifdef TILED

// Element (k, column) of op(b), for a c of `width` columns. With ROW_SUMS there is one more column, of ones: what comes out of it
// are the sums.
float elementOfB(__global const float *b, int width, int length, int k, int column)
{
#ifdef ROW_SUMS
    if (column == width) {
        return 1.0f;
    }
#endif
#ifdef TRANSPOSE_B
    return b[column * length + k];
#else
    return b[k * width + column];
#endif
}

// The columns of the product that make up c and what is computed with it.
int columnsWithSums(int width)
{
#ifdef ROW_SUMS
    return width + 1;
#else
    return width;
#endif
}

// Puts a sum where it belongs.
void store(
    float sum, int row, int column, int width, __global const float *bias, __global const float *gate, __global float *rowSums,
    __global float *c)
{
#ifdef ROW_SUMS
    if (column == width) {
        rowSums[row] = sum;
        return;
    }
#endif
#ifdef BIAS
    sum += bias[column];
#endif
#ifdef RELU
    sum = relu(sum);
#endif
#ifdef GATE
    sum = gated(sum, gate[row * width + column]);
#endif
    c[row * width + column] = sum;
}

// c = op(a) op(b) + bias: see tile.cl; the third dimension of the groups runs over the batch. TRANSPOSE_A and TRANSPOSE_B are
// defined as the operands are stored.
__kernel void product(
    const int rows, const int width, const int length, __constant int *batch, const int batchDepth,
    __global const float *a, __global const float *b, __global const float *bias, __global const float *gate,
    __global float *rowSums, __global float *c)
{
    const int columns = columnsWithSums(width);
    const int2 position = nestPositions(batch, batchDepth, get_group_id(2));
    a += position.x;
    b += position.y;
    c += get_group_id(2) * rows * width;
    const int from = 0;
    const int to = length;
#ifdef TRANSPOSE_A
#define A_AT(row, k) a[(k) * rows + (row)]
#define A_IS_DENSE_IN_ROWS
#else
#define A_AT(row, k) a[(row) * length + (k)]
#endif
#define B_AT(k, column) elementOfB(b, width, length, k, column)
#ifdef TRANSPOSE_B
#define B_IS_DENSE_IN_K
#endif
#include "tile.cl"
#pragma unroll
    for (int i = 0; i < PER_ITEM; ++i) {
        const int row = ROW_OF(i);
#pragma unroll
        for (int j = 0; j < PER_ITEM; ++j) {
            const int column = COLUMN_OF(j);
            if (row < rows && column < columns) {
                store(total[i][j], row, column, width, bias, gate, rowSums, c);
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
