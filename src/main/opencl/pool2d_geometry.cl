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
