// The body of a tiled product, to be included in a kernel; see tile.cl. Expected are
//   from, to              the range summed over
//   K_OF_A, K_OF_B        the k of a step that this work-item loads
//   PLACE_IN_A(l), PLACE_IN_B(l)  the row, the column of the tile
//   SEEK_A(k), SEEK_B(k)  statements that prepare loads for a k of the range
//   LOAD_A(l), LOAD_B(l)  the elements there. For rows and columns outside the result they may be anything that can be loaded:
//                         what comes of them is not used.
// It leaves the sums in total[i][run], for row ROW_OF(i) and four columns from COLUMN_OF(run).
//
// The elements of a step are loaded to registers while the step before is computed, so that nobody waits for them, and go to
// local memory between; that is padded against bank conflicts. A larger PER_ITEM means fewer reads of local memory per product,
// and a larger tile fewer loads, as long as there are groups enough. With 4, partial sums are closed after 256 terms, so that
// rounding does not grow with the length of the sum; with 8 there are no registers left for that.
#define TERMS 256

#define FETCH(k0)                                                     \
    {                                                                 \
        const int kA = (k0) + K_OF_A;                                 \
        if (kA < to) {                                                \
            SEEK_A(kA)                                                \
            _Pragma("unroll") for (int l = 0; l < LOADS_OF_A; ++l) {  \
                fetchedA[l] = LOAD_A(l);                              \
            }                                                         \
        } else {                                                      \
            _Pragma("unroll") for (int l = 0; l < LOADS_OF_A; ++l) {  \
                fetchedA[l] = 0.0f;                                   \
            }                                                         \
        }                                                             \
        const int kB = (k0) + K_OF_B;                                 \
        if (kB < to) {                                                \
            SEEK_B(kB)                                                \
            _Pragma("unroll") for (int l = 0; l < LOADS_OF_B; ++l) {  \
                fetchedB[l] = LOAD_B(l);                              \
            }                                                         \
        } else {                                                      \
            _Pragma("unroll") for (int l = 0; l < LOADS_OF_B; ++l) {  \
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
    float4 total[PER_ITEM][RUNS];
#if PER_ITEM == 4
    float4 part[PER_ITEM][RUNS];
#else
#define part total
#endif
#pragma unroll
    for (int i = 0; i < PER_ITEM; ++i) {
#pragma unroll
        for (int run = 0; run < RUNS; ++run) {
            total[i][run] = (float4)(0.0f);
            part[i][run] = (float4)(0.0f);
        }
    }
    FETCH(from)
    for (int k0 = from; k0 < to; k0 += TILE_K) {
#pragma unroll
        for (int l = 0; l < LOADS_OF_A; ++l) {
            ((__local float *)tileA[K_OF_A])[PLACE_IN_A(l)] = fetchedA[l];
        }
#pragma unroll
        for (int l = 0; l < LOADS_OF_B; ++l) {
            ((__local float *)tileB[K_OF_B])[PLACE_IN_B(l)] = fetchedB[l];
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        FETCH(k0 + TILE_K)
#pragma unroll 4
        for (int k = 0; k < TILE_K; ++k) {
            float4 b[RUNS];
#pragma unroll
            for (int run = 0; run < RUNS; ++run) {
                b[run] = tileB[k][run * COLUMN_STEP + localColumn];
            }
#pragma unroll
            for (int ofRows = 0; ofRows < RUNS; ++ofRows) {
                const float4 a = tileA[k][ofRows * ROW_STEP + localRow];
#pragma unroll
                for (int run = 0; run < RUNS; ++run) {
                    part[4 * ofRows][run] = fma((float4)(a.x), b[run], part[4 * ofRows][run]);
                    part[4 * ofRows + 1][run] = fma((float4)(a.y), b[run], part[4 * ofRows + 1][run]);
                    part[4 * ofRows + 2][run] = fma((float4)(a.z), b[run], part[4 * ofRows + 2][run]);
                    part[4 * ofRows + 3][run] = fma((float4)(a.w), b[run], part[4 * ofRows + 3][run]);
                }
            }
        }
#if PER_ITEM == 4
        if (k0 + TILE_K >= to || (k0 - from) % TERMS == TERMS - TILE_K) {
#pragma unroll
            for (int i = 0; i < PER_ITEM; ++i) {
                total[i][0] += part[i][0];
                part[i][0] = (float4)(0.0f);
            }
        }
#endif
        barrier(CLK_LOCAL_MEM_FENCE);
    }
