package dev.striate.train;

import dev.striate.ClassificationOptions;
import dev.striate.CrossEntropyResult;
import dev.striate.Device;
import dev.striate.IntTensor;
import dev.striate.NoGrad;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.data.Batch;
import dev.striate.data.LabelMix;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** Compares a model's output with the targets of a batch: the loss, the metrics and a classifier's predictions. */
final class Objective {

    /** A loss or a metric. */
    private interface Measure {
        Tensor of(Tensor output, Targets targets);
    }

    /** The targets of a batch on the device: one of the two is null. */
    private record Targets(
            @Nullable IntTensor labels, @Nullable Tensor values) {

        static Targets of(Batch batch, Device device) {
            return batch.hasLabels()
                    ? new Targets(batch.labels(device), null)
                    : new Targets(null, batch.targets(device));
        }

        static Targets ofLabels(int[] labels, Device device) {
            return new Targets(IntTensor.of(device, labels), null);
        }

        IntTensor labels(String measure) {
            if (labels == null) {
                throw new StriateException("Trainer: the " + measure + " takes classes, but the targets of the data set"
                        + " are numbers; set it with loss or metric, not with labelLoss or labelMetric");
            }
            return labels;
        }

        Tensor values(String measure) {
            if (values == null) {
                throw new StriateException("Trainer: the " + measure + " takes numbers, but the targets of the data set"
                        + " are classes; set it with labelLoss or labelMetric, not with loss or metric");
            }
            return values;
        }
    }

    /**
     * The values of a batch.
     *
     * @param loss        the mean loss of the images
     * @param predictions the predicted classes {@code (N)}, with {@code greatest()} equal to the last class; null if
     *     the model is not a classifier
     * @param metrics     scalars, in the order of {@link #metricNames}
     */
    record Values(Tensor loss, @Nullable IntTensor predictions, List<Tensor> metrics) {}

    /** Null for the cross-entropy of logits and classes. */
    private @Nullable Measure loss;

    private final Map<String, Measure> metrics = new LinkedHashMap<>();

    void loss(BiFunction<Tensor, Tensor, Tensor> function) {
        loss = (output, targets) -> function.apply(output, targets.values("loss"));
    }

    void labelLoss(BiFunction<Tensor, IntTensor, Tensor> function) {
        loss = (output, targets) -> function.apply(output, targets.labels("loss"));
    }

    void metric(String name, BiFunction<Tensor, Tensor, Tensor> function) {
        add(name, (output, targets) -> function.apply(output, targets.values("metric " + name)));
    }

    void labelMetric(String name, BiFunction<Tensor, IntTensor, Tensor> function) {
        add(name, (output, targets) -> function.apply(output, targets.labels("metric " + name)));
    }

    /** Names are columns of CSV files and parts of the keys of checkpoints. */
    private void add(String name, Measure metric) {
        if (!name.matches("[A-Za-z][A-Za-z0-9_.-]*") || name.equals("loss") || name.equals("accuracy")) {
            throw new StriateException("Trainer: expected a metric's name of letters, digits, _, . and -, other than"
                    + " loss and accuracy, got \"" + name + "\"");
        }
        if (metrics.putIfAbsent(name, metric) != null) {
            throw new StriateException("Trainer: there is already a metric \"" + name + "\"");
        }
    }

    List<String> metricNames() {
        return List.copyOf(metrics.keySet());
    }

    /**
     * Compares an output with the targets.
     *
     * @param options the options of the cross-entropy, which is the loss unless another was set
     */
    Values compare(Tensor output, Batch batch, Device device, ClassificationOptions options) {
        Targets targets = Targets.of(batch, device);
        LabelMix mix = batch.hasLabels() ? batch.labelMix() : null;
        Targets partners = mix == null ? null : Targets.ofLabels(mix.labels(), device);
        IntTensor predictions = null;
        Tensor value;
        if (loss == null) {
            CrossEntropyResult result = output.crossEntropyWithPredictions(targets.labels("loss"), options);
            predictions = result.predictions();
            value = result.loss();
            if (mix != null && partners != null) {
                value = mix(mix.share(), value, output.crossEntropy(partners.labels("loss"), options));
            }
        } else {
            value = scalar("loss", loss.of(output, targets));
            if (mix != null && partners != null) {
                value = mix(mix.share(), value, scalar("loss", loss.of(output, partners)));
            }
            if (targets.labels != null && output.shape().rank() == 2 && output.size(1) > 1) {
                predictions = output.argmax(1);
            }
        }
        List<Tensor> measured = new ArrayList<>();
        try (NoGrad off = NoGrad.open()) {
            metrics.forEach((name, metric) -> measured.add(scalar("metric " + name, metric.of(output, targets))));
        }
        return new Values(value, predictions, measured);
    }

    private static Tensor mix(float share, Tensor own, Tensor other) {
        return own.mul(share).add(other.mul(1 - share));
    }

    private static Tensor scalar(String measure, Tensor value) {
        if (value.shape().elements() != 1) {
            throw new StriateException("Trainer: expected one number as the " + measure
                    + ", the mean over the images of the batch, got a tensor of shape " + value.shape());
        }
        return value;
    }
}
