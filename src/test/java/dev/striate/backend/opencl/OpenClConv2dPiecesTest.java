package dev.striate.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.striate.backend.Buffer;
import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.opencl.OpenClConv2d.Finish;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A batch whose copies have no room together is convolved a few images at a time, as larger batches than tests have
 * are.
 */
class OpenClConv2dPiecesTest {

    private static final int BATCH = 5;
    private static final int CHANNELS = 3;
    private static final int SIDE = 9;

    /** @param outChannels few, which go in the lanes of pixels, or many, which are lanes themselves */
    @ParameterizedTest
    @ValueSource(ints = {6, 20})
    void imagesThatAreCopiedApartGiveTheSame(int outChannels) {
        OpenClRuntime runtime = OpenClDevice.runtime(new OpenClProgramCache(null));
        try (OpenClBackend backend = new OpenClBackend(runtime)) {
            Conv2dGeometry g =
                    new Conv2dGeometry(BATCH, CHANNELS, SIDE, SIDE, outChannels, SIDE, SIDE, 3, 3, 1, 1, 1, 1, 1, 1, 1);
            float[][] whole = results(backend, new OpenClConv2dPieces(runtime, () -> 1 << 20), g);
            // Room for two images at a time in one pass or another, so that the last time there is one.
            for (int copyFloats : new int[] {1000, 6100}) {
                assertSame(whole, results(backend, new OpenClConv2dPieces(runtime, () -> copyFloats), g));
            }
        }
    }

    private static void assertSame(float[][] whole, float[][] parts) {
        assertArrayEquals(whole[0], parts[0], "forward");
        assertArrayEquals(whole[1], parts[1], "input gradient");
        for (int result = 2; result < whole.length; result++) {
            for (int i = 0; i < whole[result].length; i++) {
                // Sums of so many terms of order one, in another order.
                double tolerance = 8 * BATCH * SIDE * SIDE * 0x1p-24;
                assertEquals(whole[result][i], parts[result][i], tolerance, "gradient " + result + " at " + i);
            }
        }
    }

    private static float[][] results(OpenClBackend backend, OpenClConv2dPieces pieces, Conv2dGeometry g) {
        Random random = new Random(3);
        Buffer x = random(backend, random, BATCH * CHANNELS * SIDE * SIDE);
        Buffer w = random(backend, random, g.outChannels() * CHANNELS * 9);
        Buffer dy = random(backend, random, BATCH * g.outChannels() * SIDE * SIDE);
        Buffer y = backend.allocate(dy.length());
        Buffer dx = backend.allocate(x.length());
        Buffer dw = backend.allocate(w.length());
        Buffer dbias = backend.allocate(g.outChannels());
        pieces.forward(g, x, w, null, Finish.PLAIN, y);
        pieces.inputGradient(g, dy, w, null, Finish.PLAIN, dx, dx);
        pieces.weightGradient(g, x, dy, dw, dbias);
        float[][] results = {read(backend, y), read(backend, dx), read(backend, dw), read(backend, dbias)};
        for (Buffer buffer : new Buffer[] {x, w, dy, y, dx, dw, dbias}) {
            backend.release(buffer);
        }
        return results;
    }

    private static Buffer random(OpenClBackend backend, Random random, int length) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        Buffer buffer = backend.allocate(length);
        backend.write(values, 0, buffer);
        return buffer;
    }

    private static float[] read(OpenClBackend backend, Buffer buffer) {
        float[] values = new float[buffer.length()];
        backend.read(buffer, values, 0);
        return values;
    }
}
