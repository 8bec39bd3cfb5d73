// What maximum pooling makes of the gradient dy of its maxima. No atomics.
#include "pool2d_geometry.cl"

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

// The gradients of a whole plane, which is zeroed and then added to from maximum to maximum: for CPU devices.
void scatter(const Pool2dGeometry g, int plane, __global const float *dy, __global const int *indices, __global float *dx)
{
    for (int place = 0; place < g.inHeight * g.inWidth; ++place) {
        dx[place] = 0.0f;
    }
    const int outPlane = g.outHeight * g.outWidth;
    for (int output = plane * outPlane; output < (plane + 1) * outPlane; ++output) {
        if (indices[output] >= 0) {
            dx[indices[output]] += dy[output];
        }
    }
}
