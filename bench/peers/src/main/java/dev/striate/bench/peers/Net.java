package dev.striate.bench.peers;

import java.util.ArrayList;
import java.util.List;

/**
 * A net, told once for both sides.
 *
 * @param channels of the input
 * @param side     height and width of the input
 * @param adam     whether it is trained with Adam (rate 1e-3) rather than with plain SGD (rate 0.05)
 */
record Net(String name, int channels, int side, boolean adam, List<Layer> layers) {

    static final int CLASSES = 10;

    static final Net DIGITS = new Net("digits", 1, 8, false, List.of(
            new Layer.Conv(1, 8, 3, 1), new Layer.Relu(), new Layer.MaxPool(),
            new Layer.Conv(8, 16, 3, 1), new Layer.Relu(), new Layer.MaxPool(),
            new Layer.Flatten(), new Layer.Linear(64, CLASSES)));

    static final Net LENET = new Net("lenet", 1, 28, true, List.of(
            new Layer.Conv(1, 6, 5, 2), new Layer.Relu(), new Layer.MaxPool(),
            new Layer.Conv(6, 16, 5, 0), new Layer.Relu(), new Layer.MaxPool(),
            new Layer.Flatten(), new Layer.Linear(400, 120), new Layer.Relu(),
            new Layer.Linear(120, 84), new Layer.Relu(), new Layer.Linear(84, CLASSES)));

    static final Net CIFAR = new Net("cifar", 3, 32, true, List.of(
            new Layer.Conv(3, 32, 3, 0), new Layer.BatchNorm(32), new Layer.Relu(), new Layer.MaxPool(),
            new Layer.Conv(32, 64, 3, 0), new Layer.BatchNorm(64), new Layer.Relu(), new Layer.MaxPool(),
            new Layer.Flatten(), new Layer.Linear(2304, 256), new Layer.Relu(), new Layer.Linear(256, CLASSES)));

    static Net named(String name) {
        return List.of(DIGITS, LENET, CIFAR).stream().filter(net -> net.name.equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no net \"" + name + "\""));
    }

    float learningRate() {
        return adam ? 1e-3f : 0.05f;
    }

    /** Elements of one image. */
    int imageElements() {
        return channels * side * side;
    }

    /** Weights and biases in the layers' order, the same for both sides; uniform within 1 / sqrt(fan-in), as PyTorch begins. */
    List<float[]> parameters() {
        List<float[]> all = new ArrayList<>();
        long seed = 100;
        for (Layer layer : layers) {
            seed += 2;
            if (layer instanceof Layer.Conv conv) {
                int fanIn = conv.in() * conv.kernel() * conv.kernel();
                addUniform(all, seed, conv.out() * fanIn, conv.out(), fanIn);
            } else if (layer instanceof Layer.Linear linear) {
                addUniform(all, seed, linear.out() * linear.in(), linear.out(), linear.in());
            } else if (layer instanceof Layer.BatchNorm norm) {
                all.add(RandomData.uniform(seed, norm.channels(), 0.5f, 1.5f));
                all.add(RandomData.uniform(seed + 1, norm.channels(), -0.1f, 0.1f));
            }
        }
        return all;
    }

    private static void addUniform(List<float[]> all, long seed, int weights, int biases, int fanIn) {
        float bound = (float) (1 / Math.sqrt(fanIn));
        all.add(RandomData.uniform(seed, weights, -bound, bound));
        all.add(RandomData.uniform(seed + 1, biases, -bound, bound));
    }

    /** Running mean and variance of each batch normalisation, in the layers' order. */
    List<float[]> buffers() {
        List<float[]> all = new ArrayList<>();
        long seed = 200;
        for (Layer layer : layers) {
            seed += 2;
            if (layer instanceof Layer.BatchNorm norm) {
                all.add(RandomData.uniform(seed, norm.channels(), -0.1f, 0.1f));
                all.add(RandomData.uniform(seed + 1, norm.channels(), 0.5f, 1.5f));
            }
        }
        return all;
    }

    /** Multiplications and additions of convolutions and linear layers for one image, forward. */
    double forwardFlops() {
        double flops = 0;
        int size = side;
        for (Layer layer : layers) {
            if (layer instanceof Layer.Conv conv) {
                size = size + 2 * conv.padding() - conv.kernel() + 1;
                flops += 2.0 * size * size * conv.out() * conv.in() * conv.kernel() * conv.kernel();
            } else if (layer instanceof Layer.MaxPool) {
                size /= 2;
            } else if (layer instanceof Layer.Linear linear) {
                flops += 2.0 * linear.in() * linear.out();
            }
        }
        return flops;
    }

    /** The same for one image of a training step: thrice, but nobody needs the gradient of the images. */
    double trainingFlops() {
        Layer.Conv first = (Layer.Conv) layers.get(0);
        int size = side + 2 * first.padding() - first.kernel() + 1;
        double inputGradient = 2.0 * size * size * first.out() * first.in() * first.kernel() * first.kernel();
        return 3 * forwardFlops() - inputGradient;
    }

    /** How far two correct forward passes may differ by rounding, relative: what each sum in turn may add. */
    double rounding() {
        double sum = 0;
        for (Layer layer : layers) {
            if (layer instanceof Layer.Conv conv) {
                sum += Check.rounding(conv.in() * conv.kernel() * conv.kernel());
            } else if (layer instanceof Layer.Linear linear) {
                sum += Check.rounding(linear.in());
            }
        }
        return sum;
    }
}
