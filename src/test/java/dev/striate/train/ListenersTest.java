package dev.striate.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.StriateException;
import dev.striate.data.DataLoader;
import dev.striate.data.TinyDigits;
import dev.striate.nn.Block;
import dev.striate.nn.Flatten;
import dev.striate.nn.Linear;
import dev.striate.nn.Sequential;
import dev.striate.optim.Sgd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What listeners do to a training, and what the ready-made ones are for. */
class ListenersTest {

    private static final Device DEVICE = Device.cpu(1);
    private static final int STEPS = 4;

    @TempDir
    private Path directory;

    private final Sequential net =
            new Sequential(new Flatten(), new Linear(64, 10)).initialize(DEVICE, new Generator(1));
    private final Sgd optimizer = new Sgd(net.parameters(), 0.1f);
    private final Trainer trainer = Trainer.of(net, optimizer, DEVICE);
    private final DataLoader train = DataLoader.of(TinyDigits.test(), 50);
    private final DataLoader test = DataLoader.of(TinyDigits.test(), 100);

    @AfterEach
    void close() {
        optimizer.close();
        net.close();
    }

    private static EpochEnd epoch(int number, double testLoss, int correct) {
        Evaluation test = new Evaluation(testLoss, new int[0], new int[][] {{correct, 100 - correct}, {0, 0}});
        return new EpochEnd(number, 99, 10, 1, 0.5, Map.of(), test, 0.1f, 2, 5);
    }

    private static TrainingStart start(Block model, int testImages, List<EpochEnd> history, Checkpoint.Saver saver) {
        return new TrainingStart(model, DEVICE, 99, STEPS, 200, testImages, history, 0, saver);
    }

    // ---- Interrupts

    @Test
    void aSwitchInterruptsWithoutEvaluation() {
        StopSwitch stop = new StopSwitch();
        TrainingResult result = trainer.listener(stop)
                .listener(new TrainingListener() {
                    @Override
                    public void onBatch(BatchEnd batch) {
                        if (batch.epoch() == 2 && batch.step() == 3) {
                            stop.request();
                        }
                    }
                })
                .fit(train, test, 5);
        assertEquals(new Stop(Stop.Kind.INTERRUPT, "interrupted in epoch 2 after step 3 of 4"), result.stop());
        assertTrue(result.stopped() && result.interrupted());
        assertEquals(7, optimizer.steps());
        assertEquals(1, result.epochs().size());
        assertNull(result.train());
        assertEquals(result.epochs().get(0).trainLoss(), result.trainLoss());
        assertEquals(result.epochs().get(0).validationAccuracy(), result.validationAccuracy());
        assertTrue(result.seconds() > result.epochs().get(0).seconds());
        assertEquals(1, test.epoch(), "evaluations of the test set");
        assertTrue(net.isTraining());
    }

    @Test
    void aSwitchThatWasThrownBeforeLetsNoStepBeMade() {
        StopSwitch stop = new StopSwitch();
        stop.request();
        TrainingResult result = trainer.listener(stop).fit(train, test, 5);
        assertEquals("interrupted before the first step", result.stop().reason());
        assertEquals(0, optimizer.steps());
        assertEquals(List.of(), result.epochs());
        assertNull(result.validation());
        assertTrue(Double.isNaN(result.trainLoss()));
        assertTrue(Double.isNaN(result.trainAccuracy()));
    }

    @Test
    void anInterruptComesBeforeAnEarlyStop() {
        TrainingListener early = new TrainingListener() {
            @Override
            public Stop stop() {
                return Stop.early("enough");
            }
        };
        StopSwitch stop = new StopSwitch();
        stop.request();
        assertTrue(trainer.listener(early).listener(stop).fit(train, test, 5).interrupted());
    }

    // ---- Listeners that fail

    private static final class Failing implements TrainingListener {

        final String at;
        final List<String> log = new ArrayList<>();
        final RuntimeException failure;

