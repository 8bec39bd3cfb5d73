package dev.striate.bench;

import dev.striate.bench.common.Cost;
import dev.striate.data.Batch;
import dev.striate.data.Cifar10;
import dev.striate.data.DataLoader;
import dev.striate.data.Dataset;
import dev.striate.data.Normalize;
import dev.striate.data.RandomCrop;
import dev.striate.data.RandomHorizontalFlip;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Random;
import org.openjdk.jmh.annotations.Benchmark;

/**
 * The preparation of a batch of 128 images in the form of CIFAR-10, bytes to floats, on the thread that asks. A
 * training does it in the background; what counts is how much of a core it takes from the step's.
 */
public class DataLoaderBench extends DeviceBench {

    private static final int BATCH = 128;
    private static final int IMAGES_PER_FILE = 1024;
    private static final int RECORD_BYTES = 1 + 3 * 32 * 32;

    private DataLoader plain;
    private DataLoader augmented;
    private Iterator<Batch> plainEpoch;
    private Iterator<Batch> augmentedEpoch;

    @Override
    void prepare() {
        Dataset images = images();
        Normalize normalize = new Normalize(new float[] {0.49f, 0.48f, 0.45f}, new float[] {0.25f, 0.24f, 0.26f});
        plain = DataLoader.of(images, BATCH).prefetch(0).transform(normalize);
        augmented = DataLoader.of(images, BATCH)
                .prefetch(0)
                .shuffle(1)
                .transform(new RandomCrop(4), new RandomHorizontalFlip(0.5f), normalize);
        plainEpoch = plain.iterator();
        augmentedEpoch = augmented.iterator();
    }

    private static Dataset images() {
        try {
            Path directory = Files.createTempDirectory("striate-bench");
            // Before its files: what is registered last is deleted first.
            directory.toFile().deleteOnExit();
            Random random = new Random(1);
            byte[] records = new byte[IMAGES_PER_FILE * RECORD_BYTES];
            for (String name : new String[] {
                "data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"
            }) {
                random.nextBytes(records);
                for (int i = 0; i < records.length; i += RECORD_BYTES) {
                    records[i] = 0;
                }
                Path file = directory.resolve(name + ".bin");
                Files.write(file, records);
                file.toFile().deleteOnExit();
            }
            return Cifar10.read(directory).train();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    Cost cost(String benchmark) {
        return Cost.ofElements(BATCH * 3.0 * 32 * 32);
    }

    @Benchmark
    public float normalized() {
        if (!plainEpoch.hasNext()) {
            plainEpoch = plain.iterator();
        }
        return take(plainEpoch);
    }

    @Benchmark
    public float croppedFlippedNormalized() {
        if (!augmentedEpoch.hasNext()) {
            augmentedEpoch = augmented.iterator();
        }
        return take(augmentedEpoch);
    }

    private static float take(Iterator<Batch> epoch) {
        try (Batch batch = epoch.next()) {
            return batch.images()[0];
        }
    }
}
