package dev.striate.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.data.Batch;
import dev.striate.data.DataLoader;
import dev.striate.data.Dataset;
import dev.striate.data.Datasets;
import dev.striate.data.Draws;
import dev.striate.data.TinyDigits;
import dev.striate.data.Transform;
import dev.striate.nn.BatchNorm2d;
import dev.striate.nn.Block;
import dev.striate.nn.Dropout;
import dev.striate.nn.Flatten;
import dev.striate.nn.GlobalAvgPool2d;
import dev.striate.nn.Linear;
import dev.striate.nn.Relu;
import dev.striate.nn.Sequential;
import dev.striate.optim.Adam;
import dev.striate.optim.CosineSchedule;
import dev.striate.optim.Optimizer;
import dev.striate.optim.Sgd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("parity")
class TrainerTest {

    private static final Device DEVICE = Device.reference();

    /** Its logits are the pixels times one weight, at first 1; notes in which mode it ran on how many images. */
    private static final class Scale extends Block {

        final List<String> runs = new ArrayList<>();

        @Override
        protected void create(Device device, Generator generator) {
            addParameter("weight", Tensor.ones(device, 1));
        }

        @Override
        protected Tensor compute(Tensor x) {
            runs.add((isTraining() ? "train " : "eval ") + x.size(0));
            return x.flatten(1).mul(parameter("weight"));
        }

        float weight() {
            return parameter("weight").item();
        }
    }

    /** Images of 1x1x3 pixels. */
    private record Rows(float[][] rows, int[] labels) implements Dataset {

        @Override
        public int size() {
            return rows.length;
        }

        @Override
        public Shape imageShape() {
            return Shape.of(1, 1, 3);
        }

        @Override
        public int classes() {
            return 3;
        }

        @Override
        public List<String> classNames() {
            return List.of("a", "b", "c");
        }

        @Override
        public void read(int index, float[] target, int offset) {
            System.arraycopy(rows[index], 0, target, offset, 3);
        }

        @Override
        public int label(int index) {
            return labels[index];
        }
    }

    /** Predicted, right or wrong: 0 +, 1 +, 2 -, 2 +, 0 -. */
    private static final Rows FIVE = new Rows(
            new float[][] {{3, 1, 2}, {0, 2, -1}, {0, 0.5f, 1}, {-1, 1, 4}, {5, 0, 0}}, new int[] {0, 1, 0, 2, 1});

    private final Scale model = initialized(new Scale());

    private static <M extends Block> M initialized(M block) {
        block.initialize(DEVICE, new Generator(1));
        return block;
    }

    /** The mean of -log softmax by the formula, with smoothed labels. */
    private static double crossEntropy(Rows data, double weight, double smoothing) {
        double sum = 0;
        for (int i = 0; i < data.size(); i++) {
            double total = 0;
            for (float x : data.rows[i]) {
                total += Math.exp(weight * x);
            }
            for (int c = 0; c < 3; c++) {
                double target = (c == data.labels[i] ? 1 - smoothing : 0) + smoothing / 3;
                sum -= target * (weight * data.rows[i][c] - Math.log(total));
            }
        }
        return sum / data.size();
    }

    // ---- Evaluation

    @Test
    void imagesWithTheIgnoredLabelAreNotCounted() {
        List<Batch> batches = List.of(
                batch(new int[] {0, 1}, 0, -100),
                batch(new int[] {2, 3, 4}, -100, 2, 1),
                batch(new int[] {1, 2}, -100, -100));
        Evaluation e = Trainer.evaluate(model, batches, DEVICE);
        Rows counted = new Rows(new float[][] {FIVE.rows[0], FIVE.rows[3], FIVE.rows[4]}, new int[] {0, 2, 1});
        assertEquals(crossEntropy(counted, 1, 0), e.loss(), 1e-6);
        assertArrayEquals(new int[] {0, 1, 2, 2, 0, 1, 2}, e.predictions());
        assertArrayEquals(new int[][] {{1, 0, 0}, {1, 0, 0}, {0, 0, 1}}, e.confusion());
        assertEquals(3, e.total());
        assertEquals(2 / 3.0, e.accuracy());
        Evaluation none = Trainer.evaluate(model, List.of(batch(new int[] {1, 2}, -100, -100)), DEVICE);
        assertEquals(Double.NaN, none.loss());
        assertEquals(0, none.total());
    }

