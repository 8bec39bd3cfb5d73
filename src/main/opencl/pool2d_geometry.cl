#include "divisor.cl"

// The fields of Pool2dGeometry, in its order.
typedef struct {
    int planes;
    int inHeight;
    int inWidth;
    int outHeight;
    int outWidth;
    int kernelHeight;
    int kernelWidth;
    int strideH;
    int strideW;
    int padTop;
    int padBottom;
    int padLeft;
    int padRight;
    int dilationH;
    int dilationW;
} Pool2dGeometry;

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

#ifdef TILED
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

// A work-item of a gradient has as many pixels of one plane, and the work-items of a plane stand closer than its pixels: what
// neighbours read at a time lies side by side, and what belongs to the plane is found once for all of them.
#define PIXELS_PER_ITEM 4

int itemsPerPlane(const Pool2dGeometry g)
{
    return (g.inHeight * g.inWidth + PIXELS_PER_ITEM - 1) / PIXELS_PER_ITEM;
}

// For each `place` in `plane` that work-item `id` has.
#define FOR_PIXELS(g, id)                                                                        \
    const int inPlane = g.inHeight * g.inWidth;                                                  \
    const int items = itemsPerPlane(g);                                                          \
    const int plane = id / items;                                                                \
    const Divisor byWidth = divisorFor(g.inWidth, inPlane);                                      \
    _Pragma("unroll") for (int place = id % items, i = 0; i < PIXELS_PER_ITEM; ++i, place += items) \
        if (place < inPlane)
#endif

#ifdef VECTOR
// In the vector shape LANES neighbouring outputs of a row are computed at a time: 16, 8, 4 or, in narrower images, 1. The last
// ones of a row are moved back to end with it, and overlap their neighbours, so that all lanes are always used.
#define JOIN(a, b) a##b
#define NAME(a, b) JOIN(a, b)
#if LANES > 1
typedef NAME(float, LANES) Lanes;
typedef NAME(int, LANES) IntLanes;
#define LOAD_LANES NAME(vload, LANES)
#define STORE_LANES NAME(vstore, LANES)
#define INT_LANES NAME(convert_int, LANES)
#define FLOAT_LANES NAME(convert_float, LANES)
#else
typedef float Lanes;
typedef int IntLanes;
#define LOAD_LANES(i, p) (p)[i]
#define STORE_LANES(v, i, p) ((p)[i] = (v))
#define FLOAT_LANES convert_float
#endif

// Pixels first, first + stride, ... of a row, all of them inside of it.
Lanes loadInside(__global const float *row, int first, int stride)
{
#if LANES > 1
    if (stride == 1) {
        return LOAD_LANES(0, row + first);
    }
    if (stride == 2) {
        // Not the even ones of two neighbouring vectors: the second could end behind the image.
        return (Lanes)(LOAD_LANES(0, row + first).even, LOAD_LANES(0, row + first + LANES - 1).odd);
    }
#endif
    float pixels[LANES];
    for (int lane = 0; lane < LANES; ++lane) {
        pixels[lane] = row[first + lane * stride];
    }
    return LOAD_LANES(0, pixels);
}

// The same where some may be outside: those give `border`.
Lanes loadOrBorder(__global const float *row, int first, int stride, int width, float border)
{
    float pixels[LANES];
    for (int lane = 0; lane < LANES; ++lane) {
        const int x = first + lane * stride;
        pixels[lane] = x >= 0 && x < width ? row[x] : border;
    }
    return LOAD_LANES(0, pixels);
}

// 0, 1, ... LANES - 1.
IntLanes laneNumbers(void)
{
    int numbers[LANES];
#pragma unroll
    for (int lane = 0; lane < LANES; ++lane) {
        numbers[lane] = lane;
    }
    return LOAD_LANES(0, numbers);
}

void zero(__global float *p, int n)
{
    int i = 0;
    for (; i + 16 <= n; i += 16) {
        vstore16((float16)(0.0f), 0, p + i);
    }
    for (; i < n; ++i) {
        p[i] = 0.0f;
    }
}
#endif
