// Joins the splits of a weight gradient: one sum per work-item, which waits for several loads at a time.
__kernel void joinSplits(
    const Conv2dGeometry g, const int splits, __global const float *partial, __global float *dw, __global float *dbias)
{
    const int i = get_global_id(0);
    const int columns = sumsPerChannel(g);
    const int n = g.outChannels * columns;
    if (i >= n) {
        return;
    }
    float sum = 0.0f;
#pragma unroll 8
    for (int split = 0; split < splits; ++split) {
        sum += partial[split * n + i];
    }
    storeSum(g, sum, i / columns, i % columns, dw, dbias);
}
