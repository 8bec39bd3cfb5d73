package dev.striate.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.cpu.simd.SimdKernels;
import dev.striate.backend.cpu.simd.VectorApi;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** As {@link WinogradConv2dTest} for the algorithm along lines. */
class WinogradLinesTest {

    /** LeNet's second convolution. */
    private static final Conv2dGeometry G = new Conv2dGeometry(16, 6, 14, 14, 16, 10, 10, 5, 5, 1, 1, 0, 0, 1, 1, 1);

    private static final int IMAGE = 3;
    private static final int CHANNEL = 2;
    private static final int LINE = 6;

    private final float[] x = WinogradConv2dTest.random(1, G.batch() * G.inChannels() * G.inHeight() * G.inWidth());
    private final float[] w = WinogradConv2dTest.random(2, G.outChannels() * G.inChannels() * 25);

    @Test
    void servesKernelsOfFiveColumnsOnSmallImagesOnly() {
        SimdKernels simd = VectorApi.vectorized();
        assertNotNull(simd, VectorApi.absence());
        WinogradLines winograd =
                new WinogradLines(new CpuContext(new CpuThreads(1, 0), simd, new CpuPool()), simd.winograd());
        boolean broad = simd.winograd().lanes() >= 16;
        assertEquals(broad, winograd.pays(G));
        assertEquals(broad, winograd.pays(new Conv2dGeometry(16, 16, 9, 12, 32, 9, 12, 3, 5, 1, 1, 1, 2, 1, 1, 1)));
        Conv2dGeometry oneImage = new Conv2dGeometry(1, 6, 14, 14, 16, 10, 10, 5, 5, 1, 1, 0, 0, 1, 1, 1);
        Conv2dGeometry oneChannel = new Conv2dGeometry(16, 1, 28, 28, 6, 28, 28, 5, 5, 1, 1, 2, 2, 1, 1, 1);
        Conv2dGeometry oddLines = new Conv2dGeometry(16, 6, 15, 15, 16, 11, 11, 5, 5, 1, 1, 0, 0, 1, 1, 1);
        Conv2dGeometry fewPixels = new Conv2dGeometry(99, 64, 6, 6, 64, 2, 2, 5, 5, 1, 1, 0, 0, 1, 1, 1);
        Conv2dGeometry large = new Conv2dGeometry(16, 16, 64, 64, 16, 64, 64, 5, 5, 1, 1, 2, 2, 1, 1, 1);
        Conv2dGeometry deep = new Conv2dGeometry(16, 96, 14, 14, 96, 10, 10, 5, 5, 1, 1, 0, 0, 1, 1, 1);
        Conv2dGeometry narrow = new Conv2dGeometry(16, 6, 14, 14, 16, 10, 12, 5, 3, 1, 1, 0, 0, 1, 1, 1);
        Conv2dGeometry stride = new Conv2dGeometry(16, 6, 14, 15, 16, 10, 6, 5, 5, 1, 2, 0, 0, 1, 1, 1);
        Conv2dGeometry dilation = new Conv2dGeometry(16, 6, 18, 18, 16, 10, 10, 5, 5, 1, 1, 0, 0, 2, 2, 1);
        Conv2dGeometry groups = new Conv2dGeometry(16, 6, 14, 14, 16, 10, 10, 5, 5, 1, 1, 0, 0, 1, 1, 2);
        for (Conv2dGeometry g : new Conv2dGeometry[] {
            oneImage, oneChannel, oddLines, fewPixels, large, deep, narrow, stride, dilation, groups
        }) {
            assertFalse(winograd.pays(g), g.toString());
        }
    }

    @Test
    void thePropertyKeepsToTheDefinition() {
        float[] here = WinogradConv2dTest.forward(G, x, w);
        System.setProperty(WinogradConv2d.PROPERTY, "false");
        try {
            boolean broad = VectorApi.vectorized().winograd().lanes() >= 16;
            assertEquals(broad, !Arrays.equals(here, WinogradConv2dTest.forward(G, x, w)));
        } finally {
            System.clearProperty(WinogradConv2d.PROPERTY);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9})
    void infinityStaysWithinTheOutputsThatReadIt(int pixel) {
        float[] without = WinogradConv2dTest.forward(G, x, w);
        float[] changed = x.clone();
        changed[((IMAGE * G.inChannels() + CHANNEL) * G.inHeight() + LINE) * G.inWidth() + pixel] =
                Float.POSITIVE_INFINITY;
        float[] with = WinogradConv2dTest.forward(G, changed, w);
        int i = 0;
        for (int image = 0; image < G.batch(); image++) {
            for (int channel = 0; channel < G.outChannels(); channel++) {
                for (int line = 0; line < G.outHeight(); line++) {
                    for (int column = 0; column < G.outWidth(); column++, i++) {
                        boolean reads = image == IMAGE
                                && LINE - line >= 0
                                && LINE - line < 5
                                && pixel - column >= 0
                                && pixel - column < 5;
                        if (reads) {
                            assertFalse(Float.isFinite(with[i]), "line " + line + ", column " + column);
                        } else {
                            assertEquals(without[i], with[i], "line " + line + ", column " + column);
                        }
                    }
                }
            }
        }
    }
}
