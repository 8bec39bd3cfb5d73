package dev.striate.backend.cpu.conv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.backend.Backend;
import dev.striate.backend.Buffer;
import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.LinearKernels;
import dev.striate.backend.cpu.SharingCpu;
import dev.striate.backend.cpu.Vectorization;
import dev.striate.backend.cpu.simd.SimdKernels;
import dev.striate.backend.cpu.simd.VectorApi;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What sets Winograd's convolution apart from the definition: pixels of the output depend on all that their tile reads.
 * That its results are right is shown where those of all convolutions are.
 */
@Tag("vectors")
class WinogradConv2dTest {

    private static final Conv2dGeometry G = new Conv2dGeometry(3, 64, 20, 16, 72, 20, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1);
    private static final int IMAGE = 1;
    private static final int CHANNEL = 3;
    private static final int LINE = 7;
    private static final int COLUMN = 10;

    private static final LinearKernels LINEAR =
            SharingCpu.open(1, Vectorization.PLAIN).kernels().linear();

    private final float[] x = random(1, G.batch() * G.inChannels() * G.inHeight() * G.inWidth());
    private final float[] w = random(2, G.outChannels() * G.inChannels() * 9);

    @Test
    void servesManyChannelsAndPixelsOfKernels3x3Only() {
        SimdKernels simd = VectorApi.vectorized();
        assertNotNull(simd, VectorApi.absence());
        ConvAlgorithms algorithms = new ConvAlgorithms(SharingCpu.context(simd), LINEAR, null);
        assertTrue(isWinograd(algorithms, algorithms.forward, G));
        assertTrue(isWinograd(algorithms, algorithms.inputGradient, G));
        assertTrue(isWinograd(algorithms, algorithms.weightGradient, G));
        Conv2dGeometry fewChannels = new Conv2dGeometry(3, 3, 20, 16, 72, 20, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1);
        Conv2dGeometry onePixel = new Conv2dGeometry(3, 64, 1, 1, 72, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1);
        Conv2dGeometry stride = new Conv2dGeometry(3, 64, 20, 16, 72, 20, 8, 3, 3, 1, 2, 1, 1, 1, 1, 1);
        Conv2dGeometry dilation = new Conv2dGeometry(3, 64, 20, 16, 72, 20, 16, 3, 3, 1, 1, 2, 2, 2, 2, 1);
        Conv2dGeometry groups = new Conv2dGeometry(3, 64, 20, 16, 72, 20, 16, 3, 3, 1, 1, 1, 1, 1, 1, 2);
        Conv2dGeometry longLines = new Conv2dGeometry(1, 64, 2, 160_000, 64, 2, 160_000, 3, 3, 1, 1, 1, 1, 1, 1, 1);
        // Outputs that read nothing are the bias exactly; what reads an input is always there.
        Conv2dGeometry below = new Conv2dGeometry(3, 64, 20, 16, 72, 24, 16, 3, 3, 1, 1, 3, 1, 1, 1, 1);
        Conv2dGeometry beside = new Conv2dGeometry(3, 64, 20, 16, 72, 20, 18, 3, 3, 1, 1, 1, 1, 1, 1, 1);
        Conv2dGeometry full = new Conv2dGeometry(3, 64, 20, 16, 72, 22, 18, 3, 3, 1, 1, 2, 2, 1, 1, 1);
        assertFalse(isWinograd(algorithms, algorithms.forward, below));
        assertFalse(isWinograd(algorithms, algorithms.forward, beside));
        assertTrue(isWinograd(algorithms, algorithms.forward, full));
        for (Conv2dGeometry g : List.of(fewChannels, onePixel, stride, dilation, groups, longLines)) {
            assertFalse(isWinograd(algorithms, algorithms.forward, g), g.toString());
            assertFalse(isWinograd(algorithms, algorithms.inputGradient, g), g.toString());
            assertFalse(isWinograd(algorithms, algorithms.weightGradient, g), g.toString());
        }
    }

    private static <O> boolean isWinograd(
            ConvAlgorithms algorithms, List<ConvAlgorithm<O>> direction, Conv2dGeometry g) {
        return algorithms.choose(direction, g).name().equals("winograd");
    }

