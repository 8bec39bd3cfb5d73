// Selecting elements along an axis. Groups of any size. With SHARED, all lines along the axis have the same indices; otherwise,
// with OWN, each element of the result has its own.
#include "common.cl"
#include "AxisGeometry.h"

#ifdef SHARED
#define INDEX(j, element) indices[j]
#else
#define INDEX(j, element) indices[element]
#endif

// One element of y per work-item.
__kernel void forward(
    const int n, const AxisGeometry g, const int count, __global const float *x, __global const int *indices, __global float *y)
{
    const uint i = get_global_id(0);
    if (i >= (uint)n) {
        return;
    }
    const int row = i / g.inner;
    const int outer = row / count;
    y[i] = x[(outer * g.size + INDEX(row % count, i)) * g.inner + i % g.inner];
}

// A part of a line of dx per work-item, which adds the elements of dy with an index in this part in their order. Neighbours take
// neighbouring lines. Each part reads all indices of its line; each element of dy is read once.
__kernel void gradient(
    const int parts, const AxisGeometry g, const int count, const int chunk, __global const float *dy,
    __global const int *indices, __global float *dx)
{
    const uint part = get_global_id(0);
    if (part >= (uint)parts) {
        return;
    }
    const int lines = g.outer * g.inner;
    const int line = part % lines;
    const int first = part / lines * chunk;
    const int end = first + min(chunk, g.size - first);
    const int outer = line / g.inner;
    const int inner = line % g.inner;
    __global float *target = dx + outer * g.size * g.inner + inner;
    for (int i = first; i < end; ++i) {
        target[i * g.inner] = 0.0f;
    }
    for (int j = 0; j < count; ++j) {
        const int element = (outer * count + j) * g.inner + inner;
        const int index = INDEX(j, element);
        if (index >= first && index < end) {
            target[index * g.inner] += dy[element];
        }
    }
}
