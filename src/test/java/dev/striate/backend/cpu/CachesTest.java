package dev.striate.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.striate.backend.MatmulGeometry;
import dev.striate.backend.StridedLoop;
import dev.striate.backend.cpu.simd.VectorApi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CachesTest {

    @Test
    void readsWhatLinuxShows(@TempDir Path directory) throws IOException {
        index(directory, 0, "1", "Data", "48K");
        index(directory, 1, "1", "Instruction", "64K");
        index(directory, 2, "2", "Unified", "2M");
        index(directory, 3, "3", "Unified", "300M");
        assertEquals(new Caches(48 << 10, 2 << 20), Caches.read(directory, Caches.DEFAULT));
    }

    @Test
    void takesTheDefaultForWhatItDoesNotUnderstand(@TempDir Path directory) throws IOException {
        assertEquals(Caches.DEFAULT, Caches.read(directory, Caches.DEFAULT));
        index(directory, 0, "1", "Data", "K");
        assertEquals(Caches.DEFAULT, Caches.read(directory, Caches.DEFAULT));
        index(directory, 0, "1", "Data", "0K");
        assertEquals(Caches.DEFAULT, Caches.read(directory, Caches.DEFAULT));
        index(directory, 0, "1", "Data", "99999999999999M");
        assertEquals(Caches.DEFAULT, Caches.read(directory, Caches.DEFAULT));
    }

    private static void index(Path directory, int number, String level, String type, String size) throws IOException {
        Path index = Files.createDirectories(directory.resolve("index" + number));
        Files.writeString(index.resolve("level"), level + "\n");
        Files.writeString(index.resolve("type"), type + "\n");
        Files.writeString(index.resolve("size"), size + "\n");
    }

    @Test
    void blocksDoNotChangeTheBitsOfAProduct() {
        int rows = 210;
        int columns = 700;
        int depth = 1100;
        float[] a = random(1, rows * depth);
        float[] b = random(2, depth * columns);
        float[] small = product(new Caches(16 << 10, 128 << 10), rows, columns, depth, a, b);
        assertArrayEquals(small, product(Caches.DEFAULT, rows, columns, depth, a, b));
        assertArrayEquals(small, product(new Caches(128 << 10, 16 << 20), rows, columns, depth, a, b));
    }

    private static float[] product(Caches caches, int rows, int columns, int depth, float[] a, float[] b) {
        CpuGemm gemm = new CpuGemm(SharingCpu.context(VectorApi.plain()), caches);
        StridedLoop one = StridedLoop.of(new int[0], new int[0], new int[0]);
        MatmulGeometry g = new MatmulGeometry(one, rows, columns, depth, false, false);
        float[] c = new float[rows * columns];
        CpuBuffer left = new CpuBuffer(a, a.length);
        CpuBuffer right = new CpuBuffer(b, b.length);
        gemm.run(new CpuProduct(g, left, right, null, new CpuBuffer(c, c.length)));
        return c;
    }

    private static float[] random(long seed, int length) {
        Random random = new Random(seed);
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
