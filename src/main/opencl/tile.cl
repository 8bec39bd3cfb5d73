// The body of a tiled product, to be included in a kernel of the tiled shape after
//   rows, columns  the size of the result
//   from, to       the range summed over
//   A_AT(row, k), B_AT(k, column)  the operands, asked for places inside only
//   TILE           a power of two
//   TILE_K         a power of two up to TERMS
// It leaves the sums in total[i][j], for row firstRow + STEP i and column firstColumn + STEP j.
//
// A group of STEP x STEP work-items, STEP = TILE / 4, computes a tile of TILE x TILE, 4 x 4 outputs each. Per step of TILE_K
// along the sum, both operands' tiles are loaded to local memory once, padded by a column against bank conflicts, and read
// from there TILE times. Partial sums are closed after 256 terms, so that rounding does not grow with the length of the sum.
#define STEP (TILE / 4)
#define TERMS 256

    __local float tileA[TILE_K][TILE + 1];
    __local float tileB[TILE_K][TILE + 1];
    const int localColumn = get_local_id(0);
    const int localRow = get_local_id(1);
    const int local_ = localRow * STEP + localColumn;
    const int tileRow = get_group_id(1) * TILE;
    const int tileColumn = get_group_id(0) * TILE;
    const int firstRow = tileRow + localRow;
    const int firstColumn = tileColumn + localColumn;
    float total[4][4];
    float part[4][4];
    for (int i = 0; i < 4; ++i) {
        for (int j = 0; j < 4; ++j) {
            total[i][j] = 0.0f;
            part[i][j] = 0.0f;
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
            tileA[k][row] = k0 + k < to && tileRow + row < rows ? A_AT(tileRow + row, k0 + k) : 0.0f;
        }
        for (int e = local_; e < TILE * TILE_K; e += STEP * STEP) {
#ifdef B_IS_DENSE_IN_K
            const int k = e % TILE_K;
            const int column = e / TILE_K;
#else
            const int k = e / TILE;
            const int column = e % TILE;
#endif
            tileB[k][column] = k0 + k < to && tileColumn + column < columns ? B_AT(k0 + k, tileColumn + column) : 0.0f;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < TILE_K; ++k) {
            float a[4];
            float b[4];
            for (int i = 0; i < 4; ++i) {
                a[i] = tileA[k][localRow + STEP * i];
                b[i] = tileB[k][localColumn + STEP * i];
            }
            for (int i = 0; i < 4; ++i) {
                for (int j = 0; j < 4; ++j) {
                    part[i][j] = fma(a[i], b[j], part[i][j]);
                }
            }
        }
        if ((k0 - from) % TERMS == TERMS - TILE_K || k0 + TILE_K >= to) {
            for (int i = 0; i < 4; ++i) {
                for (int j = 0; j < 4; ++j) {
                    total[i][j] += part[i][j];
                    part[i][j] = 0.0f;
                }
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
