// How a tiled product is laid out over work-items; tile_product.cl computes it. Defined before are
//   TILE_ROWS, TILE_COLUMNS  of the tile of outputs that a group computes; powers of two
//   ITEM_ROWS, ITEM_COLUMNS  of the part of it that a work-item computes
//   TILE_K                   the sum advances in steps of so many terms
// TILED: a group of ROW_STEP x COLUMN_STEP work-items shares a tile; each has 4 x 4 or 8 x 8 outputs in runs of four, so that
// neighbours are read from local memory as one vector. For a step, each work-item loads some elements of either operand, all with
// the same k: what it takes to find them is computed once. Where an operand is dense along k, neighbours load neighbouring k;
// otherwise neighbouring rows or columns.
// VECTOR: a work-item is a group of its own and computes a whole tile.
#define ROW_STEP (TILE_ROWS / ITEM_ROWS)
#define COLUMN_STEP (TILE_COLUMNS / ITEM_COLUMNS)
#define RUNS (ITEM_COLUMNS / 4)

// By global ids, which go on where a launch is cut into parts.
#define TILE_ROW ((int)(get_global_id(1) - get_local_id(1)) * ITEM_ROWS)
#ifndef TILE_COLUMN
#define TILE_COLUMN ((int)get_group_id(0) * TILE_COLUMNS)
#endif

#ifdef TILED
#define GROUP_ITEMS (ROW_STEP * COLUMN_STEP)
#define ITEM ((uint)get_local_id(1) * COLUMN_STEP + (uint)get_local_id(0))
// Each work-item has one k.
#if TILE_K > GROUP_ITEMS
#undef TILE_K
#define TILE_K GROUP_ITEMS
#endif
// Work-items that share a k.
#define SHARERS (GROUP_ITEMS / TILE_K)
#define LOADS_OF_A (TILE_ROWS / SHARERS)
#define LOADS_OF_B (TILE_COLUMNS / SHARERS)

// The k of a step whose elements this work-item loads, and the row or column of the tile that load l has.
#define K_IF_DENSE ((int)(ITEM % TILE_K))
#define PLACE_IF_DENSE(l) ((int)(ITEM / TILE_K) + (l) * SHARERS)
#define K_IF_NOT_DENSE ((int)(ITEM / SHARERS))
#define PLACE_IF_NOT_DENSE(l) ((int)(ITEM % SHARERS) + (l) * SHARERS)
#else
// A work-item loads all elements of either operand.
#define ITEM 0
#define LOADS_OF_A TILE_ROWS
#define LOADS_OF_B TILE_COLUMNS
#define K_IF_DENSE 0
#define PLACE_IF_DENSE(l) (l)
#define K_IF_NOT_DENSE 0
#define PLACE_IF_NOT_DENSE(l) (l)
#endif

// Where a work-item computes. The 32 that an NVIDIA GPU runs together take 4 places in the rows and 8 in the columns, neighbours
// and halves one below the other: so they read the fewest different vectors of either operand, and those of B that are the same
// at neighbours, which such a GPU reads at once.
#if COLUMN_STEP % 8 == 0 && ROW_STEP % 4 == 0
#define LOCAL_ROW ((int)(ITEM / 32 / (COLUMN_STEP / 8) * 4 + ITEM % 32 / 16 * 2 + ITEM % 2))
#define LOCAL_COLUMN ((int)(ITEM / 32 % (COLUMN_STEP / 8) * 8 + ITEM / 2 % 8))
#else
#define LOCAL_ROW ((int)(ITEM / COLUMN_STEP))
#define LOCAL_COLUMN ((int)(ITEM % COLUMN_STEP))
#endif

// Its outputs: row i, and the first column of a run.
#define ROW_OF(i) (TILE_ROW + (i) / 4 * 4 * ROW_STEP + 4 * LOCAL_ROW + (i) % 4)
#define COLUMN_OF(run) (TILE_COLUMN + (run) * 4 * COLUMN_STEP + 4 * LOCAL_COLUMN)

// Element j of a vector, for a j known at build time.
#define LANE(v, j) ((j) == 0 ? (v).x : (j) == 1 ? (v).y : (j) == 2 ? (v).z : (v).w)
