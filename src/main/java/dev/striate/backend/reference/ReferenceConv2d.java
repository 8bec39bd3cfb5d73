package dev.striate.backend.reference;

import dev.striate.backend.Buffer;
import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.Conv2dKernels;
import dev.striate.backend.UnaryKernels;
import org.jspecify.annotations.Nullable;

/**
 * Convolution. Output, weight and pixel meet in triples; the forward product and both gradients are the same walk over
 * all triples, each adding the product of two members to the third.
 */
final class ReferenceConv2d implements Conv2dKernels {

    private final UnaryKernels unary;

    ReferenceConv2d(UnaryKernels unary) {
        this.unary = unary;
    }

    @FunctionalInterface
    private interface Meeting {
        /**
         * The places of a pixel, of a weight that it is multiplied with, and of the output that the product goes to.
         */
        void at(int x, int w, int y);
    }

    private static void forEachMeeting(Conv2dGeometry g, Meeting meeting) {
        for (int image = 0; image < g.batch(); image++) {
            for (int outChannel = 0; outChannel < g.outChannels(); outChannel++) {
                int group = outChannel / g.outChannelsPerGroup();
                for (int channel = 0; channel < g.inChannelsPerGroup(); channel++) {
                    int inPlane = (image * g.inChannels() + group * g.inChannelsPerGroup() + channel) * g.inHeight();
                    int outPlane = (image * g.outChannels() + outChannel) * g.outHeight();
                    int kernelPlane = (outChannel * g.inChannelsPerGroup() + channel) * g.kernelHeight();
                    forEachTap(
                            g,
                            (iy, ix, ky, kx, oy, ox) -> meeting.at(
                                    (inPlane + iy) * g.inWidth() + ix,
                                    (kernelPlane + ky) * g.kernelWidth() + kx,
                                    (outPlane + oy) * g.outWidth() + ox));
                }
            }
        }
    }

    @FunctionalInterface
    interface Tap {
        /** Pixel (iy, ix) under weight (ky, kx) of the window that gives output (oy, ox). */
        void at(int iy, int ix, int ky, int kx, int oy, int ox);
    }

    /**
     * Visits all taps of one plane that fall within the image, windows in scan order, taps within a window in scan
     * order.
     */
    static void forEachTap(Conv2dGeometry g, Tap tap) {
        for (int oy = 0; oy < g.outHeight(); oy++) {
            for (int ox = 0; ox < g.outWidth(); ox++) {
                for (int ky = 0; ky < g.kernelHeight(); ky++) {
                    for (int kx = 0; kx < g.kernelWidth(); kx++) {
                        int iy = oy * g.strideH() - g.padTop() + ky * g.dilationH();
                        int ix = ox * g.strideW() - g.padLeft() + kx * g.dilationW();
                        if (iy >= 0 && iy < g.inHeight() && ix >= 0 && ix < g.inWidth()) {
                            tap.at(iy, ix, ky, kx, oy, ox);
                        }
                    }
                }
            }
        }
    }

    @Override
    public void forward(Conv2dGeometry g, Buffer x, Buffer w, @Nullable Buffer bias, boolean relu, Buffer y) {
        ReferenceBuffer image = ReferenceBuffer.of(x);
        ReferenceBuffer weight = ReferenceBuffer.of(w);
        ReferenceBuffer out = ReferenceBuffer.of(y);
        fillPlanes(out, g.batch(), g.outChannels(), g.outHeight() * g.outWidth(), bias);
        forEachMeeting(g, (xi, wi, yi) -> out.add(yi, image.get(xi) * weight.get(wi)));
        if (relu) {
            unary.relu(y);
        }
    }

    @Override
    public void inputGradient(
            Conv2dGeometry g, Buffer dy, Buffer w, @Nullable Buffer bias, @Nullable Buffer gate, Buffer dx) {
        ReferenceBuffer upstream = ReferenceBuffer.of(dy);
        ReferenceBuffer weight = ReferenceBuffer.of(w);
        ReferenceBuffer image = ReferenceBuffer.of(dx);
        fillPlanes(image, g.batch(), g.inChannels(), g.inHeight() * g.inWidth(), bias);
        forEachMeeting(g, (xi, wi, yi) -> image.add(xi, upstream.get(yi) * weight.get(wi)));
        if (gate != null) {
            unary.gate(gate, dx);
        }
    }

    @Override
    public void weightGradient(Conv2dGeometry g, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias) {
        ReferenceBuffer image = ReferenceBuffer.of(x);
        ReferenceBuffer upstream = ReferenceBuffer.of(dy);
        ReferenceBuffer weight = ReferenceBuffer.of(dw);
        weight.fill(0);
        forEachMeeting(g, (xi, wi, yi) -> weight.add(wi, image.get(xi) * upstream.get(yi)));
        if (dbias != null) {
            ReferenceBuffer sums = ReferenceBuffer.of(dbias);
            sums.fill(0);
            int plane = g.outHeight() * g.outWidth();
            for (int i = 0; i < g.batch() * g.outChannels() * plane; i++) {
                sums.add(i / plane % g.outChannels(), upstream.get(i));
            }
        }
    }

    private static void fillPlanes(ReferenceBuffer to, int batch, int channels, int plane, @Nullable Buffer bias) {
        for (int i = 0; i < batch * channels * plane; i++) {
            to.set(i, bias == null ? 0 : ReferenceBuffer.of(bias).get(i / plane % channels));
        }
    }
}