        Failing(String at) {
            this.at = at;
            this.failure = new IllegalStateException("failed at " + at);
        }

        private void call(String event) {
            log.add(event);
            if (event.equals(at)) {
                throw failure;
            }
        }

        @Override
        public void onStart(TrainingStart start) {
            call("start");
        }

        @Override
        public void onBatch(BatchEnd batch) {
            call("batch");
        }

        @Override
        public void onEpoch(EpochEnd epoch) {
            call("epoch");
        }

        @Override
        public void onEnd(TrainingResult result) {
            call("end");
        }

        @Override
        public @Nullable Stop stop() {
            call("stop");
            return null;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"start", "batch", "epoch", "end", "stop"})
    void oneThatFailsLeavesTheOthersTheirEnd(String at) {
        Failing first = new Failing("never");
        Failing failing = new Failing(at);
        List<TrainingResult> results = new ArrayList<>();
        TrainingListener last = new TrainingListener() {
            @Override
            public void onEnd(TrainingResult result) {
                results.add(result);
            }
        };
        net.eval();
        trainer.listener(first).listener(failing).listener(last);
        assertSame(failing.failure, assertThrows(IllegalStateException.class, () -> trainer.fit(train, test, 2)));
        assertFalse(net.isTraining());
        assertEquals("end", first.log.get(first.log.size() - 1));
        assertEquals(at, failing.log.get(failing.log.size() - 1), "told nothing more");
        assertEquals(1, results.size());
        Stop stop = results.get(0).stop();
        assertEquals(
                at.equals("end")
                        ? null
                        : new Stop(
                                Stop.Kind.FAILURE,
                                "a listener failed: java.lang.IllegalStateException: failed at " + at),
                stop);
    }

    @Test
    void furtherFailuresAreSuppressed() {
        Failing first = new Failing("batch");
        Failing second = new Failing("end");
        trainer.listener(first).listener(second);
        RuntimeException thrown = assertThrows(IllegalStateException.class, () -> trainer.fit(train, null, 1));
        assertSame(first.failure, thrown);
        assertEquals(List.of(second.failure), List.of(thrown.getSuppressed()));
        assertEquals(1, optimizer.steps());
    }

    // ---- Checkpoints

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void everyEpochIsWrittenAndTheBestKept() throws IOException {
        List<String> saved = new ArrayList<>();
        Checkpoint.Saver saver = (file, metadata) -> saved.add(file + " " + metadata);
        CheckpointWriter writer =
                new CheckpointWriter(Path.of("last"), Map.of("a", "b")).best(directory.resolve("best"));
        String best = directory.resolve("best") + " {a=b}";
        writer.onStart(start(net, 100, List.of(), saver));
        writer.onEpoch(epoch(1, 1, 50));
        assertEquals(List.of(best, "last {a=b}"), saved);
        saved.clear();
        writer.onEpoch(epoch(2, 1, 40));
        writer.onEpoch(epoch(3, 1, 50));
        assertEquals(List.of("last {a=b}", "last {a=b}"), saved, "of two equal ones the earlier");
        saved.clear();
        writer.onEpoch(epoch(4, 1, 51));
        assertEquals(List.of(best, "last {a=b}"), saved);

        // Resumed: the best before counts if it is there.
        saved.clear();
        List<EpochEnd> history = List.of(epoch(1, 1, 50), epoch(2, 1, 40));
        writer.onStart(start(net, 100, history, saver));
        writer.onEpoch(epoch(3, 1, 45));
        assertEquals(List.of(best, "last {a=b}"), saved);
        saved.clear();
        Files.createFile(directory.resolve("best"));
        writer.onStart(start(net, 100, history, saver));
        writer.onEpoch(epoch(3, 1, 45));
        assertEquals(List.of("last {a=b}"), saved);
    }

