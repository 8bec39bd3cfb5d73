package dev.striate.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.ClassificationOptions;
import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.data.Batch;
import dev.striate.data.DataLoader;
import dev.striate.data.LabelMix;
import dev.striate.data.TargetDataset;
import dev.striate.data.TinyDigits;
import dev.striate.io.Safetensors;
import dev.striate.nn.Flatten;
import dev.striate.nn.Linear;
import dev.striate.nn.Sequential;
import dev.striate.optim.CosineSchedule;
import dev.striate.optim.Sgd;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Losses, targets and metrics of one's own, and what is done with the weights. */
class TrainingLoopTest {

    private static final Device DEVICE = Device.reference();

    @TempDir
    private Path directory;

    /** Images of two pixels; the targets are their sum and their difference. */
    private record Sums(int size) implements TargetDataset {

        @Override
        public Shape imageShape() {
            return Shape.of(1, 1, 2);
        }

        @Override
        public void read(int index, float[] target, int offset) {
            target[offset] = index % 5 - 2;
            target[offset + 1] = index % 3 - 1;
        }

        @Override
        public Shape targetShape() {
            return Shape.of(2);
        }

        @Override
        public void readTarget(int index, float[] target, int offset) {
            float[] pixels = new float[2];
            read(index, pixels, 0);
            target[offset] = pixels[0] + pixels[1];
            target[offset + 1] = pixels[0] - pixels[1];
        }
    }

    private static Sequential linear(int in, int out) {
        return new Sequential(new Flatten(), new Linear(in, out)).initialize(DEVICE, new Generator(1));
    }

    private static Map<String, float[]> weights(Sequential model) {
        Map<String, float[]> all = new TreeMap<>();
        model.state().forEach((name, tensor) -> all.put(name, tensor.toFloatArray()));
        return all;
    }

    private static Tensor error(Tensor output, Tensor target) {
        return output.sub(target).abs().mean();
    }

    // ---- Losses, targets and metrics

    @Test
    void aRegressionIsTrainedAndMeasured() {
        try (Sequential model = linear(2, 2);
                Sgd sgd = new Sgd(model.parameters(), 0.1f)) {
            Trainer trainer = Trainer.of(model, sgd, DEVICE).loss(Tensor::mse).metric("error", TrainingLoopTest::error);
            DataLoader train = DataLoader.of(new Sums(20), 8).shuffle(1);
            TrainingResult result = trainer.fit(train, DataLoader.of(new Sums(7), 4), 60);
            assertTrue(result.trainLoss() < 1e-6, () -> "loss " + result.trainLoss());
            assertTrue(Double.isNaN(result.trainAccuracy()));
            assertTrue(Double.isNaN(result.validationAccuracy()));
            EpochEnd first = result.epochs().get(0);
            assertTrue(Double.isNaN(first.trainAccuracy()));
            assertTrue(
                    first.trainMetrics().get("error") > 10 * result.validation().metric("error"));
            assertEquals(7, result.validation().total());
            assertEquals(0, result.validation().confusion().length);
            assertThrows(StriateException.class, () -> result.validation().metric("mistake"));
        }
    }

    /** The batches have 4, 4 and 2 images, so the mean of their means is not the mean of the images. */
    @Test
    void meansAreWeightedByTheImages() {
        try (Sequential model = linear(2, 2);
                Sgd sgd = new Sgd(model.parameters(), 0)) {
            Trainer trainer = Trainer.of(model, sgd, DEVICE).loss(Tensor::mse).metric("error", TrainingLoopTest::error);
            Evaluation whole = trainer.evaluate(DataLoader.of(new Sums(10), 10));
            Evaluation parts = trainer.evaluate(DataLoader.of(new Sums(10), 4));
            assertEquals(whole.loss(), parts.loss(), 1e-6 * whole.loss());
            assertEquals(whole.metric("error"), parts.metric("error"), 1e-6);
            EpochEnd epoch = trainer.fit(DataLoader.of(new Sums(10), 4), null, 1)
                    .epochs()
                    .get(0);
            assertEquals(whole.loss(), epoch.trainLoss(), 1e-6 * whole.loss());
            assertEquals(whole.metric("error"), epoch.trainMetrics().get("error"), 1e-6);
        }
    }