    @Test
    void infinityStaysWithinTheTilesThatReadIt() {
        float[] without = forward(G, x, w);
        float[] with = forward(G, withPixel(Float.POSITIVE_INFINITY), w);
        forEachOutput((i, channel, line, column, sameTile, reads) -> {
            if (reads) {
                assertFalse(Float.isFinite(with[i]), "line " + line + ", column " + column);
            } else if (!sameTile) {
                assertEquals(without[i], with[i], "line " + line + ", column " + column);
            }
        });
    }

    /**
     * A pixel that an output does not read may cost it bits, as many as the pixel is larger than those that it reads.
     */
    @Test
    void aLargePixelCostsItsTilesPrecision() {
        float large = 0x1p12f;
        float[] without = forward(G, x, w);
        float[] with = forward(G, withPixel(large), w);
        forEachOutput((i, channel, line, column, sameTile, reads) -> {
            if (sameTile && !reads) {
                float most = 0;
                for (int tap = 0; tap < 9; tap++) {
                    most = Math.max(most, Math.abs(w[(channel * G.inChannels() + CHANNEL) * 9 + tap]));
                }
                // Twenty roundings or so of products that the pixel has a part in, each by at most half a unit in the
                // last place.
                assertEquals(without[i], with[i], 20 * 0x1p-24 * large * most, "line " + line + ", column " + column);
            }
        });
    }

    @Test
    void thePropertyKeepsToTheDefinition() {
        System.setProperty(WinogradConv2d.PROPERTY, "false");
        try {
            float[] without = forward(G, x, w);
            float[] with = forward(G, withPixel(Float.POSITIVE_INFINITY), w);
            forEachOutput((i, channel, line, column, sameTile, reads) -> {
                if (!reads) {
                    assertEquals(without[i], with[i], "line " + line + ", column " + column);
                }
            });
        } finally {
            System.clearProperty(WinogradConv2d.PROPERTY);
        }
    }

    private interface Check {
        void run(int i, int channel, int line, int column, boolean sameTile, boolean reads);
    }

    /** With whether the output's tile reads the pixel, and whether the output itself does. */
    private static void forEachOutput(Check check) {
        int i = 0;
        for (int image = 0; image < G.batch(); image++) {
            for (int channel = 0; channel < G.outChannels(); channel++) {
                for (int line = 0; line < G.outHeight(); line++) {
                    for (int column = 0; column < G.outWidth(); column++, i++) {
                        int down = LINE + 1 - line;
                        int right = COLUMN + 1 - column;
                        int tileDown = LINE + 1 - line / 4 * 4;
                        int tileRight = COLUMN + 1 - column / 2 * 2;
                        boolean same =
                                image == IMAGE && tileDown >= 0 && tileDown < 6 && tileRight >= 0 && tileRight < 4;
                        boolean reads = image == IMAGE && down >= 0 && down < 3 && right >= 0 && right < 3;
                        check.run(i, channel, line, column, same, reads);
                    }
                }
            }
        }
    }

    private float[] withPixel(float value) {
        float[] changed = x.clone();
        changed[((IMAGE * G.inChannels() + CHANNEL) * G.inHeight() + LINE) * G.inWidth() + COLUMN] = value;
        return changed;
    }

    /** On two threads, without a bias. */
    static float[] forward(Conv2dGeometry g, float[] images, float[] w) {
        Backend cpu = SharingCpu.open(2, Vectorization.VECTOR_API);
        Buffer in = cpu.allocate(images.length);
        Buffer weight = cpu.allocate(w.length);
        Buffer out = cpu.allocate(g.batch() * g.outChannels() * g.outHeight() * g.outWidth());
        cpu.write(images, 0, in);
        cpu.write(w, 0, weight);
        cpu.kernels().conv2d().forward(g, in, weight, null, false, out);
        float[] y = new float[out.length()];
        cpu.read(out, y, 0);
        return y;
    }

    static float[] random(long seed, int length) {
        Random random = new Random(seed);
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
