// Dropout by Philox4x32-10. One block of four elements per work-item, groups of any size; each element is read once and written
// once.
#include "common.cl"

__kernel void apply(
    const int n, const ulong threshold, const float scale, const ulong seed, const ulong stream,
    __global const float *x, __global float *y)
{
    const uint block = get_global_id(0);
    const uint first = block * 4;
    if (first >= (uint)n) {
        return;
    }
    // Elements number fewer than 2^31, so the counter's second word is 0.
    uint4 counter = (uint4)(block, 0, (uint)stream, (uint)(stream >> 32));
    uint2 key = (uint2)((uint)seed, (uint)(seed >> 32));
    for (int round = 0; round < 10; ++round) {
        const uint high0 = mul_hi(0xD2511F53u, counter.x);
        const uint low0 = 0xD2511F53u * counter.x;
        const uint high1 = mul_hi(0xCD9E8D57u, counter.z);
        const uint low1 = 0xCD9E8D57u * counter.z;
        counter = (uint4)(high1 ^ counter.y ^ key.x, low1, high0 ^ counter.w ^ key.y, low0);
        key += (uint2)(0x9E3779B9u, 0xBB67AE85u);
    }
    const uint lanes[4] = {counter.x, counter.y, counter.z, counter.w};
    for (int lane = 0; lane < 4 && first + lane < (uint)n; ++lane) {
        y[first + lane] = lanes[lane] >= threshold ? x[first + lane] * scale : 0.0f;
    }
}
