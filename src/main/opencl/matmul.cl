// Matrix products, batched. BIAS, RELU and GATE are defined as in common.cl, gate lying as c does; ROW_SUMS where the sums of the
// rows of op(a) go to rowSums.
#include "common.cl"
#include "tile.cl"

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
    UNROLLED(l, LOADS_OF_A) {
        rowAt[l] = min(TILE_ROW + PLACE_IN_A(l), rows - 1) * PER_ROW;
    }
    uint columnAt[LOADS_OF_B];
    UNROLLED(l, LOADS_OF_B) {
        columnAt[l] = min(TILE_COLUMN + PLACE_IN_B(l), width - 1) * PER_COLUMN;
    }
#include "tile_product.cl"
    const bool inFours = width % 4 == 0;
    UNROLLED(i, ITEM_ROWS) {
        const int row = ROW_OF(i);
        UNROLLED(run, RUNS) {
            const int column = COLUMN_OF(run);
            const int at = row * width + column;
            if (row < rows && inFours && column < width) {
                *(__global float4 *)(c + at) = GATED_VEC(
                    EPILOGUE_VEC(total[i][run], *(__global const float4 *)(bias + column)),
                    *(__global const float4 *)(gate + at));
                continue;
            }
            UNROLLED(j, 4) {
                const float v = LANE(total[i][run], j);
                if (row < rows && column + j < width) {
                    c[at + j] = GATED(EPILOGUE(v, bias[column + j]), gate[at + j]);
                }
#ifdef ROW_SUMS
                if (row < rows && column + j == width) {
                    rowSums[row] = v;
                }
#endif
            }
        }
    }
}
