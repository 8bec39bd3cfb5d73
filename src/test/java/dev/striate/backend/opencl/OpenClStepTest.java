package dev.striate.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.data.DataLoader;
import dev.striate.data.Dataset;
import dev.striate.internal.Internals;
import dev.striate.models.CifarCnn;
import dev.striate.models.LeNet5;
import dev.striate.models.TinyNets;
import dev.striate.nn.Sequential;
import dev.striate.optim.Sgd;
import dev.striate.train.BatchEnd;
import dev.striate.train.Trainer;
import dev.striate.train.TrainingListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What one training step at N = 64 asks of the driver: how many launches, and no wait. */
class OpenClStepTest {

    private static final int BATCH = 64;
    private static final int STEPS = 6;

    /** Notes launches and waits. */
    private static final class Notes implements OpenClTrace {
        final List<String> launches = new ArrayList<>();
        final List<String> waits = new ArrayList<>();

        @Override
        public synchronized void launched(String kernel) {
            launches.add(kernel);
        }

        @Override
        public synchronized void waited(String what) {
            waits.add(what);
        }

        synchronized void clear() {
            launches.clear();
            waits.clear();
        }
    }

    /** A network, the images it takes, and how many launches a step of it may need. */
    private enum Network {
        LENET(LeNet5::modern, Shape.of(1, 32, 32), 19, 19),
        DIGITS(TinyNets::cnn, Shape.of(1, 8, 8), 15, 15),
        CIFAR(CifarCnn::create, Shape.of(3, 32, 32), 25, 25);

        private final IntFunction<Sequential> network;
        private final Shape image;
        private final Map<KernelShape, Integer> launches;

        Network(IntFunction<Sequential> network, Shape image, int tiled, int vector) {
            this.network = network;
            this.image = image;
            this.launches = Map.of(KernelShape.TILED, tiled, KernelShape.VECTOR, vector);
        }
    }

    private record Noise(Shape imageShape) implements Dataset {

        @Override
        public int size() {
            return STEPS * BATCH;
        }

        @Override
        public int classes() {
            return 10;
        }

        @Override
        public List<String> classNames() {
            return IntStream.range(0, 10).mapToObj(Integer::toString).toList();
        }

        @Override
        public void read(int index, float[] target, int offset) {
            for (int i = 0; i < imageShape.elements(); i++) {
                target[offset + i] = (index * 31 + i * 17) % 101 / 101f;
            }
        }

        @Override
        public int label(int index) {
            return index % 10;
        }
    }

    private static Stream<Arguments> cases() {
        return Stream.of(Network.values())
                .flatMap(network -> Stream.of(KernelShape.values()).map(shape -> Arguments.of(network, shape)));
    }

    /**
     * If the number of launches falls, the bound is to follow. The device is waited for between the steps, so that a
     * ring that is full does not count as a wait within one. Twice a second the trainer reads the losses and predictions
     * of the steps since.
     */
    @ParameterizedTest
    @MethodSource("cases")
    void aStepWaitsForNothing(Network network, KernelShape shape) {
        OpenClRuntime runtime = new OpenClRuntime(
                OpenClDevice.require(),
                shape,
                new OpenClProgramCache(null),
                OpenClRuntime.Limits.of(OpenClDevice.require()));
        try (OpenClBackend backend = new OpenClBackend(runtime)) {
            Device device = Internals.device("opencl, " + shape, backend);
            Notes notes = new Notes();
            runtime.trace(notes);
            Sequential model = network.network.apply(10).initialize(device, new Generator(1));
            Sgd optimizer = new Sgd(model.parameters(), 0.01f).momentum(0.9f);
            List<List<String>> launches = new ArrayList<>();
            List<List<String>> waits = new ArrayList<>();
            long start = System.nanoTime();
            Trainer.of(model, optimizer, device)
                    .evaluateTrainingSet(false)
                    .listener(new TrainingListener() {
                        @Override
                        public void onBatch(BatchEnd batch) {
                            launches.add(List.copyOf(notes.launches));
                            waits.add(List.copyOf(notes.waits));
                            backend.synchronize();
                            notes.clear();
                        }
                    })
                    .fit(DataLoader.of(new Noise(network.image), BATCH), null, 1);
            double halfSeconds = (System.nanoTime() - start) * 2e-9;
            List<String> last = launches.get(STEPS - 1);
            String list = network + ": " + last.size() + " launches with " + shape + " kernels:\n  "
                    + String.join("\n  ", last);
            System.out.println(list);
            Set<String> reads = Set.of("a read of 1 elements", "a read of " + BATCH + " elements");
            int readings = 0;
            for (int step = 1; step < STEPS; step++) {
                assertTrue(reads.containsAll(waits.get(step)), "waits in step " + step + ": " + waits.get(step));
                readings += waits.get(step).isEmpty() ? 0 : 1;
                assertEquals(last, launches.get(step), "launches of step " + step);
            }
            assertTrue(readings <= halfSeconds, readings + " readings in " + halfSeconds + " half seconds");
            assertTrue(last.size() <= network.launches.get(shape), list);
        }
    }
}
