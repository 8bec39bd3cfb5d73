// Matrix products, batched. BIAS is defined where a bias is added. At most one of these is defined:
//   RELU      c = max(c, 0)
//   GATE      c is 0 where gate, which lies as c does, is not above 0
//   ROW_SUMS  b counts one more column than c, of ones: what comes out of it, the sums of the rows of a, goes to rowSums
#include "common.cl"

// Element (k, column) of op(b), for a c of `width` columns.
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

#ifdef TILED

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
    for (int i = 0; i < 4; ++i) {
        const int row = firstRow + STEP * i;
        for (int j = 0; j < 4; ++j) {
            const int column = firstColumn + STEP * j;
            if (row < rows && column < columns) {
                store(total[i][j], row, column, width, bias, gate, rowSums, c);
            }
        }
    }
}

#else

#include "panel.cl"

// Copies b to panels of 16 columns, k by k, zeros beyond the last column: one panel per work-item, so that the product reads
// vectors whatever b's layout. TRANSPOSE_B is defined where b is stored transposed.
__kernel void pack(
    const int width, const int length, const int panels, __constant int *batch, const int batchDepth,
    __global const float *b, __global float *packed)
{
    const int panel = get_global_id(0);
    b += nestPosition(batch, batchDepth, 1, get_global_id(1));
    packed += (get_global_id(1) * panels + panel) * length * WIDTH;
    const int first = panel * WIDTH;
    const int valid = min(WIDTH, columnsWithSums(width) - first);
    for (int k = 0; k < length; ++k) {
        float lanes[WIDTH];
        for (int lane = 0; lane < WIDTH; ++lane) {
            const float v = elementOfB(b, width, length, k, first + min(lane, valid - 1));
            lanes[lane] = lane < valid ? v : 0.0f;
        }
        VSTORE(VLOAD(0, lanes), k, packed);
    }
}

// c = op(a) packed + bias: ROWS x 16 outputs per work-item, see panel.cl. a moves by aRow per row and aK per k.
__kernel void product(
    const int rows, const int width, const int length, const int aRow, const int aK, const int packedPerBatch,
    __constant int *batch, const int batchDepth,
    __global const float *a, __global const float *packed, __global const float *bias, __global const float *gate,
    __global float *rowSums, __global float *c)
{
    const int row = get_global_id(0) * ROWS;
    const int panel = get_global_id(1);
    const int turn = get_global_id(2);
    a += nestPosition(batch, batchDepth, 0, turn);
    packed += turn * packedPerBatch + panel * length * WIDTH;
    c += turn * rows * width;
    Vec total[ROWS];
    panelProduct(rows - row, 1, length, aRow, 0, aK, a + row * aRow, packed, total);
    const int column = panel * WIDTH;
    const int valid = min(WIDTH, columnsWithSums(width) - column);
    for (int i = 0; i < ROWS && row + i < rows; ++i) {
        if (column + WIDTH <= width) {
            const int at = (row + i) * width + column;
#ifdef BIAS
            total[i] += *(__global const Vec *)(bias + column);
#endif
#ifdef RELU
            total[i] = reluOfVec(total[i]);
#endif
#ifdef GATE
            total[i] = gatedVec(total[i], VLOAD(0, gate + at));
#endif
            VSTORE(total[i], 0, c + at);
        } else {
            float lanes[WIDTH];
            VSTORE(total[i], 0, lanes);
            for (int lane = 0; lane < valid; ++lane) {
                store(lanes[lane], row + i, column + lane, width, bias, gate, rowSums, c);
            }
        }
    }
}

#endif