    @Test
    void theBestNeedsATestSet() {
        CheckpointWriter writer =
                new CheckpointWriter(directory.resolve("last"), Map.of()).best(directory.resolve("best"));
        assertThrows(StriateException.class, () -> trainer.listener(writer).fit(train, null, 1));
        assertEquals(0, optimizer.steps());
    }

    @Test
    void anInterruptIsWrittenWhereItCame() throws IOException {
        Path file = directory.resolve("last.safetensors");
        StopSwitch stop = new StopSwitch();
        trainer.listener(new CheckpointWriter(file, Map.of("model", "net")))
                .listener(stop)
                .listener(new TrainingListener() {
                    @Override
                    public void onBatch(BatchEnd batch) {
                        stop.request();
                    }
                })
                .fit(train, test, 3);
        Checkpoint written = Checkpoint.read(file);
        assertEquals(1, written.step());
        assertEquals(Map.of("model", "net"), written.metadata());
        assertEquals(List.of("last.safetensors"), names());
    }

    /** The NaN is noticed where a listener saves; that this one fails makes the other save, too. */
    @Test
    void aLossThatIsNoNumberStaysAnErrorWhateverAListenerMakesOfIt() {
        Path file = directory.resolve("last.safetensors");
        trainer.listener(new CheckpointWriter(file, Map.of())).listener(new TrainingListener() {
            private Checkpoint.Saver saver;

            @Override
            public void onStart(TrainingStart start) {
                saver = start.checkpoints();
            }

            @Override
            public void onBatch(BatchEnd batch) {
                if (batch.epoch() == 2 && batch.step() == 2) {
                    net.parameters().get("1.weight").detach().fill(Float.NaN);
                }
                if (batch.epoch() == 2 && batch.step() == 3) {
                    saver.save(directory.resolve("other.safetensors"), Map.of());
                }
            }
        });
        StriateException e = assertThrows(StriateException.class, () -> trainer.fit(train, test, 3));
        assertTrue(e.getMessage().startsWith("the loss became NaN in epoch 2, step 3, "), e.getMessage());
        assertEquals("after epoch 1", Checkpoint.read(file).inWords());
    }

    /**
     * One step after a harmless loss makes the weights infinite: the last of its epoch, or the last before an
     * interrupt.
     */
    @ParameterizedTest
    @ValueSource(ints = {3, STEPS})
    void weightsThatAreInfiniteReplaceNoCheckpoint(int step) throws IOException {
        Path file = directory.resolve("last.safetensors");
        StopSwitch stop = new StopSwitch();
        net.parameters().get("1.weight").detach().fill(1e30f);
        optimizer.weightDecay(1);
        trainer.schedule(done -> done == STEPS + step - 1 ? Float.MAX_VALUE : 0)
                .listener(new CheckpointWriter(file, Map.of()).best(directory.resolve("best.safetensors")))
                .listener(stop)
                .listener(new TrainingListener() {
                    @Override
                    public void onBatch(BatchEnd batch) {
                        if (batch.epoch() == 2 && batch.step() == step && step < STEPS) {
                            stop.request();
                        }
                    }
                });
        StriateException e = assertThrows(StriateException.class, () -> trainer.fit(train, test, 3));
        assertTrue(
                e.getMessage().contains(step < STEPS ? "in epoch 2 after step 3 of 4, 1." : "after epoch 2, 1."),
                e.getMessage());
        assertEquals("after epoch 1", Checkpoint.read(file).inWords());
        assertEquals(List.of("best.safetensors", "last.safetensors"), names());
    }

