package dev.striate.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.StriateException;
import dev.striate.data.DataLoader;
import dev.striate.data.Datasets;
import dev.striate.data.TinyDigits;
import dev.striate.fuzz.FuzzFiles;
import dev.striate.fuzz.FuzzTarget;
import dev.striate.nn.Dropout;
import dev.striate.nn.Flatten;
import dev.striate.nn.Linear;
import dev.striate.nn.MaxPool2d;
import dev.striate.nn.Sequential;
import dev.striate.optim.Adam;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** A whole checkpoint, from which a training is resumed or not changed at all. */
public final class ResumeFuzz implements FuzzTarget {

    static final int EPOCHS = 3;

    private final Path file = new FuzzFiles().path("checkpoint.safetensors");
    private final Sequential model = model();
    private final Adam adam = new Adam(model.parameters(), 0.1f);
    private final DataLoader loader = loader();

    static Sequential model() {
        return Sequential.builder()
                .add("pool", new MaxPool2d(4))
                .add("flatten", new Flatten())
                .add("drop", new Dropout(0.5f))
                .add("fc", new Linear(4, 10))
                .build()
                .initialize(Device.cpu(), new Generator(1));
    }

    static DataLoader loader() {
        return DataLoader.of(Datasets.subset(TinyDigits.test(), 10), 5).shuffle(2);
    }

    @Override
    public void run(byte[] input) throws IOException {
        Files.write(file, input);
        Checkpoint checkpoint = Checkpoint.read(file);
        Map<String, float[]> before = values();
        long steps = adam.steps();
        Trainer trainer = Trainer.of(model, adam, Device.cpu());
        try (TrainedWeights weights = new TrainedWeights(model, 0)) {
            checkpoint.restore(trainer, weights, loader, null, EPOCHS);
        } catch (StriateException e) {
            assertEquals(steps, adam.steps());
            values().forEach((name, values) -> assertArrayEquals(before.get(name), values, name));
            throw e;
        }
    }

    private Map<String, float[]> values() {
        Map<String, float[]> values = new TreeMap<>();
        model.state().forEach((name, tensor) -> values.put(name, tensor.toFloatArray()));
        adam.state().forEach((name, tensor) -> values.put(name, tensor.toFloatArray()));
        return values;
    }
}
