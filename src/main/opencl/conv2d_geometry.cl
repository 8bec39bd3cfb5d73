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
