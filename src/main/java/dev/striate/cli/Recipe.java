package dev.striate.cli;

import dev.striate.Tensor;
import dev.striate.data.Transform;
import dev.striate.optim.Adam;
import dev.striate.optim.AdamW;
import dev.striate.optim.CosineSchedule;
import dev.striate.optim.OneCycleSchedule;
import dev.striate.optim.Optimizer;
import dev.striate.optim.Schedule;
import dev.striate.optim.Sgd;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The default training options of a command.
 *
 * @param method         the optimiser
 * @param rate           the highest learning rate with that optimiser
 * @param weightDecay    the L2 penalty's factor with sgd and adam, the decoupled decay with adamw
 * @param labelSmoothing see {@link dev.striate.ClassificationOptions}
 * @param course         the learning-rate schedule
 * @param augmentation   random transforms of training images, after the normalisation
 */
record Recipe(
        int epochs,
        int batchSize,
        Method method,
        float rate,
        float weightDecay,
        float labelSmoothing,
        Course course,
        List<Transform> augmentation) {

    /** Adam with a cosine schedule. */
    static Recipe plain(int epochs, int batchSize, float rate) {
        return new Recipe(epochs, batchSize, Method.ADAM, rate, 0, 0, Course.COSINE, List.of());
    }

    Recipe with(int newEpochs, int newBatchSize, Method newMethod, float newRate) {
        return new Recipe(
                newEpochs, newBatchSize, newMethod, newRate, weightDecay, labelSmoothing, course, augmentation);
    }

    Optimizer optimizer(Map<String, Tensor> parameters) {
        return switch (method) {
            case SGD -> new Sgd(parameters, rate).momentum(0.9f).nesterov(true).weightDecay(weightDecay);
            case ADAM -> new Adam(parameters, rate).weightDecay(weightDecay);
            case ADAMW -> new AdamW(parameters, rate).weightDecay(weightDecay);
        };
    }

    Schedule schedule(long steps) {
        return course == Course.COSINE
                ? new CosineSchedule(rate, 0, steps)
                : new OneCycleSchedule(rate, Math.max(2, steps));
    }

    /** {@code 10 epochs, batch size 128, adam, learning rate 0.003 with cosine decay}. */
    @Override
    public String toString() {
        return epochs + (epochs == 1 ? " epoch" : " epochs") + ", batch size " + batchSize + ", " + method
                + ", learning rate "
                + rate + course.inWords
                + (weightDecay > 0 ? ", weight decay " + weightDecay : "")
                + (labelSmoothing > 0 ? ", label smoothing " + labelSmoothing : "");
    }

    /** The optimisers, by the names of the option. */
    enum Method {
        /** With Nesterov momentum 0.9. */
        SGD,
        ADAM,
        ADAMW;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The learning-rate schedules. */
    enum Course {
        COSINE(" with cosine decay"),
        ONE_CYCLE(" as the maximum of one cycle");

        private final String inWords;

        Course(String inWords) {
            this.inWords = inWords;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }
}