    @Test
    void aLabelLossIsTheDefaultIfItIsTheCrossEntropy() {
        try (Sequential model = linear(64, 10);
                Sequential same = linear(64, 10);
                Sgd sgd = new Sgd(model.parameters(), 0.1f);
                Sgd sgdOfSame = new Sgd(same.parameters(), 0.1f)) {
            DataLoader train = DataLoader.of(TinyDigits.test(), 64);
            TrainingResult expected = Trainer.of(model, sgd, DEVICE).fit(train, train, 2);
            TrainingResult actual = Trainer.of(same, sgdOfSame, DEVICE)
                    .labelLoss(Tensor::crossEntropy)
                    .labelMetric(
                            "hits",
                            (logits, labels) -> logits.argmax(1)
                                    .oneHot(10)
                                    .mul(labels.oneHot(10))
                                    .sum(1)
                                    .mean())
                    .fit(train, train, 2);
            weights(model)
                    .forEach((name, values) ->
                            assertArrayEquals(values, weights(same).get(name), name));
            assertEquals(expected.validationLoss(), actual.validationLoss());
            assertArrayEquals(
                    expected.validation().predictions(), actual.validation().predictions());
            assertEquals(actual.validationAccuracy(), actual.validation().metric("hits"), 1e-7);
        }
    }

    @Test
    void mixedLabelsShareTheLoss() {
        float[] images = {1, 2, 3, 4};
        Batch plain = new Batch(images, Shape.of(2, 1, 1, 2), new int[] {0, 1}, new int[] {0, 1});
        try (Sequential model = linear(2, 2);
                Tensor x = plain.images(DEVICE);
                Tensor logits = model.forward(x)) {
            Batch mixed = new Batch(
                    images,
                    Shape.of(2, 1, 1, 2),
                    new int[] {0, 1},
                    new int[] {0, 1},
                    new LabelMix(new int[] {1, 1}, 0.75f));
            Objective objective = new Objective();
            double own = loss(objective, logits, plain);
            double other = loss(
                    objective, logits, new Batch(images, Shape.of(2, 1, 1, 2), new int[] {1, 1}, new int[] {0, 1}));
            assertEquals(0.75 * own + 0.25 * other, loss(objective, logits, mixed), 1e-6);
            objective.labelLoss(Tensor::crossEntropy);
            assertEquals(0.75 * own + 0.25 * other, loss(objective, logits, mixed), 1e-6);
        }
    }

    private static double loss(Objective objective, Tensor logits, Batch batch) {
        return objective
                .compare(logits, batch, DEVICE, ClassificationOptions.DEFAULT)
                .loss()
                .item();
    }

    @Test
    void whatDoesNotFitTheTargetsIsNamed() {
        try (Sequential model = linear(64, 10);
                Sequential small = linear(2, 2);
                Sgd sgd = new Sgd(model.parameters(), 0.1f);
                Sgd sgdOfSmall = new Sgd(small.parameters(), 0.1f)) {
            DataLoader digits = DataLoader.of(TinyDigits.test(), 64);
            DataLoader sums = DataLoader.of(new Sums(8), 4);
            refused(
                    "the loss takes classes",
                    () -> Trainer.of(small, sgdOfSmall, DEVICE).fit(sums, null, 1));
            refused(
                    "the loss takes numbers",
                    () -> Trainer.of(model, sgd, DEVICE).loss(Tensor::mse).fit(digits, null, 1));
            refused(
                    "the metric error takes numbers",
                    () -> Trainer.of(model, sgd, DEVICE)
                            .metric("error", TrainingLoopTest::error)
                            .fit(digits, null, 1));
            refused(
                    "expected one number as the loss",
                    () -> Trainer.of(small, sgdOfSmall, DEVICE)
                            .loss((output, target) -> output.sub(target))
                            .fit(sums, null, 1));
            Trainer trainer = Trainer.of(small, sgdOfSmall, DEVICE).loss(Tensor::mse);
            refused("expected a metric's name", () -> trainer.metric("a,b", TrainingLoopTest::error));
            refused("expected a metric's name", () -> trainer.metric("loss", TrainingLoopTest::error));
            trainer.metric("error", TrainingLoopTest::error);
            refused("already a metric", () -> trainer.labelMetric("error", Tensor::crossEntropy));
            refused(
                    "no metric \"iou\"; there are [error]",
                    () -> trainer.listener(EarlyStopping.by(Monitor.highest("iou"), 1))
                            .fit(sums, sums, 1));
            refused(
                    "not a classifier",
                    () -> Trainer.of(small, sgdOfSmall, DEVICE)
                            .loss(Tensor::mse)
                            .keepBest(Monitor.validationAccuracy())
                            .fit(sums, sums, 1));
            refused(
                    "keepBest needs a validation set",
                    () -> Trainer.of(small, sgdOfSmall, DEVICE)
                            .loss(Tensor::mse)
                            .keepBest(Monitor.validationLoss())
                            .fit(sums, null, 1));
        }
    }

