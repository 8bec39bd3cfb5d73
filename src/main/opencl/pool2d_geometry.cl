#include "divisor.cl"
#include "Pool2dGeometry.h"

// The geometry with what is known when the program is built. TWO_BY_TWO is defined for windows of 2 by 2 that lie side by side,
// without padding: loops over them are unrolled then, and what was divided by a stride is shifted.
Pool2dGeometry withConstants(Pool2dGeometry g)
{
#ifdef TWO_BY_TWO
    g.kernelHeight = 2;
    g.kernelWidth = 2;
    g.strideH = 2;
    g.strideW = 2;
    g.padTop = 0;
    g.padBottom = 0;
    g.padLeft = 0;
    g.padRight = 0;
    g.dilationH = 1;
    g.dilationW = 1;
#endif
    return g;
}

// The taps of a window along one axis that may lie inside the image, which has `size` pixels there: from, and up to but not
// including. Windows may be much larger than the image. `start` is where the window starts.
int firstTap(int start, int dilation)
{
#ifdef TWO_BY_TWO
    return 0;
#else
    return start >= 0 ? 0 : dilation == 1 ? -start : (-start - 1) / dilation + 1;
#endif
}

int endTap(int start, int kernelSize, int dilation, int size)
{
#ifdef TWO_BY_TWO
    return 2;
#else
    const int room = size - start;
    return room <= 0 ? 0 : min(kernelSize, dilation == 1 ? room : (room - 1) / dilation + 1);
#endif
}

// The windows of one axis that reach over pixel i, counted with the padding before it: from, and up to but not including.
int firstWindow(int i, int kernelSize, int dilation, int stride)
{
#ifdef TWO_BY_TWO
    return i / 2;
#else
    const int reach = (kernelSize - 1) * dilation + 1;
    return i < reach ? 0 : (i - reach) / stride + 1;
#endif
}

int endWindow(int i, int stride, int windows)
{
    return min(i / stride + 1, windows);
}

// The one after it. Of windows side by side only one reaches over a pixel.
int nextWindow(int window, int end)
{
#ifdef TWO_BY_TWO
    return end;
#else
    return window + 1;
#endif
}

// On GPUs, a work-item of a forward kernel has one output, and one of a gradient PIXELS pixels of one plane. The work-items of a
// plane stand closer than its pixels: what neighbours read at a time lies side by side, and what belongs to the plane is found
// once for all of them. On CPU devices PIXELS is 0: a work-item has a row of outputs, or all pixels of a plane.
#if PIXELS > 0
#define OUTPUT_ROW(g, id)                                                                        \
    const int oy = id / g.outWidth % g.outHeight;                                                \
    const int plane = id / g.outWidth / g.outHeight
#define FOR_OUTPUTS(g, id)                                                                       \
    const int output = id;                                                                       \
    const int ox = id % g.outWidth;

#define ITEMS_PER_PLANE(g) ((g.inHeight * g.inWidth + PIXELS - 1) / PIXELS)
// For each `place` in `plane` that work-item `id` has.
#define FOR_PIXELS(g, id)                                                                        \
    const int inPlane = g.inHeight * g.inWidth;                                                  \
    const int items = ITEMS_PER_PLANE(g);                                                        \
    const int plane = id / items;                                                                \
    const Divisor byWidth = divisorFor(g.inWidth, inPlane);                                      \
    _Pragma("unroll") for (int place = id % items, i = 0; i < PIXELS; ++i, place += items)       \
        if (place < inPlane)
#else
#define OUTPUT_ROW(g, id)                                                                        \
    const int oy = id % g.outHeight;                                                             \
    const int plane = id / g.outHeight
#define FOR_OUTPUTS(g, id) for (int ox = 0, output = id * g.outWidth; ox < g.outWidth; ++ox, ++output)

#define ITEMS_PER_PLANE(g) 1
#define FOR_PIXELS(g, id)                                                                        \
    const int inPlane = g.inHeight * g.inWidth;                                                  \
    const int plane = id;                                                                        \
    const Divisor byWidth = divisorFor(g.inWidth, inPlane);                                      \
    for (int place = 0; place < inPlane; ++place)
#endif
