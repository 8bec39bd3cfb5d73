package dev.striate.train;

import static dev.striate.WindowOption.padding;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.IntTensor;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.TestDevices;
import dev.striate.data.DataLoader;
import dev.striate.data.Dataset;
import dev.striate.data.RandomCrop;
import dev.striate.data.RandomHorizontalFlip;
import dev.striate.data.TinyDigits;
import dev.striate.io.Safetensors;
import dev.striate.nn.BatchNorm2d;
import dev.striate.nn.Block;
import dev.striate.nn.Conv2d;
import dev.striate.nn.Dropout;
import dev.striate.nn.Flatten;
import dev.striate.nn.Linear;
import dev.striate.nn.MaxPool2d;
import dev.striate.nn.Relu;
import dev.striate.nn.Sequential;
import dev.striate.optim.Adam;
import dev.striate.optim.AdamW;
import dev.striate.optim.OneCycleSchedule;
import dev.striate.optim.Optimizer;
import dev.striate.optim.Sgd;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** A training that ends somewhere and goes on in new objects comes to what it would have come to, bit by bit. */
class ResumeTest {

    private static final long SEED = 5;
    private static final int BATCH_SIZE = 64;
    /** 200 images: three batches of 64 and one of 8. */
    private static final int STEPS = 4;

    private static final int EPOCHS = 4;

    @TempDir
    private Path directory;

    /** Where a training is interrupted. */
    private enum Place {
        BEFORE_THE_FIRST_STEP,
        AFTER_A_STEP,
        AFTER_THE_LAST_STEP_OF_AN_EPOCH,
        IN_AN_EVALUATION,
        AFTER_AN_EPOCH,
        AFTER_THE_LAST_EPOCH
    }

    /** Interrupts in the given epoch, or after it. */
    private static final class Interrupter implements TrainingListener {

        private final StopSwitch target;
        private final Place place;
        private final int epoch;
        private int current;
        private int step;

        Interrupter(StopSwitch target, Place place, int epoch) {
            this.target = target;
            this.place = place;
            this.epoch = epoch;
        }

        private void request(boolean condition) {
            if (condition) {
                target.request();
            }
        }

        @Override
        public void onStart(TrainingStart start) {
            request(place == Place.BEFORE_THE_FIRST_STEP);
        }

        @Override
        public void onBatch(BatchEnd batch) {
            current = batch.epoch();
            step = batch.step();
            request(current == epoch
                    && (place == Place.AFTER_A_STEP && step == 2
                            || place == Place.AFTER_THE_LAST_STEP_OF_AN_EPOCH && step == STEPS));
        }

        @Override
        public void onEpoch(EpochEnd end) {
            request(place == Place.AFTER_AN_EPOCH && end.epoch() == epoch
                    || place == Place.AFTER_THE_LAST_EPOCH && end.epoch() == EPOCHS);
        }

        /** Of the test set, when it is read. */
        void onTestImage() {
            request(place == Place.IN_AN_EVALUATION && current == epoch && step == STEPS);
        }
    }

    /**
     * How a training is set up.
     *
     * @param everything whether to use all that a trainer can do besides: two batches per step, averaged weights, the
     *     best weights, a loss and a metric of its own
     */
    private record Setup(Function<Map<String, Tensor>, Optimizer> optimizer, boolean everything) {}

    private static final Setup ADAM = new Setup(parameters -> new Adam(parameters, 0.01f), false);
    private static final Setup MOMENTUM =
            new Setup(parameters -> new Sgd(parameters, 0.05f).momentum(0.9f).nesterov(true), false);
    private static final Setup EVERYTHING = new Setup(parameters -> new Adam(parameters, 0.01f), true);

    /** All that a training needs, made anew for each part of it. */
    private static final class Training implements AutoCloseable {

        final Generator generator = new Generator(SEED);
        final Sequential net = new Sequential(
                new Conv2d(1, 4, 3, padding(1)),
                new BatchNorm2d(4),
                new Relu(),
                new MaxPool2d(2),
                new Flatten(),
                new Dropout(0.3f),
                new Linear(64, 20),
                new Relu(),
                new Dropout(0.2f),
                new Linear(20, 10));
        final Optimizer optimizer;
        final DataLoader train;
        final DataLoader test = DataLoader.of(TinyDigits.test(), 70).shuffle(2).prefetch(0);
        final StopSwitch stop = new StopSwitch();
        final Trainer trainer;

