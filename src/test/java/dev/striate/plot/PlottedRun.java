package dev.striate.plot;

import dev.striate.Shape;
import dev.striate.data.Dataset;
import dev.striate.train.EpochEnd;
import dev.striate.train.Evaluation;
import dev.striate.train.StepCurve;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What a small training run would leave to draw. */
final class PlottedRun {

    private PlottedRun() {}

    /** Images of one value each, (channels, 4, 4), whose labels count up and start again. */
    record Plain(int channels, float[] values, int classes) implements Dataset {

        @Override
        public int size() {
            return values.length;
        }

        @Override
        public Shape imageShape() {
            return Shape.of(channels, 4, 4);
        }

        @Override
        public List<String> classNames() {
            return names(classes);
        }

        @Override
        public void read(int index, float[] target, int offset) {
            Arrays.fill(target, offset, offset + imageShape().elements(), values[index]);
        }

        @Override
        public int label(int index) {
            return index % classes;
        }
    }

    static List<String> names(int classes) {
        return IntStream.range(0, classes).mapToObj(label -> "class " + label).toList();
    }

    /** An evaluation that predicts these classes for images whose labels count up and start again. */
    static Evaluation evaluation(int classes, int... predictions) {
        int[][] confusion = new int[classes][classes];
        for (int i = 0; i < predictions.length; i++) {
            confusion[i % classes][predictions[i]]++;
        }
        return new Evaluation(0.5, predictions, confusion);
    }

    /** Four steps per epoch, with a falling loss and a learning rate that rises and falls. */
    static StepCurve steps(int epochs) {
        float[] losses = new float[4 * epochs];
        float[] rates = new float[losses.length];
        for (int i = 0; i < losses.length; i++) {
            losses[i] = 1 / (i + 1f);
            rates[i] = 0.1f * Math.min(i + 1, losses.length - i) / losses.length;
        }
        return new StepCurve(4, 0, losses, rates);
    }

    static EpochEnd epoch(int epoch, int epochs, double trainLoss, @Nullable Evaluation test) {
        return new EpochEnd(epoch, epochs, 100, trainLoss, 0.5, Map.of(), test, 0.1f / epoch, 1, 100);
    }
}