    @Test
    void theBestSurvivesEpochsWithoutATestSet() throws IOException {
        List<String> saved = new ArrayList<>();
        CheckpointWriter writer = new CheckpointWriter(Path.of("last"), Map.of()).best(directory.resolve("best"));
        Files.createFile(directory.resolve("best"));
        List<EpochEnd> history = List.of(epoch(1, 1, 50), new EpochEnd(2, 99, 10, 1, 0.5, Map.of(), null, 0.1f, 2, 5));
        writer.onStart(start(
                net,
                100,
                history,
                (file, metadata) -> saved.add(file.getFileName().toString())));
        writer.onEpoch(epoch(3, 1, 50));
        writer.onEpoch(epoch(4, 1, 51));
        assertEquals(List.of("last", "best", "last"), saved);
    }

    @Test
    void freshWeightsReplaceNoCheckpoint() throws IOException {
        Path file = directory.resolve("last.safetensors");
        StopSwitch stop = new StopSwitch();
        stop.request();
        trainer.listener(new CheckpointWriter(file, Map.of())).listener(stop).fit(train, test, 3);
        assertEquals(List.of(), names());
    }

    @Test
    void keysOfTheCheckpointsOwnAreRefused() {
        trainer.listener(new CheckpointWriter(directory.resolve("last"), Map.of("striate.epoch", "7")));
        StriateException e = assertThrows(StriateException.class, () -> trainer.fit(train, null, 1));
        assertTrue(e.getMessage().contains("striate.epoch"), e.getMessage());
    }

    @Test
    void aPartNamedOptimizerIsRefused() {
        Sequential odd = Sequential.builder()
                .add("flatten", new Flatten())
                .add("optimizer", new Linear(64, 10))
                .build();
        try (odd;
                Sgd sgd = new Sgd(odd.initialize(DEVICE, new Generator(1)).parameters(), 0.1f)) {
            Trainer own =
                    Trainer.of(odd, sgd, DEVICE).listener(new CheckpointWriter(directory.resolve("last"), Map.of()));
            StriateException e = assertThrows(StriateException.class, () -> own.fit(train, null, 1));
            assertTrue(e.getMessage().contains("optimizer.weight"), e.getMessage());
        }
    }

    // ---- Early stopping

    private static List<String> stops(EarlyStopping stopping, List<EpochEnd> history, EpochEnd... epochs) {
        stopping.onStart(start(new Flatten(), 100, history, (file, metadata) -> {}));
        List<String> stops = new ArrayList<>();
        for (EpochEnd epoch : epochs) {
            stopping.onEpoch(epoch);
            Stop stop = stopping.stop();
            stops.add(stop == null ? "go on" : stop.reason());
        }
        return stops;
    }

    @Test
    void stopsWhenTheLossFallsNoMore() {
        assertEquals(
                List.of(
                        "go on",
                        "go on",
                        "go on",
                        "no better validation loss for 2 epochs, the best was 0.9000 in epoch 2"),
                stops(
                        EarlyStopping.byValidationLoss(2),
                        List.of(),
                        epoch(1, 1, 0),
                        epoch(2, 0.9, 0),
                        epoch(3, 0.9, 99),
                        epoch(4, 0.95, 99)));
        assertEquals(
                List.of("go on", "go on", "no better validation loss for 2 epochs, the best was 1.0000 in epoch 1"),
                stops(
                        EarlyStopping.byValidationLoss(2).leastImprovement(0.2),
                        List.of(),
                        epoch(1, 1, 0),
                        epoch(2, 0.9, 0),
                        epoch(3, 0.81, 0)));
        assertEquals(
                List.of("go on", "the validation loss was not a number for 2 epochs"),
                stops(EarlyStopping.byValidationLoss(2), List.of(), epoch(1, Double.NaN, 0), epoch(2, Double.NaN, 0)));
    }

    @Test
    void stopsWhenTheAccuracyRisesNoMore() {
        assertEquals(
                List.of("go on", "go on", "no better validation accuracy for 1 epoch, the best was 0.6000 in epoch 2"),
                stops(
                        EarlyStopping.byValidationAccuracy(1),
                        List.of(),
                        epoch(1, 1, 50),
                        epoch(2, 1, 60),
                        epoch(3, 0, 60)));
    }