    @Test
    void aLabelThatIsNoClassIsNamed() {
        for (int label : new int[] {3, -1}) {
            List<Batch> batches = List.of(batch(new int[] {0, 1}, 0, label));
            StriateException thrown =
                    assertThrows(StriateException.class, () -> Trainer.evaluate(model, batches, DEVICE));
            assertTrue(thrown.getMessage().contains("label " + label + " at position 1"), thrown.getMessage());
        }
    }

    /** Some of the five images under other labels. */
    private static Batch batch(int[] indices, int... labels) {
        float[] images = new float[3 * indices.length];
        for (int i = 0; i < indices.length; i++) {
            System.arraycopy(FIVE.rows[indices[i]], 0, images, 3 * i, 3);
        }
        return new Batch(images, Shape.of(indices.length, 1, 1, 3), labels, indices);
    }

    @Test
    void evaluationCountsEveryImageOnce() {
        Evaluation e = Trainer.evaluate(model, DataLoader.of(FIVE, 2), DEVICE);
        // 1e-6: a few roundings of float32, 6e-8 each, at losses of up to 5.
        assertEquals(crossEntropy(FIVE, 1, 0), e.loss(), 1e-6);
        assertArrayEquals(new int[] {0, 1, 2, 2, 0}, e.predictions());
        assertArrayEquals(new int[][] {{1, 0, 1}, {1, 1, 0}, {0, 0, 1}}, e.confusion());
        assertEquals(5, e.total());
        assertEquals(3, e.correct());
        assertEquals(0.6, e.accuracy());
        assertEquals(2, e.total(1));
        assertEquals(1, e.correct(1));
        assertThrows(StriateException.class, () -> e.correct(3));
        assertEquals(List.of("eval 2", "eval 2", "eval 1"), model.runs);
    }

