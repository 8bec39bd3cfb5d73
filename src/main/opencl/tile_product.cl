// The body of a tiled product, to be included in a kernel; see tile.cl. Expected are
//   from, to              the range summed over
//   K_OF_A, K_OF_B        the k of a step that this work-item loads
//   PLACE_IN_A(l), PLACE_IN_B(l)  the row, the column of the tile
//   SEEK_A(k), SEEK_B(k)  statements that prepare loads for a k of the range
//   LOAD_A(l), LOAD_B(l)  the elements there. For rows and columns outside the result they may be anything that can be loaded:
//                         what comes of them is not used.
// It leaves the sums in total[i][run], for row ROW_OF(i) and four columns from COLUMN_OF(run).
#ifdef TILED
// The elements of a step are loaded to registers while the step before is computed, so that nobody waits for them, and go to
// local memory between; that is padded against bank conflicts. More outputs per work-item mean fewer reads of local memory per
// product, and a larger tile fewer loads, as long as there are groups enough. With 4 x 4, partial sums are closed after 256 terms,
// so that rounding does not grow with the length of the sum; with 8 x 8 there are no registers left for that.
#define TERMS 256

#define FETCH(k0)                                                     \
    {                                                                 \
        const int kA = (k0) + K_OF_A;                                 \
        if (kA < to) {                                                \
            SEEK_A(kA)                                                \
            UNROLLED(l, LOADS_OF_A) {                                 \
                fetchedA[l] = LOAD_A(l);                              \
            }                                                         \
        } else {                                                      \
            UNROLLED(l, LOADS_OF_A) {                                 \
                fetchedA[l] = 0.0f;                                   \
            }                                                         \
        }                                                             \
        const int kB = (k0) + K_OF_B;                                 \
        if (kB < to) {                                                \
            SEEK_B(kB)                                                \
            UNROLLED(l, LOADS_OF_B) {                                 \
                fetchedB[l] = LOAD_B(l);                              \
            }                                                         \
        } else {                                                      \
            UNROLLED(l, LOADS_OF_B) {                                 \
                fetchedB[l] = 0.0f;                                   \
            }                                                         \
        }                                                             \
    }

    __local float4 tileA[TILE_K][TILE_ROWS / 4 + 1];
    __local float4 tileB[TILE_K][TILE_COLUMNS / 4 + 1];
    const int localColumn = LOCAL_COLUMN;
    const int localRow = LOCAL_ROW;
    float fetchedA[LOADS_OF_A];
    float fetchedB[LOADS_OF_B];
    float4 total[ITEM_ROWS][RUNS];
#if ITEM_ROWS == 4
    float4 part[ITEM_ROWS][RUNS];
#else
#define part total
#endif
    UNROLLED(i, ITEM_ROWS) {
        UNROLLED(run, RUNS) {
            total[i][run] = (float4)(0.0f);
            part[i][run] = (float4)(0.0f);
        }
    }
    FETCH(from)
    for (int k0 = from; k0 < to; k0 += TILE_K) {
        UNROLLED(l, LOADS_OF_A) {
            ((__local float *)tileA[K_OF_A])[PLACE_IN_A(l)] = fetchedA[l];
        }
        UNROLLED(l, LOADS_OF_B) {
            ((__local float *)tileB[K_OF_B])[PLACE_IN_B(l)] = fetchedB[l];
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        FETCH(k0 + TILE_K)
#pragma unroll 4
        for (int k = 0; k < TILE_K; ++k) {
            float4 b[RUNS];
            UNROLLED(run, RUNS) {
                b[run] = tileB[k][run * COLUMN_STEP + localColumn];
            }
            UNROLLED(ofRows, RUNS) {
                const float4 a = tileA[k][ofRows * ROW_STEP + localRow];
                UNROLLED(run, RUNS) {
                    part[4 * ofRows][run] = fma((float4)(a.x), b[run], part[4 * ofRows][run]);
                    part[4 * ofRows + 1][run] = fma((float4)(a.y), b[run], part[4 * ofRows + 1][run]);
                    part[4 * ofRows + 2][run] = fma((float4)(a.z), b[run], part[4 * ofRows + 2][run]);
                    part[4 * ofRows + 3][run] = fma((float4)(a.w), b[run], part[4 * ofRows + 3][run]);
                }
            }
        }
#if ITEM_ROWS == 4
        if (k0 + TILE_K >= to || (k0 - from) % TERMS == TERMS - TILE_K) {
            UNROLLED(i, ITEM_ROWS) {
                total[i][0] += part[i][0];
                part[i][0] = (float4)(0.0f);
            }
        }
#endif
        barrier(CLK_LOCAL_MEM_FENCE);
    }
#else
// The elements of a step go to arrays that stay in the first cache, k by k: what is gathered once serves all rows, or columns, of
// the tile. Blocks of BLOCK_ROWS rows by BLOCK_COLUMNS columns are summed up in registers, and added to the tile's sums after each
// step, so that rounding does not grow with the length of the sum. No local memory, no barriers.
#define VECTORS (BLOCK_COLUMNS / 16)
#ifndef LOAD_FOUR_OF_B
#define LOAD_FOUR_OF_B(l) (float4)(LOAD_B(l), LOAD_B(l + 1), LOAD_B(l + 2), LOAD_B(l + 3))
#endif

    float tileA[TILE_K][TILE_ROWS];
    float16 tileB[TILE_K][TILE_COLUMNS / 16];
    float16 sums[TILE_ROWS][TILE_COLUMNS / 16];
    for (int row = 0; row < TILE_ROWS; ++row) {
        for (int column = 0; column < TILE_COLUMNS / 16; ++column) {
            sums[row][column] = (float16)(0.0f);
        }
    }
    for (int k0 = from; k0 < to; k0 += TILE_K) {
        const int terms = min(TILE_K, to - k0);
        for (int k = 0; k < terms; ++k) {
            SEEK_A(k0 + k)
            for (int l = 0; l < TILE_ROWS; ++l) {
                tileA[k][l] = LOAD_A(l);
            }
            SEEK_B(k0 + k)
            for (int l = 0; l < TILE_COLUMNS; l += 4) {
                ((float4 *)tileB[k])[l / 4] = LOAD_FOUR_OF_B(l);
            }
        }
        for (int row = 0; row < TILE_ROWS; row += BLOCK_ROWS) {
            for (int column = 0; column < TILE_COLUMNS / 16; column += VECTORS) {
                float16 part[BLOCK_ROWS][VECTORS];
#pragma unroll
                for (int i = 0; i < BLOCK_ROWS * VECTORS; ++i) {
                    part[i / VECTORS][i % VECTORS] = (float16)(0.0f);
                }
                for (int k = 0; k < terms; ++k) {
#pragma unroll
                    for (int i = 0; i < BLOCK_ROWS * VECTORS; ++i) {
                        const float16 a = (float16)(tileA[k][row + i / VECTORS]);
                        part[i / VECTORS][i % VECTORS] = fma(a, tileB[k][column + i % VECTORS], part[i / VECTORS][i % VECTORS]);
                    }
                }
#pragma unroll
                for (int i = 0; i < BLOCK_ROWS * VECTORS; ++i) {
                    sums[row + i / VECTORS][column + i % VECTORS] += part[i / VECTORS][i % VECTORS];
                }
            }
        }
    }
    float4(*total)[RUNS] = (float4(*)[RUNS])sums;
#endif
