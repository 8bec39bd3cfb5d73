// Average pooling to a given size. Groups of 64; no atomics, nothing is zeroed first.

int windowStart(int i, int in, int out)
{
    return (int)((long)i * in / out);
}

int windowEnd(int i, int in, int out)
{
    return (int)(((long)(i + 1) * in + out - 1) / out);
}

// One output per work-item: reads its window once, summed by rows.
__kernel void forward(
    const int n, const int inHeight, const int inWidth, const int outHeight, const int outWidth,
    __global const float *x, __global float *y)
{
    const int id = get_global_id(0);
    if (id >= n) {
        return;
    }
    const int ox = id % outWidth;
    const int oy = id / outWidth % outHeight;
    const int plane = id / outWidth / outHeight;
    const int top = windowStart(oy, inHeight, outHeight);
    const int bottom = windowEnd(oy, inHeight, outHeight);
    const int left = windowStart(ox, inWidth, outWidth);
    const int right = windowEnd(ox, inWidth, outWidth);
    float sum = 0.0f;
    for (int iy = top; iy < bottom; ++iy) {
        __global const float *row = x + (plane * inHeight + iy) * inWidth;
        float rowSum = 0.0f;
        for (int ix = left; ix < right; ++ix) {
            rowSum += row[ix];
        }
        sum += rowSum;
    }
    y[id] = sum / ((bottom - top) * (right - left));
}

// One input pixel per work-item. The windows that hold row r are those from floor(r out / in) to ceil((r + 1) out / in):
// the same rule with input and output exchanged.
__kernel void gradient(
    const int n, const int inHeight, const int inWidth, const int outHeight, const int outWidth,
    __global const float *dy, __global float *dx)
{
    const int id = get_global_id(0);
    if (id >= n) {
        return;
    }
    const int ix = id % inWidth;
    const int iy = id / inWidth % inHeight;
    const int plane = id / inWidth / inHeight;
    float sum = 0.0f;
    for (int oy = windowStart(iy, outHeight, inHeight); oy < windowEnd(iy, outHeight, inHeight); ++oy) {
        const int rows = windowEnd(oy, inHeight, outHeight) - windowStart(oy, inHeight, outHeight);
        float rowSum = 0.0f;
        for (int ox = windowStart(ix, outWidth, inWidth); ox < windowEnd(ix, outWidth, inWidth); ++ox) {
            const int columns = windowEnd(ox, inWidth, outWidth) - windowStart(ox, inWidth, outWidth);
            rowSum += dy[(plane * outHeight + oy) * outWidth + ox] / (rows * columns);
        }
        sum += rowSum;
    }
    dx[id] = sum;
}
