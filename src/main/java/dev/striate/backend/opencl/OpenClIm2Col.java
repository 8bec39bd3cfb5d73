package dev.striate.backend.opencl;

import dev.striate.backend.Buffer;
import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.Im2ColKernels;
import java.math.BigInteger;

/** Launches {@code im2col.cl}. */
final class OpenClIm2Col implements Im2ColKernels {

    private final OpenClRuntime runtime;

    OpenClIm2Col(OpenClRuntime runtime) {
        this.runtime = runtime;
    }

    @Override
    public void im2col(Conv2dGeometry g, Buffer x, Buffer columns) {
        int n = g.batch() * g.inChannels() * g.kernelHeight() * g.kernelWidth() * g.outHeight() * g.outWidth();
        runtime.kernel("im2col", "im2col").ints(n).struct(g).buffers(x, columns).runItems(n);
    }

    @Override
    public void col2im(Conv2dGeometry g, Buffer columns, Buffer x) {
        int n = g.batch() * g.inChannels() * g.inHeight() * g.inWidth();
        runtime.kernel("im2col", "col2im")
                .ints(n)
                .struct(g)
                .ints(tapsApart(g.strideH(), g.dilationH()), inverse(g.strideH(), g.dilationH()))
                .ints(tapsApart(g.strideW(), g.dilationW()), inverse(g.strideW(), g.dilationW()))
                .buffers(columns, x)
                .runItems(n);
    }

    /** From one tap that reaches a pixel to the next: the stride over its greatest common divisor with the dilation. */
    private static int tapsApart(int stride, int dilation) {
        return stride
                / BigInteger.valueOf(stride).gcd(BigInteger.valueOf(dilation)).intValue();
    }

    /** The inverse of the dilation over that divisor, modulo {@link #tapsApart}. */
    private static int inverse(int stride, int dilation) {
        int apart = tapsApart(stride, dilation);
        return BigInteger.valueOf(dilation / (stride / apart))
                .modInverse(BigInteger.valueOf(apart))
                .intValue();
    }
}
