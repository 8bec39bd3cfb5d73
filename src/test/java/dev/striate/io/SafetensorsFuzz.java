package dev.striate.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.striate.Device;
import dev.striate.Tensor;
import dev.striate.fuzz.FuzzFiles;
import dev.striate.fuzz.FuzzTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A safetensors file: what can be read comes back from a file that was written with it. */
public final class SafetensorsFuzz implements FuzzTarget {

    private final FuzzFiles files = new FuzzFiles();
    private final Path given = files.path("given.safetensors");
    private final Path written = files.path("written.safetensors");

    @Override
    public void run(byte[] input) throws IOException {
        Files.write(given, input);
        Map<String, String> metadata = Safetensors.readMetadata(given);
        Map<String, Tensor> tensors = Safetensors.read(given, Device.cpu());
        try {
            Safetensors.write(written, tensors, metadata);
            Map<String, Tensor> again = Safetensors.read(written, Device.cpu());
            try {
                assertSame(tensors, again);
            } finally {
                again.values().forEach(Tensor::close);
            }
        } finally {
            tensors.values().forEach(Tensor::close);
        }
        assertEquals(metadata, Safetensors.readMetadata(written));
    }

    private static void assertSame(Map<String, Tensor> expected, Map<String, Tensor> actual) {
        List<String> names = new ArrayList<>(expected.keySet());
        assertEquals(names, new ArrayList<>(actual.keySet()));
        for (String name : names) {
            assertEquals(expected.get(name).shape(), actual.get(name).shape(), name);
            assertArrayEquals(
                    expected.get(name).toFloatArray(), actual.get(name).toFloatArray(), name);
        }
    }
}