    private static void refused(String reason, Executable action) {
        StriateException e = assertThrows(StriateException.class, action);
        assertTrue(e.getMessage().contains(reason), e.getMessage());
    }

    // ---- Steps

    /** The last step has two batches of 4 and one of 2 where the others have three of 4. */
    @Test
    void accumulatedBatchesAreOneLargerBatch() {
        Map<String, float[]> larger = accumulated(12, 1);
        Map<String, float[]> smaller = accumulated(4, 3);
        larger.forEach((name, values) -> assertArrayEquals(values, smaller.get(name), 1e-6f, name));
        Map<String, float[]> single = accumulated(4, 1);
        assertNotEquals(larger.get("1.bias")[0], single.get("1.bias")[0], 1e-3f);
    }

    private static Map<String, float[]> accumulated(int batchSize, int batches) {
        try (Sequential model = linear(2, 2);
                Sgd sgd = new Sgd(model.parameters(), 0.1f).momentum(0.9f)) {
            TrainingResult result = Trainer.of(model, sgd, DEVICE)
                    .loss(Tensor::mse)
                    .accumulate(batches)
                    .clipGradNorm(1)
                    .fit(DataLoader.of(new Sums(34), batchSize), null, 2);
            int steps = (34 + batchSize * batches - 1) / (batchSize * batches);
            assertEquals(2L * steps, sgd.steps());
            assertEquals(2 * steps, result.curve().losses().length);
            assertEquals(steps, result.curve().stepsPerEpoch());
            return weights(model);
        }
    }

    @Test
    void curveHasTheLossAndTheRateOfEachStep() {
        try (Sequential model = linear(2, 2);
                Sgd sgd = new Sgd(model.parameters(), 0)) {
            CosineSchedule schedule = new CosineSchedule(1e-20f, 0, 6);
            Trainer trainer = Trainer.of(model, sgd, DEVICE).loss(Tensor::mse).schedule(schedule);
            StepCurve curve =
                    trainer.fit(DataLoader.of(new Sums(10), 4), null, 2).curve();
            List<Float> losses = new ArrayList<>();
            for (Batch batch : DataLoader.of(new Sums(10), 4)) {
                losses.add((float) trainer.evaluate(List.of(batch)).loss());
            }
            for (int step = 0; step < 6; step++) {
                assertEquals(losses.get(step % 3), curve.losses()[step]);
                assertEquals(schedule.at(step), curve.learningRates()[step]);
            }
            assertEquals(0, curve.unknownSteps());
        }
    }

    /** Earlier versions kept no losses. */
    @Test
    void curveOfAnOldCheckpointStartsWhereItWasResumed() {
        Path file = directory.resolve("old.safetensors");
        DataLoader train = DataLoader.of(new Sums(10), 4);
        try (Sequential model = linear(2, 2);
                Sgd sgd = new Sgd(model.parameters(), 0.1f)) {
            Trainer.of(model, sgd, DEVICE)
                    .loss(Tensor::mse)
                    .listener(new CheckpointWriter(file, Map.of()))
                    .fit(train, null, 2);
        }
        Map<String, Tensor> tensors = new TreeMap<>(Safetensors.read(file, DEVICE));
        tensors.keySet().removeIf(name -> name.startsWith("trainer."));
        Safetensors.write(file, tensors, Safetensors.readMetadata(file));
        try (Sequential model = linear(2, 2);
                Sgd sgd = new Sgd(model.parameters(), 0.1f)) {
            StepCurve curve = Trainer.of(model, sgd, DEVICE)
                    .loss(Tensor::mse)
                    .resume(Checkpoint.read(file))
                    .fit(DataLoader.of(new Sums(10), 4), null, 3)
                    .curve();
            assertEquals(6, curve.unknownSteps());
            assertEquals(3, curve.losses().length);
        }
    }

    // ---- Weights