        Training(Device device, Setup setup) {
            net.initialize(device, generator);
            optimizer = setup.optimizer.apply(net.parameters());
            train = DataLoader.of(TinyDigits.test(), setup.everything ? BATCH_SIZE / 2 : BATCH_SIZE)
                    .shuffle(SEED)
                    .transform(new RandomCrop(1), new RandomHorizontalFlip(0.5f));
            trainer = Trainer.of(net, optimizer, device)
                    .schedule(new OneCycleSchedule(0.02f, EPOCHS * STEPS))
                    .clipGradNorm(1)
                    .labelSmoothing(0.1f);
            if (setup.everything) {
                trainer.accumulate(2)
                        .averageWeights(0.8f)
                        // The lowest accuracy is the best, so that it is that of an early epoch.
                        .keepBest(Monitor.lowest("hits"))
                        .labelLoss((logits, labels) -> logits.logSoftmax(1).nll(labels))
                        .labelMetric("hits", ResumeTest::hits);
            }
        }

        Training interruptAt(Place place, int epoch) {
            Interrupter interrupter = new Interrupter(stop, place, epoch);
            test.transform((images, offset, shape, draws) -> interrupter.onTestImage());
            trainer.listener(interrupter).listener(stop);
            return this;
        }

        TrainingResult fit() {
            return trainer.fit(train, test, EPOCHS);
        }

        Map<String, float[]> tensors() {
            Map<String, float[]> all = new LinkedHashMap<>();
            net.state().forEach((name, tensor) -> all.put(name, tensor.toFloatArray()));
            optimizer.state().forEach((name, tensor) -> all.put(name, tensor.toFloatArray()));
            all.put("learning rate", new float[] {optimizer.learningRate()});
            return all;
        }

        @Override
        public void close() {
            optimizer.close();
            net.close();
        }
    }

    private static Tensor hits(Tensor logits, IntTensor labels) {
        return logits.argmax(1).oneHot(10).mul(labels.oneHot(10)).sum(1).mean();
    }

    /** What a whole training came to, without times. */
    private record Outcome(
            Map<String, float[]> tensors,
            long steps,
            long stream,
            int epoch,
            List<String> history,
            Evaluation train,
            Evaluation test,
            int weightsOfEpoch,
            StepCurve curve) {

        static Outcome of(Training training, TrainingResult result) {
            return new Outcome(
                    training.tensors(),
                    training.optimizer.steps(),
                    training.generator.stream(),
                    training.train.epoch(),
                    result.epochs().stream().map(Outcome::line).toList(),
                    assertNotNullEvaluation(result.train()),
                    assertNotNullEvaluation(result.validation()),
                    result.epoch(),
                    result.curve());
        }

        private static Evaluation assertNotNullEvaluation(Evaluation evaluation) {
            assertNotNull(evaluation);
            return evaluation;
        }

        private static String line(EpochEnd e) {
            assertTrue(e.seconds() > 0);
            assertEquals(e.images() / e.seconds(), e.samplesPerSecond());
            return e.epoch() + "/" + e.epochs() + " " + e.images() + " " + e.trainLoss() + " " + e.trainAccuracy() + " "
                    + e.validationLoss() + " " + e.validationAccuracy() + " "
                    + Arrays.deepToString(e.validation().confusion()) + " "
                    + e.learningRate() + " " + e.trainMetrics() + " "
                    + e.validation().metrics();
        }

        void assertSame(Outcome other) {
            assertEquals(history, other.history);
            assertEquals(tensors.keySet(), other.tensors.keySet());
            tensors.forEach((name, values) -> assertArrayEquals(values, other.tensors.get(name), name));
            assertEquals(steps, other.steps);
            assertEquals(stream, other.stream);
            assertEquals(epoch, other.epoch);
            assertEquals(train.loss(), other.train.loss());
            assertArrayEquals(train.predictions(), other.train.predictions());
            assertEquals(test.loss(), other.test.loss());
            assertArrayEquals(test.predictions(), other.test.predictions());
            assertEquals(test.metrics(), other.test.metrics());
            assertEquals(weightsOfEpoch, other.weightsOfEpoch);
            assertEquals(steps, curve.losses().length);
            assertArrayEquals(curve.losses(), other.curve.losses());
            assertArrayEquals(curve.learningRates(), other.curve.learningRates());
        }
    }

    private static Outcome straight(Device device, Setup setup) {
        try (Training training = new Training(device, setup)) {
            return Outcome.of(training, training.fit());
        }
    }

