package dev.striate.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.fuzz.FuzzFiles;
import dev.striate.fuzz.FuzzTarget;
import dev.striate.nn.Linear;
import dev.striate.nn.Sequential;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file of weights for a block with the tensors {@code fc.weight (2, 2)} and {@code fc.bias (2)}, loaded whole or not
 * at all.
 */
public final class StateFuzz implements FuzzTarget {

    private final Path file = new FuzzFiles().path("state.safetensors");
    private final Sequential block =
            Sequential.builder().add("fc", new Linear(2, 2)).build().initialize(Device.cpu(), new Generator(0));

    @Override
    public void run(byte[] input) throws IOException {
        Files.write(file, input);
        float[] before = values();
        try {
            block.load(file);
        } catch (StriateException e) {
            assertArrayEquals(before, values(), "the load failed half-way");
            throw e;
        }
    }

    private float[] values() {
        Tensor weight = block.parameters().get("fc.weight");
        Tensor bias = block.parameters().get("fc.bias");
        float[] values = new float[6];
        System.arraycopy(weight.toFloatArray(), 0, values, 0, 4);
        System.arraycopy(bias.toFloatArray(), 0, values, 4, 2);
        return values;
    }
}
