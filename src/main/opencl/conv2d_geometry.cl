// The fields of Conv2dGeometry, in its order.
typedef struct {
    int batch;
    int inChannels;
    int inHeight;
    int inWidth;
    int outChannels;
    int outHeight;
    int outWidth;
    int kernelHeight;
    int kernelWidth;
    int strideH;
    int strideW;
    int padTop;
    int padLeft;
    int dilationH;
    int dilationW;
    int groups;
} Conv2dGeometry;

// A copy of the source's planes that a convolution can walk in vectors: strideH times strideW phases of rows times columns, so
// that neighbours in a phase are a stride apart in the source. Pixel (y, x) is in phase ((y + top) % strideH,
// (x + left) % strideW) at row (y + top) / strideH and column (x + left) / strideW; whatever has no pixel is 0.
typedef struct {
    int height;
    int width;
    int strideH;
    int strideW;
    int top;
    int left;
    int rows;
    int columns;
    int plane; // elements from one plane of the copy to the next
} Layout;

// Channels that are summed over before the partial sums are closed: their planes stay in the first cache, and rounding does not
// grow with the number of channels.
#define CHANNELS 32
