// Where the elements stand that a convolution multiplies: for each pixel of the result and each tap of the kernel, one
// of the source. What depends on the pixel alone and on the tap alone is computed apart, and added up for each pair.
#include "Conv2dGeometry.h"
#include "divisor.cl"

#ifdef INPUT_GRADIENT
#define RESULT_CHANNELS g.inChannels
#define RESULT_WIDTH g.inWidth
#define RESULT_PLANE (g.inHeight * g.inWidth)
#define SUM_CHANNELS g.outChannels
#define SOURCE_HEIGHT g.outHeight
#define SOURCE_WIDTH g.outWidth
#else
#define RESULT_CHANNELS g.outChannels
#define RESULT_WIDTH g.outWidth
#define RESULT_PLANE (g.outHeight * g.outWidth)
#define SUM_CHANNELS g.inChannels
#define SOURCE_HEIGHT g.inHeight
#define SOURCE_WIDTH g.inWidth
#endif

// One direction of a convolution, vertical or horizontal. Result i of `results` and tap j of `taps` meet at
// i * perResult + origin + j * perTap in the source, or nowhere if that is outside.
//
// With strides, pixels of the input take part by phases: of those that are the same modulo the stride, all meet the same taps of
// the kernel, and neighbours meet neighbours of dy. So a gradient by phases multiplies no zeros that the stride has put between.
// There are as many phases as the stride, or as there are pixels if those are fewer.
typedef struct {
    int results;
    int firstResult; // where result 0 stands in its plane, and
    int betweenResults;
    int taps;
    int firstTap; // which tap of the kernel tap 0 is, and
    int betweenTaps;
    int perResult;
    int origin;
    int perTap;
    int extent; // of the source
} Axis;

#if defined(INPUT_GRADIENT) && !defined(UNIT_STRIDE)
#define PLACE_OF_RESULT(axis, i) ((axis).firstResult + (i) * (axis).betweenResults)
#define IS_WHOLE false
#else
#define PLACE_OF_RESULT(axis, i) (i)
#define IS_WHOLE true
#endif

Axis axisOf(int in, int out, int kernel_, int stride, int pad, int dilation, int phase)
{
    Axis axis;
    axis.firstResult = phase;
    axis.betweenResults = 1;
    axis.firstTap = 0;
    axis.betweenTaps = 1;
#ifndef INPUT_GRADIENT
    axis.results = out;
    axis.taps = kernel_;
    axis.perResult = stride;
    axis.origin = -pad;
    axis.perTap = dilation;
    axis.extent = in;
#else
    axis.perResult = 1;
    axis.extent = out;
#ifdef UNIT_STRIDE
    axis.results = in;
    axis.taps = kernel_;
    axis.origin = pad;
    axis.perTap = -dilation;
#else
    axis.betweenResults = stride;
    axis.results = phase < in ? (in - phase - 1) / stride + 1 : 0;
    // Tap t meets pixels for which (phase + pad - t * dilation) is a multiple of the stride.
    while (axis.betweenTaps < kernel_ && axis.betweenTaps * dilation % stride != 0) {
        ++axis.betweenTaps;
    }
    while (axis.firstTap < kernel_ && (phase + pad - axis.firstTap * dilation) % stride != 0) {
        ++axis.firstTap;
    }
    axis.taps = axis.firstTap < kernel_ ? (kernel_ - axis.firstTap - 1) / axis.betweenTaps + 1 : 0;
    axis.origin = (phase + pad - axis.firstTap * dilation) / stride;
    axis.perTap = -(axis.betweenTaps * dilation / stride);
#endif
#endif
    return axis;
}

// Both directions, and what is counted in them.
typedef struct {
    Axis vertical;
    Axis horizontal;
    int plane; // results of an image
    int pixels; // the same for the batch
    int area; // taps of a channel
    int length; // the same for a group
    Divisor byPlane;
    Divisor byWidth; // by the results of a row
    Divisor byArea;
    Divisor byTaps; // by the taps of a row
} Reach;

Reach reachOf(const Conv2dGeometry g, int phase)
{
    const int phasesPerRow = min(g.strideW, g.inWidth);
    Reach r;
    r.vertical = axisOf(
        g.inHeight, g.outHeight, g.kernelHeight, g.strideH, g.padTop, g.dilationH, phase / phasesPerRow);
    r.horizontal = axisOf(g.inWidth, g.outWidth, g.kernelWidth, g.strideW, g.padLeft, g.dilationW, phase % phasesPerRow);
    r.plane = r.vertical.results * r.horizontal.results;
    r.pixels = g.batch * r.plane;
    r.area = r.vertical.taps * r.horizontal.taps;
    r.length = SUM_CHANNELS / g.groups * r.area;
    r.byPlane = divisorFor(r.plane, r.pixels);
    r.byWidth = divisorFor(r.horizontal.results, r.plane);
    r.byArea = divisorFor(r.area, r.length);
    r.byTaps = divisorFor(r.horizontal.taps, r.area);
    return r;
}