    @Test
    void epochsBeforeItWasResumedCount() {
        assertEquals(
                List.of("no better validation loss for 2 epochs, the best was 1.0000 in epoch 1"),
                stops(EarlyStopping.byValidationLoss(2), List.of(epoch(1, 1, 0), epoch(2, 1, 0)), epoch(3, 1, 0)));
    }

    /** At a learning rate of 0 nothing improves. */
    @Test
    void anEarlyStopIsEvaluatedAndSaysWhy() {
        optimizer.learningRate(0);
        TrainingResult result =
                trainer.listener(EarlyStopping.byValidationLoss(2)).fit(train, test, 9);
        assertEquals(3, result.epochs().size());
        assertEquals(Stop.Kind.EARLY, result.stop().kind());
        assertFalse(result.interrupted());
        assertEquals(200, result.train().total());
        assertThrows(
                StriateException.class,
                () -> Trainer.of(net, optimizer, DEVICE)
                        .listener(EarlyStopping.byValidationLoss(2))
                        .fit(train, null, 9));
        assertThrows(StriateException.class, () -> EarlyStopping.byValidationLoss(0));
        assertThrows(
                StriateException.class, () -> EarlyStopping.byValidationLoss(1).leastImprovement(-1));
    }

    // ---- Records

    @Test
    void historyIsALinePerEpoch() throws IOException {
        Path file = directory.resolve("history.csv");
        HistoryCsv.write(
                file,
                List.of(
                        new EpochEnd(1, 2, 10, 1.25, 0.5, Map.of(), null, 0.1f, 2, 5),
                        new EpochEnd(
                                2,
                                2,
                                10,
                                Double.POSITIVE_INFINITY,
                                0.5,
                                Map.of(),
                                epoch(1, 0.75, 25).validation(),
                                1e-5f,
                                2,
                                5)));
        assertEquals("""
                epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,learning_rate,seconds,samples_per_second
                1,1.250000,0.500000,,,0.100000,2.000,5.0
                2,,0.500000,0.750000,0.250000,1.00000e-05,2.000,5.0
                """, Files.readString(file));
        assertEquals(List.of("history.csv"), names());
    }

    @Test
    void historyInACheckpointKeepsItsBits() throws IOException {
        List<EpochEnd> epochs = List.of(
                new EpochEnd(
                        1,
                        2,
                        10,
                        0.1 + 0.2,
                        Math.nextUp(0.5),
                        Map.of(),
                        null,
                        Math.nextUp(0.1f),
                        1e-300,
                        Double.MIN_VALUE),
                new EpochEnd(
                        2,
                        2,
                        10,
                        Double.NaN,
                        0.5,
                        Map.of(),
                        epoch(2, Double.NEGATIVE_INFINITY, 25).validation(),
                        0,
                        2,
                        Double.POSITIVE_INFINITY));
        List<EpochEnd> read = HistoryJson.read(HistoryJson.write(epochs));
        assertEquals(epochs.get(0), read.get(0));
        assertEquals(epochs.get(1).toString(), read.get(1).toString());
        assertEquals(0.25, read.get(1).validationAccuracy());
    }

    /** A matrix per epoch would soon be more than a file's header can hold. */
    @Test
    void historyInACheckpointHasOneConfusionMatrix() throws IOException {
        int[][] confusion = new int[300][300];
        confusion[3][3] = 2;
        confusion[299][0] = 1;
        List<EpochEnd> epochs = new ArrayList<>();
        for (int i = 1; i <= 50; i++) {
            Evaluation test = new Evaluation(1.0 / i, new int[0], confusion);
            epochs.add(new EpochEnd(i, 50, 10, 1, 0.5, Map.of(), test, 0.1f, 2, 5));
        }
        String text = HistoryJson.write(epochs);
        assertTrue(text.length() < 2 * 300 * 300 + 50 * 300, text.length() + " characters");
        List<EpochEnd> read = HistoryJson.read(text);
        for (int i = 0; i < 50; i++) {
            assertEquals(epochs.get(i).validationLoss(), read.get(i).validationLoss());
            assertEquals(2.0 / 3, read.get(i).validationAccuracy());
            assertEquals(i < 49 ? 0 : 300, read.get(i).validation().confusion().length);
        }
        assertArrayEquals(confusion, read.get(49).validation().confusion());
    }

