// The second matrix of a product for CPU devices, packed: no local memory, no barriers.
#include "common.cl"
#include "transpose.cl"

// Columns of a panel, and values of k that a work-item packs.
#define PANEL (VECTORS * WIDTH)
#define LENGTH 256

// Copies b to panels, k by k, zeros beyond the last column: up to LENGTH values of k of one panel per work-item, so that products
// read neighbouring vectors whatever b's layout. TRANSPOSE_B is defined where b is stored transposed; then blocks of 16 x 16 are
// turned in registers.
__kernel void pack(
    const int columns, const int length, __constant int *batch, const int batchDepth,
    __global const float *b, __global float *packed)
{
    const int panel = get_global_id(1);
    const int first = get_global_id(0) * LENGTH;
    const int last = min(length, first + LENGTH);
    b += nestPosition(batch, batchDepth, 1, get_global_id(2));
    packed += (int)(get_global_id(2) * get_global_size(1) + panel) * length * PANEL;
    for (int v = 0; v < VECTORS; ++v) {
        const int column = panel * PANEL + v * WIDTH;
        const int valid = clamp(columns - column, 0, WIDTH);
        int k = first;
#ifdef TRANSPOSE_B
#define B_AT(lane) b[(column + lane) * length + k]
        for (; valid == WIDTH && k + WIDTH <= last; k += WIDTH) {
            Vec block[WIDTH];
#pragma unroll
            for (int lane = 0; lane < WIDTH; ++lane) {
                block[lane] = VLOAD(0, &B_AT(lane));
            }
            transpose(block);
#pragma unroll
            for (int i = 0; i < WIDTH; ++i) {
                VSTORE(block[i], 0, packed + (k + i) * PANEL + v * WIDTH);
            }
        }
#else
#define B_AT(lane) b[k * columns + column + lane]
        for (; valid == WIDTH && k < last; ++k) {
            VSTORE(VLOAD(0, &B_AT(0)), 0, packed + k * PANEL + v * WIDTH);
        }
#endif
        for (; k < last; ++k) {
            for (int lane = 0; lane < WIDTH; ++lane) {
                packed[k * PANEL + v * WIDTH + lane] = lane < valid ? B_AT(lane) : 0.0f;
            }
        }
    }
}
