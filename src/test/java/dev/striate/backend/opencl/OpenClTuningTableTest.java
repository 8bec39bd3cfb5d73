package dev.striate.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.StriateException;
import dev.striate.backend.opencl.OpenClTuningTable.Traits;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OpenClTuningTableTest {

    /** The most particular first, so that the order of the lines is not what decides. */
    private static final OpenClTuningTable TABLE = OpenClTuningTable.parse("""
            # a comment

            matmul TILED |        |     |       | NVIDIA H200 | TILE_K=32
            matmul TILED |        |     | sm_90 |             | TILE_K=8 SMALL_TILE=64
            matmul TILED | nvidia | GPU |       |             | TILE_K=16 SMALL_TILE=16 LARGE_TILE=128
            matmul TILED |        |     |       |             | TILE_K=8 SMALL_TILE=32 LARGE_TILE=32
            matmul VECTOR | | | | | LARGE_TILE=32
            conv2d TILED |        |     |       | NVIDIA H200 | TILE_K=8
            """);

    private static Map<String, Integer> matmul(String vendor, String type, String architecture, String name) {
        Map<OpenClParameter, Integer> values =
                TABLE.values(new Traits(vendor, type, architecture, name), KernelShape.TILED);
        return Map.of(
                "TILE_K", values.get(OpenClParameter.MATMUL_TILE_K),
                "SMALL", values.get(OpenClParameter.MATMUL_SMALL_TILE),
                "LARGE", values.get(OpenClParameter.MATMUL_LARGE_TILE));
    }

    @Test
    void theMoreParticularLineCounts() {
        assertEquals(Map.of("TILE_K", 8, "SMALL", 32, "LARGE", 32), matmul("ACME", "GPU", "", "One"));
        assertEquals(Map.of("TILE_K", 8, "SMALL", 32, "LARGE", 32), matmul("NVIDIA Corporation", "CPU", "", "One"));
        assertEquals(
                Map.of("TILE_K", 16, "SMALL", 16, "LARGE", 128), matmul("NVIDIA Corporation", "GPU", "sm_80", "A100"));
        assertEquals(
                Map.of("TILE_K", 8, "SMALL", 64, "LARGE", 128), matmul("NVIDIA Corporation", "GPU", "sm_90", "H100"));
        assertEquals(
                Map.of("TILE_K", 32, "SMALL", 64, "LARGE", 128),
                matmul("NVIDIA Corporation", "GPU", "sm_90", "NVIDIA H200"));
        assertEquals(
                Map.of(OpenClParameter.MATMUL_LARGE_TILE, 32),
                TABLE.values(new Traits("", "CPU", "", ""), KernelShape.VECTOR));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "matmul TILED | | | | TILE_K=16", "matmul | | | | | TILE_K=16", "softmax TILED | | | | | TILE_K=16",
                "matmul WIDE | | | | | TILE_K=16", "matmul TILED | | | | | TILE_K=17",
                        "matmul TILED | | | | | TILE_Q=16",
                "matmul TILED | | | | | TILE_K", "matmul TILED | | | | | TILE_K=99999999999",
                        "matmul VECTOR | | | | | SMALL_TILE=16"
            })
    void aWrongLineIsNamed(String line) {
        StriateException error =
                assertThrows(StriateException.class, () -> OpenClTuningTable.parse("# head\n" + line + "\n"));
        assertTrue(error.getMessage().contains("\"" + line + "\""), error.getMessage());
    }

    @Test
    void theTableInTheJarIsRight() {
        assertNotNull(OpenClTuningTable.PACKED);
    }
}
