// What maximum pooling makes of the gradient dy of its maxima. No atomics.
#include "pool2d_geometry.cl"

#ifdef TILED

// The gradient of the pixel at `place` of a plane: looks at every window that reaches over it.
float pooledGradient(
    const Pool2dGeometry g, int plane, int place, Divisor byWidth, __global const float *dy, __global const int *indices)
{
    const int iy = quotient(place, byWidth);
    const int y = iy + g.padTop;
    const int x = place - iy * g.inWidth + g.padLeft;
    const int firstColumn = firstWindow(x, g.kernelWidth, g.dilationW, g.strideW);
    const int endColumn = endWindow(x, g.strideW, g.outWidth);
    const int endRow = endWindow(y, g.strideH, g.outHeight);
    float sum = 0.0f;
    for (int oy = firstWindow(y, g.kernelHeight, g.dilationH, g.strideH); oy < endRow; oy = nextWindow(oy, endRow)) {
        for (int ox = firstColumn; ox < endColumn; ox = nextWindow(ox, endColumn)) {
            const int output = (plane * g.outHeight + oy) * g.outWidth + ox;
            sum += indices[output] == place ? dy[output] : 0.0f;
        }
    }
    return sum;
}

#else

// The gradients of a plane, which is zeroed and then added to from maximum to maximum: one work-item knows all that goes into it,
// and the order of the additions is fixed.
void pooledGradient(const Pool2dGeometry g, int plane, __global const float *dy, __global const int *indices, __global float *dx)
{
    const int outPlane = g.outHeight * g.outWidth;
    zero(dx, g.inHeight * g.inWidth);
    for (int output = plane * outPlane; output < (plane + 1) * outPlane; ++output) {
        if (indices[output] >= 0) {
            dx[indices[output]] += dy[output];
        }
    }
}

#endif
