// The inner product of the vector shape: ROWS rows of A times one panel of 16 columns, which stays in the cache while all rows
// pass over it. Each element of the panel is read once per ROWS rows, each element of A once per panel.

// Partial sums are closed after this many terms, so that rounding does not grow with the length of the sum.
#define TERMS 256

// The sum runs over outer * inner terms; A moves by aOuter and aInner, and by aRow per row. Rows beyond the last valid one repeat
// it: their sums are not used.
void panelProduct(
    int validRows, int outer, int inner, int aRow, int aOuter, int aInner,
    __global const float *a, __global const float *panel, Vec *total)
{
    __global const float *row[ROWS];
#pragma unroll
    for (int i = 0; i < ROWS; ++i) {
        row[i] = a + min(i, validRows - 1) * aRow;
        total[i] = (Vec)(0.0f);
    }
    const int outerStep = max(1, TERMS / inner);
    for (int outer0 = 0; outer0 < outer; outer0 += outerStep) {
        const int outerEnd = min(outer, outer0 + outerStep);
        for (int inner0 = 0; inner0 < inner; inner0 += TERMS) {
            const int innerEnd = min(inner, inner0 + TERMS);
            Vec part[ROWS];
#pragma unroll
            for (int i = 0; i < ROWS; ++i) {
                part[i] = (Vec)(0.0f);
            }
            for (int o = outer0; o < outerEnd; ++o) {
                for (int k = inner0; k < innerEnd; ++k) {
                    const Vec b = *(__global const Vec *)(panel + (o * inner + k) * WIDTH);
                    const int at = o * aOuter + k * aInner;
#pragma unroll
                    for (int i = 0; i < ROWS; ++i) {
                        part[i] = fma((Vec)(row[i][at]), b, part[i]);
                    }
                }
            }
#pragma unroll
            for (int i = 0; i < ROWS; ++i) {
                total[i] += part[i];
            }
        }
    }
}