    /** Trains up to the place, and writes a checkpoint there. */
    private Path interrupted(Device device, Setup setup, Place place, int epoch, Path from) {
        Path file = directory.resolve(place + "-" + epoch + ".safetensors");
        try (Training training = new Training(device, setup)) {
            if (from != null) {
                training.trainer.resume(Checkpoint.read(from));
            }
            training.trainer.listener(new TrainingListener() {
                private Checkpoint.Saver saver;

                @Override
                public void onStart(TrainingStart start) {
                    saver = start.checkpoints();
                }

                @Override
                public void onEnd(TrainingResult result) {
                    saver.save(file, Map.of("place", place.name()));
                }
            });
            TrainingResult result = training.interruptAt(place, epoch).fit();
            assertTrue(result.interrupted());
            assertNull(result.train());
            assertEquals(Map.of("place", place.name()), Checkpoint.read(file).metadata());
            assertEquals(result.epochs().size(), Checkpoint.read(file).history().size());
        }
        return file;
    }

    private static Outcome resumed(Device device, Setup setup, Path file) {
        try (Training training = new Training(device, setup)) {
            training.trainer.resume(Checkpoint.read(file));
            return Outcome.of(training, training.fit());
        }
    }

    @TestFactory
    Stream<DynamicTest> adamGoesOnFromEveryKindOfPlace() {
        return onEachDevice(device -> {
            Outcome whole = straight(device, ADAM);
            for (Place place : Place.values()) {
                whole.assertSame(resumed(device, ADAM, interrupted(device, ADAM, place, 2, null)));
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> everythingGoesOnFromEveryKindOfPlace() {
        return onEachDevice(device -> {
            Outcome whole = straight(device, EVERYTHING);
            assertTrue(whole.weightsOfEpoch < EPOCHS, whole.history::toString);
            for (Place place : Place.values()) {
                whole.assertSame(resumed(device, EVERYTHING, interrupted(device, EVERYTHING, place, 2, null)));
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> momentumGoesOnAfterTwoInterrupts() {
        return onEachDevice(device -> {
            Path first = interrupted(device, MOMENTUM, Place.AFTER_A_STEP, 1, null);
            Path second = interrupted(device, MOMENTUM, Place.AFTER_A_STEP, 3, first);
            straight(device, MOMENTUM).assertSame(resumed(device, MOMENTUM, second));
        });
    }

    /** Its first layer is frozen during the first epoch and counts its steps from then on. */
    @TestFactory
    Stream<DynamicTest> aThawedLayerGoesOn() {
        return onEachDevice(device -> {
            Function<Training, Training> thawing = training -> {
                training.trainer.listener(new TrainingListener() {
                    @Override
                    public void onStart(TrainingStart start) {
                        thaw(start.history().size() > 0);
                    }

                    @Override
                    public void onEpoch(EpochEnd epoch) {
                        thaw(true);
                    }

                    private void thaw(boolean wanted) {
                        training.net.parameters().get("0.weight").requiresGrad(wanted);
                    }
                });
                return training;
            };
            Path file = directory.resolve("thawed.safetensors");
            try (Training whole = thawing.apply(new Training(device, ADAM));
                    Training first = thawing.apply(new Training(device, ADAM));
                    Training second = thawing.apply(new Training(device, ADAM));
                    Training old = thawing.apply(new Training(device, ADAM))) {
                first.trainer.listener(new CheckpointWriter(file, Map.of()));
                first.interruptAt(Place.AFTER_A_STEP, 2).fit();
                assertEquals(2, first.optimizer.parameterSteps().get("0.weight"));
                assertEquals(STEPS + 2, first.optimizer.parameterSteps().get("0.bias"));
                second.trainer.resume(Checkpoint.read(file));
                Outcome.of(whole, whole.fit()).assertSame(Outcome.of(second, second.fit()));
                assertEquals(
                        (EPOCHS - 1) * STEPS, second.optimizer.parameterSteps().get("0.weight"));
                assertEquals(whole.optimizer.parameterSteps(), second.optimizer.parameterSteps());

                // As older versions wrote it, of a layer that is still frozen: without the numbers of the parameters.
                Map<String, String> texts = new LinkedHashMap<>(Safetensors.readMetadata(file));
                texts.keySet().removeIf(key -> key.startsWith("striate.optimizer_steps."));
                texts.remove("striate.checkpoint_sha256");
                Map<String, Tensor> tensors = Safetensors.read(file, device);
                tensors.get("optimizer.adam.m.0.weight").fill(0);
                tensors.get("optimizer.adam.v.0.weight").fill(0);
                Safetensors.write(file, tensors, texts);
                tensors.values().forEach(Tensor::close);
                old.trainer.resume(Checkpoint.read(file));
                old.stop.request();
                old.trainer.listener(old.stop);
                old.fit();
                assertEquals(0, old.optimizer.parameterSteps().get("0.weight"));
                assertEquals(STEPS + 2, old.optimizer.parameterSteps().get("0.bias"));
                assertEquals(first.optimizer.steps(), old.optimizer.steps());
            }
        });
    }

    @Test
    void aLoaderThatDropsTheLastBatchGoesOn() {
        Device device = Device.cpu();
        Path file = directory.resolve("dropped.safetensors");
        try (Training whole = new Training(device, ADAM);
                Training first = new Training(device, ADAM);
                Training second = new Training(device, ADAM);
                Training other = new Training(device, ADAM)) {
            for (Training training : List.of(whole, first, second)) {
                training.train.dropLast(true);
            }
            Outcome expected = Outcome.of(whole, whole.fit());
            assertEquals(EPOCHS * (STEPS - 1), whole.optimizer.steps());
            first.trainer.listener(new CheckpointWriter(file, Map.of()));
            first.interruptAt(Place.AFTER_A_STEP, 2).fit();
            Checkpoint checkpoint = Checkpoint.read(file);
            assertEquals("in epoch 2 after step 2 of 3", checkpoint.inWords());
            assertTrue(checkpoint.dropsLast());
            second.trainer.resume(checkpoint);
            expected.assertSame(Outcome.of(second, second.fit()));
            refused(
                    "cannot resume from " + file + ": whether the loader drops the last batch was true and is false",
                    checkpoint,
                    other,
                    Training::fit);
        }
    }

    @Test
    void momentsOfAnEpochAreInWords() {
        Device device = Device.cpu();
        Checkpoint within = Checkpoint.read(interrupted(device, ADAM, Place.AFTER_A_STEP, 3, null));
        assertEquals("in epoch 3 after step 2 of 4", within.inWords());
        assertEquals(2, within.step());
        assertEquals("adam", within.optimizer());
        assertEquals(
                "after epoch 2",
                Checkpoint.read(interrupted(device, ADAM, Place.AFTER_AN_EPOCH, 2, null))
                        .inWords());
    }

    /** A checkpoint is a model file. */
    @Test
    void weightsAloneAreLoaded() {
        Device device = Device.cpu();
        Path file = interrupted(device, ADAM, Place.AFTER_A_STEP, 2, null);
        try (Training trained = new Training(device, ADAM);
                Training other = new Training(device, ADAM)) {
            Map<String, float[]> fresh = other.tensors();
            trained.interruptAt(Place.AFTER_A_STEP, 2).fit();
            assertEquals("AFTER_A_STEP", other.net.load(file).get("place"));
            trained.net
                    .state()
                    .forEach((name, tensor) -> assertArrayEquals(
                            tensor.toFloatArray(), other.tensors().get(name), name));
            assertArrayEquals(fresh.get("adam.m.0.weight"), other.tensors().get("adam.m.0.weight"));
        }
    }

    // ---- What does not fit

    @Test
    void whatDoesNotFitIsNamedAndChangesNothing() {
        Device device = Device.cpu();
        Path file = interrupted(device, ADAM, Place.AFTER_A_STEP, 2, null);
        Checkpoint checkpoint = Checkpoint.read(file);
        String start = "cannot resume from " + file + ": ";

        refused(
                start + "the optimiser was adam and is adamw",
                checkpoint,
                new Training(device, new Setup(parameters -> new AdamW(parameters, 1), false)),
                Training::fit);
        refused(
                start + "the batch size was 64 and is 32",
                checkpoint,
                new Training(device, ADAM),
                training -> training.trainer.fit(
                        DataLoader.of(TinyDigits.test(), 32).shuffle(SEED), null, EPOCHS));
        refused(
                start + "the number of training images was 200 and is 1000",
                checkpoint,
                new Training(device, ADAM),
                training -> training.trainer.fit(
                        DataLoader.of(TinyDigits.train(), 64).shuffle(SEED), null, EPOCHS));
        refused(
                start + "the loader's seed was 5 and is 6",
                checkpoint,
                new Training(device, ADAM),
                training -> training.trainer.fit(
                        DataLoader.of(TinyDigits.test(), 64).shuffle(6), null, EPOCHS));
        refused(
                start + "whether the loader shuffles was true and is false",
                checkpoint,
                new Training(device, ADAM),
                training -> training.trainer.fit(
                        DataLoader.of(TinyDigits.test(), 64).seed(5), null, EPOCHS));
        refused(
                start + "the number of accumulated batches was 1 and is 3",
                checkpoint,
                new Training(device, ADAM),
                training -> training.trainer.accumulate(3).fit(training.train, training.test, EPOCHS));
        refused(
                start + "the decay of averaged weights was 0.0 and is 0.5",
                checkpoint,
                new Training(device, ADAM),
                training -> training.trainer.averageWeights(0.5f).fit(training.train, training.test, EPOCHS));
        refused(
                start + "it is in epoch 2 after step 2 of 4, and 1 epochs are wanted in all",
                checkpoint,
                new Training(device, ADAM),
                training -> training.trainer.fit(training.train, training.test, 1));
    }

    private static void refused(String reason, Checkpoint checkpoint, Training training, Consumer<Training> fit) {
        try (training) {
            Map<String, float[]> before = training.tensors();
            training.trainer.resume(checkpoint);
            StriateException e = assertThrows(StriateException.class, () -> fit.accept(training));
            assertTrue(e.getMessage().startsWith(reason), e.getMessage());
            Map<String, float[]> after = training.tensors();
            before.forEach((name, values) -> assertArrayEquals(values, after.get(name), name));
            assertEquals(0, training.optimizer.steps());
            assertEquals(0, training.train.epoch());
        }
    }

    @Test
    void anotherModelIsRefused() {
        Device device = Device.cpu();
        Path file = interrupted(device, ADAM, Place.AFTER_A_STEP, 2, null);
        Dataset set = TinyDigits.test();
        for (Block other : List.of(
                new Sequential(new Flatten(), new Linear(64, 10)),
                new Sequential(
                        new Conv2d(1, 4, 5, padding(2)),
                        new BatchNorm2d(4),
                        new Relu(),
                        new MaxPool2d(2),
                        new Flatten(),
                        new Dropout(0.3f),
                        new Linear(64, 20),
                        new Relu(),
                        new Dropout(0.2f),
                        new Linear(20, 10)))) {
            try (other;
                    Adam adam = new Adam(
                            other.initialize(device, new Generator(SEED)).parameters(), 0.1f)) {
                Trainer trainer = Trainer.of(other, adam, device).resume(Checkpoint.read(file));
                StriateException e = assertThrows(
                        StriateException.class,
                        () -> trainer.fit(DataLoader.of(set, BATCH_SIZE).shuffle(SEED), null, EPOCHS));
                assertTrue(
                        e.getMessage()
                                .contains(
                                        other.children().size() == 2
                                                ? "the list of random generators in the model was [5.generator, 8.generator] and is []"
                                                : "0.weight has the shape (4, 1, 3, 3) in the file and (4, 1, 5, 5) in the network"),
                        e.getMessage());
                assertEquals(0, adam.steps());
            }
        }
    }

    @Test
    void plainWeightsAreNoCheckpoint() {
        Path file = directory.resolve("plain.safetensors");
        try (Training training = new Training(Device.cpu(), ADAM)) {
            training.net.save(file, Map.of("model", "x"));
        }
        StriateException e = assertThrows(StriateException.class, () -> Checkpoint.read(file));
        assertTrue(e.getMessage().startsWith(file + " contains weights but no training state"), e.getMessage());
    }

    @Test
    void seedOfTheModelCounts() {
        Device device = Device.cpu();
        Path file = interrupted(device, ADAM, Place.AFTER_A_STEP, 2, null);
        try (Training training = new Training(device, ADAM)) {
            training.net.initialize(device, new Generator(99));
            try (Adam adam = new Adam(training.net.parameters(), 0.1f)) {
                Trainer trainer = Trainer.of(training.net, adam, device).resume(Checkpoint.read(file));
                StriateException e =
                        assertThrows(StriateException.class, () -> trainer.fit(training.train, null, EPOCHS));
                assertTrue(e.getMessage().contains("the seed of 5.generator was 5 and is 99"), e.getMessage());
            }
        }
        assertFalse(Checkpoint.read(file).history().isEmpty());
    }

    private static Stream<DynamicTest> onEachDevice(Consumer<Device> test) {
        return TestDevices.all().stream().map(device -> dynamicTest(device.name(), () -> test.accept(device.get())));
    }
}
