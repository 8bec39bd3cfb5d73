// The body of a tiled product, to be included in a kernel of the tiled shape after
//   rows, columns  the size of the result
//   from, to       the range summed over
//   A_AT(row, k), B_AT(k, column)  the operands, asked for places inside only
//   TILE           a power of two
//   PER_ITEM       4 or 8
// It leaves the sums in total[i][j], for row ROW_OF(i) and column COLUMN_OF(j).
//
// A group of STEP x STEP work-items, STEP = TILE / PER_ITEM, computes a tile of TILE x TILE, PER_ITEM x PER_ITEM outputs each, in
// runs of four: neighbours are read from local memory as one vector. Per step of TILE_K along the sum, both operands' tiles are
// loaded to local memory once, padded against bank conflicts, and read from there STEP times. So a larger PER_ITEM means fewer
// reads per product, and a larger TILE fewer loads, as long as there are groups enough. With 4, partial sums are closed after 256
// terms, so that rounding does not grow with the length of the sum; with 8 there are no registers left for that.
#ifndef PER_ITEM
#define PER_ITEM 4
#endif
#define STEP (TILE / PER_ITEM)
#ifndef TILE_K
#define TILE_K 16
#endif
#define TERMS 256
#if PER_ITEM == 4
#define CLOSES(k0) ((k0) + TILE_K >= to || ((k0) - from) % TERMS == TERMS - TILE_K)
#else
#define CLOSES(k0) ((k0) + TILE_K >= to)
#endif
#define RUNS (PER_ITEM / 4)
#define ROW_OF(i) (tileRow + (i) / 4 * 4 * STEP + 4 * localRow + (i) % 4)
#define COLUMN_OF(j) (tileColumn + (j) / 4 * 4 * STEP + 4 * localColumn + (j) % 4)

    __local float4 tileA[TILE_K][TILE / 4 + 1];
    __local float4 tileB[TILE_K][TILE / 4 + 1];
    const int localColumn = get_local_id(0);
    const int localRow = get_local_id(1);
    const int local_ = localRow * STEP + localColumn;
    const int tileRow = get_group_id(1) * TILE;
    const int tileColumn = get_group_id(0) * TILE;
    float total[PER_ITEM][PER_ITEM];
    float4 part[PER_ITEM][RUNS];
#pragma unroll
    for (int i = 0; i < PER_ITEM; ++i) {
#pragma unroll
        for (int run = 0; run < RUNS; ++run) {
            part[i][run] = (float4)(0.0f);
        }
#pragma unroll
        for (int j = 0; j < PER_ITEM; ++j) {
            total[i][j] = 0.0f;
        }
    }
    for (int k0 = from; k0 < to; k0 += TILE_K) {
        for (int e = local_; e < TILE * TILE_K; e += STEP * STEP) {
#ifdef A_IS_DENSE_IN_ROWS
            const int k = e / TILE;
            const int row = e % TILE;
#else
            const int k = e % TILE_K;
            const int row = e / TILE_K;
#endif
            ((__local float *)tileA[k])[row] = k0 + k < to && tileRow + row < rows ? A_AT(tileRow + row, k0 + k) : 0.0f;
        }
        for (int e = local_; e < TILE * TILE_K; e += STEP * STEP) {
#ifdef B_IS_DENSE_IN_K
            const int k = e % TILE_K;
            const int column = e / TILE_K;
#else
            const int k = e / TILE;
            const int column = e % TILE;
#endif
            ((__local float *)tileB[k])[column]
                = k0 + k < to && tileColumn + column < columns ? B_AT(k0 + k, tileColumn + column) : 0.0f;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < TILE_K; ++k) {
            float4 b[RUNS];
#pragma unroll
            for (int run = 0; run < RUNS; ++run) {
                b[run] = tileB[k][run * STEP + localColumn];
            }
#pragma unroll
            for (int ofRows = 0; ofRows < RUNS; ++ofRows) {
                const float4 a = tileA[k][ofRows * STEP + localRow];
#pragma unroll
                for (int run = 0; run < RUNS; ++run) {
                    part[4 * ofRows][run] = fma((float4)(a.x), b[run], part[4 * ofRows][run]);
                    part[4 * ofRows + 1][run] = fma((float4)(a.y), b[run], part[4 * ofRows + 1][run]);
                    part[4 * ofRows + 2][run] = fma((float4)(a.z), b[run], part[4 * ofRows + 2][run]);
                    part[4 * ofRows + 3][run] = fma((float4)(a.w), b[run], part[4 * ofRows + 3][run]);
                }
            }
        }
        if (CLOSES(k0)) {
#pragma unroll
            for (int i = 0; i < PER_ITEM; ++i) {
#pragma unroll
                for (int run = 0; run < RUNS; ++run) {
                    total[i][4 * run] += part[i][run].x;
                    total[i][4 * run + 1] += part[i][run].y;
                    total[i][4 * run + 2] += part[i][run].z;
                    total[i][4 * run + 3] += part[i][run].w;
                    part[i][run] = (float4)(0.0f);
                }
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
