package dev.striate.bench.peers;

import dev.striate.bench.common.Net;
import dev.striate.data.Cifar10;
import dev.striate.data.Datasets;
import dev.striate.data.Mnist;
import dev.striate.data.RandomCrop;
import dev.striate.data.RandomHorizontalFlip;
import dev.striate.data.Splits;
import dev.striate.data.Transform;
import dev.striate.optim.CosineSchedule;
import dev.striate.optim.OneCycleSchedule;
import dev.striate.optim.Schedule;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** A training from the first step to the last, as one of Striate's commands does it. */
enum Task {

    /** {@code striate lenet}. */
    MNIST("LeNet-5 on MNIST", "Adam, learning rate 0.003 falling to 0 along a cosine", Net.LENET5, 0.99, List.of()) {
        @Override
        Splits read(Path directory) {
            return Mnist.read(directory).map(images -> Datasets.pad(images, BORDER));
        }

        @Override
        Schedule schedule(long steps) {
            return new CosineSchedule(TOP_RATE, 0, steps);
        }
    },

    /** {@code striate cifar10}. */
    CIFAR10(
            "Simple net on CIFAR-10",
            "AdamW, weight decay 0.01, one cycle of the learning rate up to 0.003, random flip and crop by 2",
            Net.CIFAR.with(Net.Method.ADAMW),
            0.72,
            List.of(new RandomHorizontalFlip(0.5f), new RandomCrop(2))) {
        @Override
        Splits read(Path directory) {
            return Cifar10.read(directory);
        }

        @Override
        Schedule schedule(long steps) {
            return new OneCycleSchedule(TOP_RATE, Math.max(2, steps));
        }
    };

    static final int BATCH = 128;
    static final int EVALUATION_BATCH = 250;
    static final int EPOCHS = 10;

    private static final float TOP_RATE = 0.003f;
    /** 28x28 to 32x32. */
    private static final int BORDER = 2;

    private final String title;
    private final String recipe;
    private final Net net;
    private final double target;
    private final List<Transform> augmentation;

    Task(String title, String recipe, Net net, double target, List<Transform> augmentation) {
        this.title = title;
        this.recipe = recipe;
        this.net = net;
        this.target = target;
        this.augmentation = augmentation;
    }

    String title() {
        return title;
    }

    /** In words. */
    String recipe() {
        return recipe;
    }

    Net net() {
        return net;
    }

    /** The accuracy on the test set, the time to which is reported. */
    double target() {
        return target;
    }

    /** Of training images, after their normalisation. */
    List<Transform> augmentation() {
        return augmentation;
    }

    /** The images in the shape that the net takes. */
    abstract Splits read(Path directory);

    /** The learning rate by the number of steps taken, of so many in all. */
    abstract Schedule schedule(long steps);

    /** The name that the command line knows. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