// What a pixel or a tap contributes to a place in the source.
typedef struct {
    int y;
    int x;
    int at;
} Place;

// The pixel is counted through the batch.
Place placeOfPixel(const Conv2dGeometry g, const Reach r, int pixel)
{
    const int image = quotient(pixel, r.byPlane);
    const int inImage = pixel - image * r.plane;
    const int row = quotient(inImage, r.byWidth);
    const int column = inImage - row * r.horizontal.results;
    Place place;
    place.y = row * r.vertical.perResult + r.vertical.origin;
    place.x = column * r.horizontal.perResult + r.horizontal.origin;
    place.at = (image * SUM_CHANNELS * r.vertical.extent + place.y) * r.horizontal.extent + place.x;
    return place;
}

// k runs over channels of the group and taps.
Place placeOfTap(const Reach r, int k)
{
    const int channel = quotient(k, r.byArea);
    const int tap = k - channel * r.area;
    const int row = quotient(tap, r.byTaps);
    Place place;
    place.y = row * r.vertical.perTap;
    place.x = (tap - row * r.horizontal.taps) * r.horizontal.perTap;
    place.at = (channel * r.vertical.extent + place.y) * r.horizontal.extent + place.x;
    return place;
}

// The element of the source at which a pixel and a tap meet, or 0.
float pixelAt(const Reach r, __global const float *source, const Place pixel, const Place tap)
{
    const bool inside
        = (uint)(pixel.y + tap.y) < (uint)r.vertical.extent && (uint)(pixel.x + tap.x) < (uint)r.horizontal.extent;
    return inside ? source[pixel.at + tap.at] : 0.0f;
}

#ifdef VECTOR
// The elements at which a tap meets four pixels. If these are neighbours, all inside or all outside, that is found out once.
__attribute__((always_inline)) float4 fourPixelsAt(
    const Reach r, __global const float *source, const Place *pixels, const Place tap)
{
    // Of pixels with a stride, or beyond the last, two in a row are no neighbours.
    if (pixels[1].x == pixels[0].x + 1 && pixels[3].x == pixels[0].x + 3) {
        const int x = pixels[0].x + tap.x;
        if ((uint)(pixels[0].y + tap.y) >= (uint)r.vertical.extent || x + 3 < 0 || x >= r.horizontal.extent) {
            return (float4)(0.0f);
        }
        if (x >= 0 && x + 3 < r.horizontal.extent) {
            return vload4(0, source + pixels[0].at + tap.at);
        }
    }
    return (float4)(
        pixelAt(r, source, pixels[0], tap), pixelAt(r, source, pixels[1], tap), pixelAt(r, source, pixels[2], tap),
        pixelAt(r, source, pixels[3], tap));
}
#endif

// Where the weight for k stands behind the first of the result's channel; perChannel is from one channel summed over to the next.
int weightAt(const Conv2dGeometry g, const Reach r, int k, int perChannel)
{
    const int channel = quotient(k, r.byArea);
    const int tap = k - channel * r.area;
#if defined(INPUT_GRADIENT) && !defined(UNIT_STRIDE)
    const int row = quotient(tap, r.byTaps);
    const int y = r.vertical.firstTap + row * r.vertical.betweenTaps;
    const int x = r.horizontal.firstTap + (tap - row * r.horizontal.taps) * r.horizontal.betweenTaps;
    return channel * perChannel + y * g.kernelWidth + x;
#else
    return channel * perChannel + tap;
#endif
}

// Where the result for a pixel stands in the plane of a channel.
int firstOfResult(const Conv2dGeometry g, const Reach r, int pixel, int channel)
{
    const int image = quotient(pixel, r.byPlane);
    const int inImage = pixel - image * r.plane;
    const int row = quotient(inImage, r.byWidth);
    const int column = inImage - row * r.horizontal.results;
    return (image * RESULT_CHANNELS + channel) * RESULT_PLANE + PLACE_OF_RESULT(r.vertical, row) * RESULT_WIDTH
        + PLACE_OF_RESULT(r.horizontal, column);
}

// The values of k whose sums over pixels make up dw for one channel, and the gradient of the bias.
int sumsPerChannel(const Conv2dGeometry g)
{
    const int weights = g.inChannels / g.groups * g.kernelHeight * g.kernelWidth;
#ifdef DY_SUMS
    return weights + 1;
#else
    return weights;
#endif
}

// Puts the sum of a channel and a k where it belongs.
void storeSum(const Conv2dGeometry g, float sum, int channel, int k, __global float *dw, __global float *dbias)
{
    const int weights = g.inChannels / g.groups * g.kernelHeight * g.kernelWidth;
    if (k < weights) {
        dw[channel * weights + k] = sum;
    } else {
        dbias[channel] = sum;
    }
}
