package dev.striate.bench.peers;

import dev.striate.bench.common.Json;
import dev.striate.bench.common.Learner;
import dev.striate.bench.common.Net;
import dev.striate.bench.common.OwnProcess;
import dev.striate.bench.common.Row;
import dev.striate.data.Batch;
import dev.striate.data.DataLoader;
import dev.striate.data.Datasets;
import dev.striate.data.Normalize;
import dev.striate.data.Splits;
import dev.striate.data.Transform;
import dev.striate.optim.Schedule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * An {@link OwnProcess} that trains a {@link Task}'s net on one side from reading the data to the last evaluation. All
 * but the {@link Learner} is the same Java on both sides: files, normalisation, batches prepared in the background,
 * learning rates.
 */
final class WholeTraining {

    /**
     * What to do.
     *
     * @param data    the directory with the task's data
     * @param seed    of the initial weights, the batches' order and the augmentation
     * @param images  how many of the training images, and at most how many of the test images, 0 for all
     */
    record Order(Task task, Path data, int seed, int threads, int epochs, int images) {

        private static Order of(List<String> arguments) {
            return new Order(
                    Task.valueOf(arguments.get(0)),
                    Path.of(arguments.get(1)),
                    Integer.parseInt(arguments.get(2)),
                    Integer.parseInt(arguments.get(3)),
                    Integer.parseInt(arguments.get(4)),
                    Integer.parseInt(arguments.get(5)));
        }

        private List<String> arguments() {
            return Stream.of(task.name(), data, seed, threads, epochs, images)
                    .map(Object::toString)
                    .toList();
        }

        /** The data, as many of them as are wanted. */
        Splits read() {
            return task.read(data).map(all -> images == 0 ? all : Datasets.subset(all, Math.min(images, all.size())));
        }
    }

    /**
     * After an epoch.
     *
     * @param seconds  from just before the process was started to the end of the evaluation
     * @param loss     the mean over the epoch's images, each before its step
     * @param accuracy on the test set
     */
    record Epoch(double seconds, double loss, double accuracy) {}

    /**
     * What came of it.
     *
     * @param firstLosses of the first steps, to compare the sides by
     * @param peakBytes   resident at most
     */
    record Outcome(List<Float> firstLosses, List<Epoch> epochs, long peakBytes) {

        /** Seconds to the end of the first epoch with at least this accuracy, none if there was none. */
        OptionalDouble secondsTo(double accuracy) {
            return epochs.stream()
                    .filter(epoch -> epoch.accuracy >= accuracy)
                    .mapToDouble(Epoch::seconds)
                    .findFirst();
        }

        Epoch last() {
            return epochs.get(epochs.size() - 1);
        }
    }

    private final Order order;
    private final Learner learner;
    private final DataLoader train;
    private final DataLoader test;
    private final List<Float> firstLosses = new ArrayList<>();
    private final List<Epoch> epochs = new ArrayList<>();

    private WholeTraining(Order order, Splits splits, Learner learner) {
        this.order = order;
        this.learner = learner;
        Normalize normalize = Datasets.meanAndDeviation(splits.train());
        Transform[] chain = Stream.concat(Stream.of(normalize), order.task.augmentation().stream())
                .toArray(Transform[]::new);
        train = DataLoader.of(splits.train(), Task.BATCH).shuffle(order.seed).transform(chain);
        test = DataLoader.of(splits.test(), Task.EVALUATION_BATCH).transform(normalize);
    }

    /** Arguments: the side, then those of the order. Prints the outcome as one line of JSON. */
    public static void main(String[] args) throws IOException {
        Order order = Order.of(List.of(args).subList(1, args.length));
        Splits splits = order.read();
        Net net = order.task.net();
        try (Learner learner = Sides.named(args[0], order.threads).learner(net, net.initialWeights(order.seed))) {
            System.out.println(Json.line(new WholeTraining(order, splits, learner).run()));
        }
    }

    /** Runs one on a side, with an addition to the environment. The module aside, both sides get the same flags. */
    static Outcome run(String side, Map<String, String> environment, Order order)
            throws IOException, InterruptedException {
        List<String> flags = new ArrayList<>(OwnProcess.FRUGAL);
        if (side.equals(Sides.STRIATE)) {
            flags.addAll(OwnProcess.VECTORS);
        }
        List<String> arguments = new ArrayList<>(List.of(side));
        arguments.addAll(order.arguments());
        String classPath = System.getProperty("java.class.path");
        return Json.parse(OwnProcess.run(WholeTraining.class, flags, environment, classPath, arguments), Outcome.class);
    }

    private Outcome run() throws IOException {
        Schedule schedule = order.task.schedule((long) order.epochs * train.batches());
        int step = 0;
        for (int epoch = 1; epoch <= order.epochs; epoch++) {
            double sum = 0;
            for (Batch batch : train) {
                try (batch) {
                    float loss = learner.step(batch, schedule.at(step++));
                    if (!Float.isFinite(loss)) {
                        throw new IllegalStateException("the loss of step " + step + " is " + loss);
                    }
                    if (step <= Row.COMPARED_STEPS) {
                        firstLosses.add(loss);
                    }
                    sum += (double) loss * batch.size();
                }
            }
            double accuracy = accuracy();
            Epoch end = new Epoch(OwnProcess.seconds(), sum / train.dataset().size(), accuracy);
            epochs.add(end);
            System.err.printf(
                    Locale.ROOT,
                    "epoch %2d of %d: %7.2f s, loss %.4f, test accuracy %.2f %%%n",
                    epoch,
                    order.epochs,
                    end.seconds,
                    end.loss,
                    100 * accuracy);
        }
        return new Outcome(firstLosses, epochs, OwnProcess.peakBytes());
    }

    private double accuracy() {
        int correct = 0;
        for (Batch batch : test) {
            try (batch) {
                int[] classes = learner.classify(batch);
                for (int i = 0; i < classes.length; i++) {
                    correct += classes[i] == batch.labels()[i] ? 1 : 0;
                }
            }
        }
        return (double) correct / test.dataset().size();
    }
}