    @Test
    void averageIsOfAllWeights() {
        Path file = directory.resolve("average.safetensors");
        try (Sequential model = linear(2, 2);
                Sgd sgd = new Sgd(model.parameters(), 0.1f)) {
            float[] average = model.parameters().get("1.weight").toFloatArray();
            float[][] trained = new float[1][];
            TrainingResult result = Trainer.of(model, sgd, DEVICE)
                    .loss(Tensor::mse)
                    .averageWeights(0.5f)
                    .listener(new CheckpointWriter(file, Map.of()))
                    .listener(new TrainingListener() {
                        private int steps;

                        @Override
                        public void onBatch(BatchEnd batch) {
                            trained[0] = model.parameters().get("1.weight").toFloatArray();
                            steps++;
                            float decay = Math.min(0.5f, (1f + steps) / (10f + steps));
                            for (int i = 0; i < average.length; i++) {
                                average[i] += (1 - decay) * (trained[0][i] - average[i]);
                            }
                        }
                    })
                    .fit(DataLoader.of(new Sums(10), 4), DataLoader.of(new Sums(7), 7), 3);
            assertArrayEquals(average, model.parameters().get("1.weight").toFloatArray(), 1e-6f);
            assertNotEquals(trained[0][0], average[0], 1e-4f);
            Map<String, Tensor> saved = Safetensors.read(file, DEVICE);
            assertArrayEquals(average, saved.get("1.weight").toFloatArray(), 1e-6f);
            assertArrayEquals(trained[0], saved.get("trainer.weights.1.weight").toFloatArray());
            try (Sequential loaded = linear(2, 2);
                    Sgd unused = new Sgd(loaded.parameters(), 0.1f)) {
                loaded.load(file);
                assertEquals(
                        result.validationLoss(),
                        Trainer.of(loaded, unused, DEVICE)
                                .loss(Tensor::mse)
                                .evaluate(DataLoader.of(new Sums(7), 7))
                                .loss());
            }
        }
    }

    /** Trains with a rate at which the loss grows, so the first epoch is the best. */
    @Test
    void bestWeightsAreRestored() {
        try (Sequential model = linear(2, 2);
                Sgd sgd = new Sgd(model.parameters(), 3)) {
            DataLoader validation = DataLoader.of(new Sums(7), 7);
            float[][] best = new float[1][];
            Trainer trainer = Trainer.of(model, sgd, DEVICE)
                    .loss(Tensor::mse)
                    .keepBest(Monitor.validationLoss())
                    .listener(EarlyStopping.byValidationLoss(3))
                    .listener(new TrainingListener() {
                        @Override
                        public void onEpoch(EpochEnd epoch) {
                            if (epoch.epoch() == 1) {
                                best[0] = model.parameters().get("1.weight").toFloatArray();
                            }
                        }
                    });
            TrainingResult result = trainer.fit(DataLoader.of(new Sums(10), 4), validation, 50);
            assertEquals(4, result.epochs().size());
            assertEquals(1, result.epoch());
            assertTrue(
                    result.stop().reason().startsWith("no better validation loss for 3 epochs"),
                    result.stop().reason());
            assertArrayEquals(best[0], model.parameters().get("1.weight").toFloatArray());
            assertEquals(result.epochs().get(0).validationLoss(), result.validationLoss());
            assertEquals(result.validationLoss(), trainer.evaluate(validation).loss());
            double[] losses = result.epochs().stream()
                    .mapToDouble(EpochEnd::validationLoss)
                    .toArray();
            assertEquals(losses[0], Arrays.stream(losses).min().orElseThrow());
        }
    }

    @Test
    void bestCheckpointFollowsItsMonitor() {
        Path byLoss = directory.resolve("loss.safetensors");
        Path byMetric = directory.resolve("metric.safetensors");
        try (Sequential model = linear(2, 2);
                Sgd sgd = new Sgd(model.parameters(), 0.1f)) {
            Trainer.of(model, sgd, DEVICE)
                    .loss(Tensor::mse)
                    .metric("error", TrainingLoopTest::error)
                    .listener(new CheckpointWriter(directory.resolve("last.safetensors"), Map.of()).best(byLoss))
                    .listener(new CheckpointWriter(directory.resolve("last2.safetensors"), Map.of())
                            .best(byMetric, Monitor.highest("error")))
                    .fit(DataLoader.of(new Sums(10), 4), DataLoader.of(new Sums(7), 7), 3);
        }
        // The loss falls from epoch to epoch.
        assertEquals(3, Checkpoint.read(byLoss).history().size());
        assertEquals(1, Checkpoint.read(byMetric).history().size());
    }
}