    /** More batches than are noted before they are read. */
    @Test
    void evaluationOfManyBatches() {
        float[][] rows = new float[101][];
        int[] labels = new int[101];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = FIVE.rows[i % 5];
            labels[i] = FIVE.labels[i % 5];
        }
        Rows many = new Rows(rows, labels);
        Evaluation e = Trainer.evaluate(model, DataLoader.of(many, 1), DEVICE);
        assertEquals(crossEntropy(many, 1, 0), e.loss(), 1e-6);
        assertEquals(61, e.correct());
        assertEquals(101, e.total());
        assertEquals(2, e.predictions()[98]);
    }

    @Test
    void evaluationLeavesTheCallersBatchesOpen() {
        List<Batch> byHand = List.of(batch(new int[] {2, 3}, 1, 0));
        List<Batch> kept = new ArrayList<>();
        DataLoader.of(FIVE, 2).forEach(kept::add);
        for (List<Batch> batches : List.of(byHand, kept)) {
            Evaluation first = Trainer.evaluate(model, batches, DEVICE);
            Evaluation second = Trainer.evaluate(model, batches, DEVICE);
            assertEquals(first.loss(), second.loss());
            assertArrayEquals(first.predictions(), second.predictions());
        }
        assertEquals(
                Trainer.evaluate(model, DataLoader.of(FIVE, 2), DEVICE).loss(),
                Trainer.evaluate(model, kept, DEVICE).loss());
    }

    /** A source of batches that fills the same arrays again for each. */
    @Test
    void evaluationDoesNotReadABatchLater() {
        float[] pixels = new float[3];
        int[] label = new int[1];
        Iterable<Batch> reusing = () -> IntStream.range(0, FIVE.size())
                .mapToObj(i -> {
                    FIVE.read(i, pixels, 0);
                    label[0] = FIVE.label(i);
                    return new Batch(pixels, Shape.of(1, 1, 1, 3), label, new int[] {i});
                })
                .iterator();
        assertEquals(3, Trainer.evaluate(model, reusing, DEVICE).correct());
    }

    /** Batch normalisation after global pooling has one value per channel of a single image. */
    @Test
    void aSingleImageAtTheEndOfAnEpochCanBeDropped() {
        try (Sequential net = initialized(
                        new Sequential(new GlobalAvgPool2d(), new BatchNorm2d(1), new Flatten(), new Linear(1, 10)));
                Adam adam = new Adam(net.parameters(), 0.01f)) {
            Dataset images = Datasets.subset(TinyDigits.train(), 33);
            Trainer trainer = Trainer.of(net, adam, DEVICE).evaluateTrainingSet(false);
            ShapeException e =
                    assertThrows(ShapeException.class, () -> trainer.fit(DataLoader.of(images, 16), null, 1));
            assertTrue(e.getMessage().contains("DataLoader.dropLast(true)"), e.getMessage());
            List<String> log = new ArrayList<>();
            TrainingResult result = trainer.listener(new Log("a", log, -1))
                    .fit(DataLoader.of(images, 16).dropLast(true), DataLoader.of(images, 33), 1);
            assertEquals(List.of("a start 1x2, 32", "a batch 1.1/2, 16", "a batch 1.2/2, 32"), log.subList(0, 3));
            assertEquals(32, result.epochs().get(0).images());
            assertEquals(33, result.validation().total());
        }
    }

    @Test
    void evaluationRestoresTheMode() {
        Trainer.evaluate(model, DataLoader.of(FIVE, 5), DEVICE);
        assertTrue(model.isTraining());
        model.eval();
        Trainer.evaluate(model, DataLoader.of(FIVE, 5), DEVICE);
        assertFalse(model.isTraining());
        model.train();
        assertThrows(StriateException.class, () -> Trainer.evaluate(model, List.<Batch>of(), DEVICE));
        assertTrue(model.isTraining());
    }

    @Test
    void evaluationLeavesNoMemory() {
        int before = liveBuffers();
        Trainer.evaluate(model, DataLoader.of(FIVE, 1), DEVICE);
        assertEquals(before, liveBuffers());
    }

    // ---- Training

    /**
     * At a learning rate of 0 the running loss and accuracy are those of the whole set: the last of 3 batches is 1
     * image.
     */
    @Test
    void partialLastBatchHasItsOwnWeight() {
        TrainingResult result = fit(new Sgd(model.parameters(), 0), DataLoader.of(FIVE, 2), null, 1);
        EpochEnd epoch = result.epochs().get(0);
        assertEquals(crossEntropy(FIVE, 1, 0), epoch.trainLoss(), 1e-6);
        assertEquals(0.6, epoch.trainAccuracy());
        assertEquals(5, epoch.images());
        assertEquals(crossEntropy(FIVE, 1, 0), result.trainLoss(), 1e-6);
        assertEquals(0.6, result.trainAccuracy());
        assertNull(result.validation());
        assertTrue(Double.isNaN(result.validationAccuracy()));
        assertTrue(result.seconds() > 0);
        assertEquals(5 / result.seconds(), result.samplesPerSecond(), 1e-9 * result.samplesPerSecond());
    }

    /** One step of gradient descent by hand. */
    @Test
    void stepFollowsTheGradientOfTheMean() {
        double h = 1e-4;
        double gradient = (crossEntropy(FIVE, 1 + h, 0) - crossEntropy(FIVE, 1 - h, 0)) / (2 * h);
        fit(new Sgd(model.parameters(), 0.5f), DataLoader.of(FIVE, 5), null, 1);
        assertEquals(1 - 0.5 * gradient, model.weight(), 1e-6);
    }

    @Test
    void gradientIsClipped() {
        try (Sgd optimizer = new Sgd(model.parameters(), 0.5f)) {
            Trainer.of(model, optimizer, DEVICE).clipGradNorm(0.01f).fit(DataLoader.of(FIVE, 5), null, 1);
        }
        // The one gradient is scaled to 0.01 norm / (norm + 1e-6).
        assertEquals(0.005, Math.abs(model.weight() - 1), 1e-6);
        assertThrows(
                StriateException.class,
                () -> Trainer.of(model, new Sgd(model.parameters(), 1), DEVICE).clipGradNorm(0));
    }

    @Test
    void labelsAreSmoothedInTrainingOnly() {
        try (Sgd optimizer = new Sgd(model.parameters(), 0)) {
            TrainingResult result =
                    Trainer.of(model, optimizer, DEVICE).labelSmoothing(0.3f).fit(DataLoader.of(FIVE, 2), null, 1);
            assertEquals(crossEntropy(FIVE, 1, 0.3f), result.epochs().get(0).trainLoss(), 1e-6);
            assertEquals(crossEntropy(FIVE, 1, 0), result.trainLoss(), 1e-6);
        }
    }

    @Test
    void scheduleIsAskedBeforeEachStepAndGoesOn() {
        List<Long> asked = new ArrayList<>();
        List<Float> used = new ArrayList<>();
        try (Sgd optimizer = new Sgd(model.parameters(), 99)) {
            Trainer trainer = Trainer.of(model, optimizer, DEVICE)
                    .schedule(step -> {
                        asked.add(step);
                        return step == 2 ? 0.25f : 0;
                    })
                    .listener(new TrainingListener() {
                        @Override
                        public void onBatch(BatchEnd batch) {
                            used.add(batch.learningRate());
                            assertEquals(used.size() <= 2, model.weight() == 1, "the weight first changes at step 2");
                        }
                    });
            TrainingResult first = trainer.fit(DataLoader.of(FIVE, 2), null, 1);
            assertEquals(0.25f, first.epochs().get(0).learningRate());
            trainer.fit(DataLoader.of(FIVE, 2), null, 1);
        }
        assertEquals(List.of(0L, 1L, 2L, 3L, 4L, 5L), asked);
        assertEquals(List.of(0f, 0f, 0.25f, 0f, 0f, 0f), used);
    }

    @Test
    void trainsInTrainingModeAndEvaluatesInEvaluationMode() {
        model.eval();
        fit(new Sgd(model.parameters(), 0), DataLoader.of(FIVE, 3), DataLoader.of(FIVE, 5), 2);
        assertFalse(model.isTraining());
        assertEquals(
                List.of("train 3", "train 2", "eval 5", "train 3", "train 2", "eval 5", "eval 3", "eval 2"),
                model.runs);
    }

    /** A batch normalisation that is set to evaluation keeps its statistics, whatever is evaluated in between. */
    @Test
    void modesAreRestoredOnce() {
        try (Modes training = Modes.of(model)) {
            model.eval();
            training.close();
            assertTrue(model.isTraining());
            model.eval();
        }
        assertFalse(model.isTraining());
    }

    @Test
    void partsKeepTheModeThatTheyWereSetTo() {
        BatchNorm2d norm = new BatchNorm2d(1);
        try (Sequential net = initialized(Sequential.builder()
                        .add("norm", norm)
                        .add("scale", new Scale())
                        .build());
                Sgd optimizer = new Sgd(net.parameters(), 0.1f)) {
            norm.eval();
            Trainer trainer = Trainer.of(net, optimizer, DEVICE).listener(new TrainingListener() {
                @Override
                public void onEpoch(EpochEnd epoch) {
                    net.eval();
                }
            });
            trainer.fit(DataLoader.of(FIVE, 3), DataLoader.of(FIVE, 5), 2);
            assertEquals(
                    List.of("train 3", "train 2", "eval 5", "train 3", "train 2", "eval 5", "eval 3", "eval 2"),
                    ((Scale) net.blocks().get("scale")).runs);
            assertEquals(0, net.buffers().get("norm.running_mean").item());
            assertEquals(List.of(true, false, true), modes(net));

            norm.train();
            net.blocks().get("scale").eval();
            Trainer.evaluate(net, DataLoader.of(FIVE, 5), DEVICE);
            assertEquals(List.of(true, true, false), modes(net));

            net.eval();
            norm.train();
            trainer.fit(DataLoader.of(FIVE, 3), null, 1);
            assertNotEquals(0, net.buffers().get("norm.running_mean").item());
            assertEquals(List.of(false, true, false), modes(net));
        }
    }

    private static List<Boolean> modes(Block net) {
        return net.blocks().values().stream().map(Block::isTraining).toList();
    }

    @Test
    void trainingSetIsEvaluatedWithoutAugmentation() {
        Transform blank = new Transform() {
            @Override
            public void apply(float[] images, int offset, Shape shape, Draws draws) {
                Arrays.fill(images, offset, offset + shape.elements(), 0);
            }

            @Override
            public boolean isRandom() {
                return true;
            }
        };
        TrainingResult result = fit(
                new Sgd(model.parameters(), 0),
                DataLoader.of(FIVE, 2).shuffle(3).transform(blank),
                null,
                1);
        assertEquals(Math.log(3), result.epochs().get(0).trainLoss(), 1e-6);
        assertEquals(0.6, result.trainAccuracy());
        assertArrayEquals(new int[] {0, 1, 2, 2, 0}, result.train().predictions());
    }

    @Test
    void nonFiniteLossNamesEpochAndStep() {
        Rows broken = new Rows(FIVE.rows.clone(), FIVE.labels);
        broken.rows[3] = new float[] {0, Float.NaN, 0};
        int before = liveBuffers();
        Sgd optimizer = new Sgd(model.parameters(), 0.1f);
        StriateException e =
                assertThrows(StriateException.class, () -> fit(optimizer, DataLoader.of(broken, 1), null, 2));
        assertEquals(
                "the loss became NaN in epoch 1, step 4, at a learning rate of 0.1; lower the learning rate, clip the"
                        + " gradient norm, or look for such values in the data",
                e.getMessage());
        assertTrue(model.isTraining());
        assertEquals(before, liveBuffers() - model.parameters().size(), "only the parameter's gradient came to be");
    }

    @Test
    void errorInAListenerLeavesTheModeAndNoMemory() {
        model.eval();
        Sgd optimizer = new Sgd(model.parameters(), 0.1f);
        int before = liveBuffers();
        IllegalStateException cause = new IllegalStateException();
        assertSame(
                cause,
                assertThrows(
                        IllegalStateException.class,
                        () -> Trainer.of(model, optimizer, DEVICE)
                                .listener(new TrainingListener() {
                                    @Override
                                    public void onBatch(BatchEnd batch) {
                                        throw cause;
                                    }
                                })
                                .fit(DataLoader.of(FIVE, 2), null, 1)));
        assertFalse(model.isTraining());
        assertEquals(before, liveBuffers());
    }

    // ---- Listeners

    private static final class Log implements TrainingListener {

        private final String name;
        private final List<String> log;
        private final int stopAfterBatches;
        private int batches;

        Log(String name, List<String> log, int stopAfterBatches) {
            this.name = name;
            this.log = log;
            this.stopAfterBatches = stopAfterBatches;
        }

        @Override
        public void onStart(TrainingStart start) {
            log.add(name + " start " + start.epochs() + "x" + start.steps() + ", " + start.images());
        }

        @Override
        public void onBatch(BatchEnd batch) {
            batches++;
            log.add(name + " batch " + batch.epoch() + "." + batch.step() + "/" + batch.steps() + ", "
                    + batch.images());
        }

        @Override
        public void onEpoch(EpochEnd epoch) {
            log.add(name + " epoch " + epoch.epoch() + "/" + epoch.epochs() + ", " + epoch.images() + ", "
                    + epoch.validationAccuracy());
        }

        @Override
        public void onEnd(TrainingResult result) {
            log.add(name + " end " + result.epochs().size() + ", " + result.stopped());
        }

        @Override
        public @Nullable Stop stop() {
            return batches == stopAfterBatches ? Stop.early("enough") : null;
        }
    }

    @Test
    void listenersAreToldInOrder() {
        List<String> log = new ArrayList<>();
        try (Sgd optimizer = new Sgd(model.parameters(), 0)) {
            Trainer.of(model, optimizer, DEVICE)
                    .listener(new Log("a", log, -1))
                    .listener(new Log("b", log, -1))
                    .fit(DataLoader.of(FIVE, 3), DataLoader.of(FIVE, 5), 1);
        }
        assertEquals(
                List.of(
                        "a start 1x2, 5",
                        "b start 1x2, 5",
                        "a batch 1.1/2, 3",
                        "b batch 1.1/2, 3",
                        "a batch 1.2/2, 5",
                        "b batch 1.2/2, 5",
                        "a epoch 1/1, 5, 0.6",
                        "b epoch 1/1, 5, 0.6",
                        "a end 1, false",
                        "b end 1, false"),
                log);
    }

    @Test
    void listenerStopsTrainingWithinAnEpoch() {
        List<String> log = new ArrayList<>();
        try (Sgd optimizer = new Sgd(model.parameters(), 0)) {
            Trainer.of(model, optimizer, DEVICE)
                    .listener(new Log("a", log, 3))
                    .fit(DataLoader.of(FIVE, 3), DataLoader.of(FIVE, 5), 9);
            assertEquals(3, optimizer.steps());
        }
        assertEquals(
                List.of(
                        "a start 9x2, 5",
                        "a batch 1.1/2, 3",
                        "a batch 1.2/2, 5",
                        "a epoch 1/9, 5, 0.6",
                        "a batch 2.1/2, 3",
                        "a epoch 2/9, 3, 0.6",
                        "a end 2, true"),
                log);
    }

    @Test
    void progressIsOneLine() {
        Evaluation test = new Evaluation(0.25, new int[] {0, 1}, new int[][] {{1, 0}, {0, 1}});
        assertEquals(
                "epoch  3/30  loss 0.5000  acc 75.00 %  val loss 0.2500  val acc 100.00 %"
                        + "  lr 0.00500  12,346 images/s",
                PlainProgress.line(new EpochEnd(3, 30, 1000, 0.5, 0.75, Map.of(), test, 0.005f, 0.1, 12345.6)));
        assertEquals(
                "epoch 3/9  loss 0.5000  acc 75.00 %  lr 0.00500  12,346 images/s",
                PlainProgress.line(new EpochEnd(3, 9, 1000, 0.5, 0.75, Map.of(), null, 0.005f, 0.1, 12345.6)));
    }

    // ---- Whole trainings

    @Test
    void liveBuffersAreConstantFromTheFirstEpochOn() {
        Block net = initialized(
                new Sequential(new Flatten(), new Linear(3, 8), new Relu(), new Dropout(0.5f), new Linear(8, 3)));
        List<Integer> live = new ArrayList<>();
        try (Adam optimizer = new Adam(net.parameters(), 0.01f)) {
            Trainer.of(net, optimizer, DEVICE)
                    .clipGradNorm(1)
                    .listener(new TrainingListener() {
                        @Override
                        public void onEpoch(EpochEnd epoch) {
                            live.add(liveBuffers());
                        }
                    })
                    .fit(DataLoader.of(FIVE, 2).shuffle(1), DataLoader.of(FIVE, 2), 15);
        }
        assertEquals(List.of(live.get(0)), live.stream().distinct().toList());
    }

    @Test
    void sameSeedGivesTheSameBits() {
        Device cpu = Device.cpu();
        TrainingResult first = digits(cpu, 3, 2);
        TrainingResult second = digits(cpu, 3, 2);
        assertEquals(first.trainLoss(), second.trainLoss());
        assertEquals(first.validationLoss(), second.validationLoss());
        assertEquals(first.epochs().get(0).trainLoss(), second.epochs().get(0).trainLoss());
        assertNotEquals(first.validationLoss(), digits(cpu, 4, 2).validationLoss());
    }

    /** Far from what the network can reach, and as far from the 10 % of one that does not learn. */
    @Test
    void learnsDigits() {
        TrainingResult result = digits(Device.cpu(), 0, 10);
        assertTrue(result.validationAccuracy() > 0.85, () -> "test accuracy " + result.validationAccuracy());
        assertTrue(result.epochs().get(9).trainLoss() < result.epochs().get(0).trainLoss() / 3);
    }

    private static TrainingResult digits(Device device, long seed, int epochs) {
        DataLoader train = DataLoader.of(TinyDigits.train(), 32).shuffle(seed);
        try (Block net = new Sequential(new Flatten(), new Linear(64, 32), new Relu(), new Linear(32, 10))
                        .initialize(device, new Generator(seed));
                Adam optimizer = new Adam(net.parameters(), 0.005f)) {
            return Trainer.of(net, optimizer, device)
                    .schedule(new CosineSchedule(0.005f, 0, (long) epochs * train.batches()))
                    .fit(train, DataLoader.of(TinyDigits.test(), 100), epochs);
        }
    }

    private TrainingResult fit(Optimizer optimizer, DataLoader train, DataLoader test, int epochs) {
        try (optimizer) {
            return Trainer.of(model, optimizer, DEVICE).fit(train, test, epochs);
        }
    }

    private static int liveBuffers() {
        return DEVICE.memory().liveBuffers();
    }
}
