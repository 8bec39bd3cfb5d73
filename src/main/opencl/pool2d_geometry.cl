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
