// Moving elements. Groups of any size; each element is read once and written once.
#include "common.cl"

// One vector per work-item.
__kernel void fill(const int n, const float value, __global float *target)
{
    const uint first = FIRST_ELEMENT;
    if (first < (uint)n) {
        storeVec((Vec)(value), target, first, n);
    }
}

// One element per work-item, positions from the nest's table.
__kernel void copy(
    const int n, __constant int *nest, const int depth, const int sourceOffset, const int targetOffset,
    __global const float *source, __global float *target)
{
    const uint i = get_global_id(0);
    if (i >= (uint)n) {
        return;
    }
    const int2 position = nestPositions(nest, depth, i);
    target[targetOffset + position.y] = source[sourceOffset + position.x];
}
