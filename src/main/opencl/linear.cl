// The gradients of linear layers that are too small to keep a device busy for long, in one launch. Larger ones are products of
// matmul.cl. x is (rows, in), w (out, in), dy (rows, out), all dense. GATE is defined as in common.cl.
#include "common.cl"
#include "tile.cl"
#include "LinearGeometry.h"

// Both gradients, dx = dy w and dw = dy^T x, by tiles of tile.cl. They have about as many columns, so the tiles of dw follow
// below those of dx: row `first` of the whole is row 0 of dw. With dbias, dw has one more column, that of ones in x.
__kernel void gradients(
    const LinearGeometry g, const int withBias, __global const float *x, __global const float *dy,
    __global const float *w, __global const float *gate, __global float *dx, __global float *dw, __global float *dbias)
{
    const int below = (g.rows + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
    const bool ofWeight = TILE_ROW >= below;
    const int first = ofWeight ? below : 0;
    const int rows = ofWeight ? g.out : g.rows;
    const int columns = ofWeight ? g.in + withBias : g.in;
    const int from = 0;
    const int to = ofWeight ? g.rows : g.out;
    const int perRow = ofWeight ? 1 : g.out;
    const int perK = ofWeight ? g.out : 1;
    __global const float *right = ofWeight ? x : w;
    const int kOfA = ofWeight ? K_IF_NOT_DENSE : K_IF_DENSE;
#define K_OF_A kOfA
#define PLACE_IN_A(l) (ofWeight ? PLACE_IF_NOT_DENSE(l) : PLACE_IF_DENSE(l))
#define SEEK_A(k) __global const float *atA = dy + (k) * perK;
#define LOAD_A(l) atA[rowAt[l]]
#define K_OF_B K_IF_NOT_DENSE
#define PLACE_IN_B(l) PLACE_IF_NOT_DENSE(l)
#define SEEK_B(k) __global const float *atB = right + (k) * g.in;
#define LOAD_B(l) (TILE_COLUMN + PLACE_IN_B(l) < g.in ? atB[TILE_COLUMN + PLACE_IN_B(l)] : 1.0f)
    uint rowAt[LOADS_OF_A];
    UNROLLED(l, LOADS_OF_A) {
        rowAt[l] = min(TILE_ROW - first + PLACE_IN_A(l), rows - 1) * perRow;
    }
#include "tile_product.cl"
    UNROLLED(i, ITEM_ROWS) {
        const int row = ROW_OF(i) - first;
        UNROLLED(run, RUNS) {
            UNROLLED(j, 4) {
                const int column = COLUMN_OF(run) + j;
                if (row >= rows || column >= columns) {
                    continue;
                }
                const float sum = LANE(total[i][run], j);
                const int at = row * g.in + column;
                if (!ofWeight) {
                    dx[at] = GATED(sum, gate[at]);
                } else if (column < g.in) {
                    dw[at] = sum;
                } else {
                    dbias[row] = sum;
                }
            }
        }
    }
}
