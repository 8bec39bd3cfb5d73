// Resizing of images, and padding with their own pixels. Groups of any size; no atomics, nothing is zeroed first.

// A table holds a sparse matrix: where each row starts and the last ends, then the columns, then the values of its elements.
#define PLACES(table, rows) ((table) + (rows) + 1)
#define VALUES(table, rows) ((__global const float *)(PLACES(table, rows) + (table)[rows]))

// n work-items, one output each: reads its pixels once, summed by rows.
__kernel void apply(
    const int n, const int inHeight, const int inWidth, const int outHeight, const int outWidth,
    __global const int *vertical, __global const int *horizontal, __global const float *x, __global float *y)
{
    const int id = get_global_id(0);
    if (id >= n) {
        return;
    }
    const int ox = id % outWidth;
    const int oy = id / outWidth % outHeight;
    __global const float *image = x + id / outWidth / outHeight * inHeight * inWidth;
    __global const int *rows = PLACES(vertical, outHeight);
    __global const float *rowWeights = VALUES(vertical, outHeight);
    __global const int *columns = PLACES(horizontal, outWidth);
    __global const float *columnWeights = VALUES(horizontal, outWidth);
    const int endRow = vertical[oy + 1];
    const int firstColumn = horizontal[ox];
    const int endColumn = horizontal[ox + 1];
    float sum = 0.0f;
    for (int i = vertical[oy]; i < endRow; ++i) {
        __global const float *row = image + rows[i] * inWidth;
        float rowSum = 0.0f;
        for (int j = firstColumn; j < endColumn; ++j) {
            rowSum += columnWeights[j] * row[columns[j]];
        }
        sum += rowWeights[i] * rowSum;
    }
    y[id] = sum;
}