    @Test
    void historyOfTheFirstVersionIsRead() throws IOException {
        List<EpochEnd> read = HistoryJson.read("""
                [{"epoch":1,"epochs":3,"test_loss":0.5,"test_confusion":[[3,1],[0,0]]},{"epoch":2,"epochs":3},
                {"epoch":3,"epochs":3,"test_loss":0.25,"test_confusion":[[2,0],[1,1]]}]""");
        assertEquals(
                "Evaluation[loss 0.5, 3 of 4 correct]", read.get(0).validation().toString());
        assertEquals(0, read.get(0).validation().confusion().length);
        assertNull(read.get(1).validation());
        assertEquals(
                "Evaluation[loss 0.25, 3 of 4 correct]",
                read.get(2).validation().toString());
        assertArrayEquals(new int[][] {{2, 0}, {1, 1}}, read.get(2).validation().confusion());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{}",
                "[1]",
                "[{}]",
                "[] []",
                "[{\"epoch\":2}]",
                "[{\"epoch\":1,\"x\":1}]",
                "[{\"epoch\":-1}]",
                "[{\"epoch\":1.5}]",
                "[{\"epoch\":1,\"seconds\":\"x\"}]",
                "[{\"epoch\":1,\"seconds\":[]}]",
                "[{\"epoch\":1,\"test_confusion\":5}]",
                "[{\"epoch\":1,\"test_confusion\":[[1,2]]}]",
                "[{\"epoch\":1,\"test_confusion\":[[[1]]]}]",
                "[{\"epoch\":99999999999}]",
                "[{\"epoch\":1,\"test_images\":2,\"test_correct\":3}]",
                "[{\"epoch\":1,\"epoch\":1}]",
                "[[[[[[[[[[[[["
            })
    void anotherTextIsNoHistory(String text) {
        assertThrows(IOException.class, () -> HistoryJson.read(text));
    }

    // ---- The last evaluation

    @Test
    void theTrainingSetNeedNotBeEvaluated() {
        TrainingResult result = trainer.evaluateTrainingSet(false).fit(train, test, 2);
        assertNull(result.train());
        assertEquals(result.epochs().get(1).trainLoss(), result.trainLoss());
        assertEquals(result.epochs().get(1).trainAccuracy(), result.trainAccuracy());
        assertEquals(200, result.validation().predictions().length);
        assertNull(result.stop());
    }

    @Test
    void predictionsAndConfusionAreKeptOfTheLastEpochOnly() {
        TrainingResult result = trainer.fit(train, test, 2);
        assertEquals(0, result.epochs().get(0).validation().predictions().length);
        assertEquals(0, result.epochs().get(0).validation().confusion().length);
        assertEquals(200, result.epochs().get(0).validation().total());
        assertSame(result.validation(), result.epochs().get(1).validation());
    }

    @Test
    void checkpointsLeaveNoMemory() {
        AtomicBoolean first = new AtomicBoolean(true);
        List<Object> memory = new ArrayList<>();
        trainer.listener(new CheckpointWriter(directory.resolve("last"), Map.of()).best(directory.resolve("best")))
                .listener(new TrainingListener() {
                    @Override
                    public void onEpoch(EpochEnd epoch) {
                        if (!first.getAndSet(false)) {
                            memory.add(DEVICE.memory());
                        }
                    }
                });
        trainer.fit(train, test, 8);
        assertEquals(1, memory.stream().distinct().count(), memory::toString);
    }
}
