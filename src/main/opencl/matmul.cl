// Matrix products, batched. BIAS is defined where a bias is added.
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

#include "panel.cl"

// Copies b to panels of 16 columns, k by k, zeros beyond the last column: one panel per work-item, so that the product reads
// vectors whatever b's layout. TRANSPOSE_B is defined where b is stored transposed.
__kernel void pack(
    const int columns, const int length, const int panels, __constant int *batch, const int batchDepth,
    __global const float *b, __global float *packed)
{
    const int panel = get_global_id(0);
    b += nestPosition(batch, batchDepth, 1, get_global_id(1));
    packed += (get_global_id(1) * panels + panel) * length * WIDTH;
    const int first = panel * WIDTH;
    const int valid = min(WIDTH, columns - first);
    for (int k = 0; k < length; ++k) {
        float lanes[WIDTH];
        for (int lane = 0; lane < WIDTH; ++lane) {
            const int column = first + min(lane, valid - 1);
#ifdef TRANSPOSE_B
            const float v = b[column * length + k];
#else
            const float v = b[k * columns + column];
#endif
            lanes[lane] = lane < valid ? v : 0.0f;
        }
        VSTORE(VLOAD(0, lanes), k, packed);
    }
}

// c = op(a) packed + bias: ROWS x 16 outputs per work-item, see panel.cl. a moves by aRow per row and aK per k.
__kernel void product(
    const int rows, const int columns, const int length, const int aRow, const int aK, const int packedPerBatch,
    __constant int *batch, const int batchDepth,
    __global const float *a, __global const float *packed, __global const float *bias, __global float *c)
{
    const int row = get_global_id(0) * ROWS;
    const int panel = get_global_id(1);
    const int turn = get_global_id(2);
    a += nestPosition(batch, batchDepth, 0, turn);
    packed += turn * packedPerBatch + panel * length * WIDTH;
    c += turn * rows * columns;
    Vec total[ROWS];
    panelProduct(rows - row, 1, length, aRow, 0, aK, a + row * aRow, packed, total);
    const int column = panel * WIDTH;
    const int valid = min(WIDTH, columns - column);
#ifdef BIAS
    const Vec addend = loadVec(bias, column, columns);
#else
    const Vec addend = (Vec)(0.0f);
#endif
    for (int i = 0; i < ROWS && row + i < rows; ++i) {
        __global float *target = c + (row + i) * columns + column;
        if (valid == WIDTH) {
            VSTORE(total[i] + addend, 0, target);
        } else {
            float lanes[WIDTH];
            VSTORE(total[i] + addend, 0, lanes);
            for (int lane = 0; lane < valid; ++lane) {
                target[lane] = lanes[lane];
            }
        }
    }
}

#endif
