package dev.striate.bench.peers;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A net, told once for both sides.
 *
 * @param channels of the input
 * @param side     height and width of the input
 * @param method   how it is trained
 */
record Net(String name, int channels, int side, Method method, List<Layer> layers) {

    static final int CLASSES = 10;

    /** The optimisers, with PyTorch's defaults otherwise. */
    enum Method {
        SGD(0),
        ADAM(0),
        ADAMW(0.01f);

        private final float weightDecay;

        Method(float weightDecay) {
            this.weightDecay = weightDecay;
        }

        /** Decoupled from the gradient. */
        float weightDecay() {
            return weightDecay;
        }
    }

    /**
     * What a net's layers hold, in their order.
     *
     * @param parameters weight and bias of each layer that has them
     * @param buffers    running mean and variance of each batch normalisation
     */
    record Weights(List<float[]> parameters, List<float[]> buffers) {}

    static final Net DIGITS = new Net(
            "digits",
            1,
            8,
            Method.SGD,
            List.of(
                    new Layer.Conv(1, 8, 3, 1),
                    new Layer.Relu(),
                    new Layer.MaxPool(),
                    new Layer.Conv(8, 16, 3, 1),
                    new Layer.Relu(),
                    new Layer.MaxPool(),
                    new Layer.Flatten(),
                    new Layer.Linear(64, CLASSES)));

    static final Net LENET = lenet("lenet", 28, 2);

    static final Net CIFAR = new Net(
            "cifar",
            3,
            32,
            Method.ADAM,
            List.of(
                    new Layer.Conv(3, 32, 3, 0),
                    new Layer.BatchNorm(32),
                    new Layer.Relu(),
                    new Layer.MaxPool(),
                    new Layer.Conv(32, 64, 3, 0),
                    new Layer.BatchNorm(64),
                    new Layer.Relu(),
                    new Layer.MaxPool(),
                    new Layer.Flatten(),
                    new Layer.Linear(2304, 256),
                    new Layer.Relu(),
                    new Layer.Linear(256, CLASSES)));

    /** As {@code striate lenet} has it: the border is part of the image. */
    static final Net LENET5 = lenet("lenet5", 32, 0);

    private static Net lenet(String name, int side, int padding) {
        return new Net(
                name,
                1,
                side,
                Method.ADAM,
                List.of(
                        new Layer.Conv(1, 6, 5, padding),
                        new Layer.Relu(),
                        new Layer.MaxPool(),
                        new Layer.Conv(6, 16, 5, 0),
                        new Layer.Relu(),
                        new Layer.MaxPool(),
                        new Layer.Flatten(),
                        new Layer.Linear(400, 120),
                        new Layer.Relu(),
                        new Layer.Linear(120, 84),
                        new Layer.Relu(),
                        new Layer.Linear(84, CLASSES)));
    }

    static Net named(String name) {
        return List.of(DIGITS, LENET, CIFAR).stream()
                .filter(net -> net.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no net \"" + name + "\""));
    }

    /** The same net trained otherwise. */
    Net with(Method other) {
        return new Net(name, channels, side, other, layers);
    }

    /** Where it stays the same from step to step. */
    float learningRate() {
        return method == Method.SGD ? 0.05f : 1e-3f;
    }

    /** Elements of one image. */
    int imageElements() {
        return channels * side * side;
    }

    /**
     * The same for both sides, and no two arrays alike, batch normalisation's included: an exchange would be noticed.
     */
    Weights randomWeights() {
        return weights(100, true);
    }

    /**
     * The same for both sides, as PyTorch and Striate begin: batch normalisation with 1 and 0, its statistics with 0
     * and 1.
     */
    Weights initialWeights(long seed) {
        return weights(seed << Integer.SIZE, false);
    }

    /** Convolutions and linear layers uniform within 1 / sqrt(fan-in), as PyTorch and Striate begin. */
    private Weights weights(long firstSeed, boolean randomNorms) {
        Weights all = new Weights(new ArrayList<>(), new ArrayList<>());
        long seed = firstSeed;
        for (Layer layer : layers) {
            seed += 4;
            if (layer instanceof Layer.Conv conv) {
                int fanIn = conv.in() * conv.kernel() * conv.kernel();
                addUniform(all.parameters, seed, conv.out() * fanIn, conv.out(), fanIn);
            } else if (layer instanceof Layer.Linear linear) {
                addUniform(all.parameters, seed, linear.out() * linear.in(), linear.out(), linear.in());
            } else if (layer instanceof Layer.BatchNorm norm) {
                float wide = randomNorms ? 0.5f : 0;
                float narrow = randomNorms ? 0.1f : 0;
                all.parameters.add(RandomData.around(seed, norm.channels(), 1, wide));
                all.parameters.add(RandomData.around(seed + 1, norm.channels(), 0, narrow));
                all.buffers.add(RandomData.around(seed + 2, norm.channels(), 0, narrow));
                all.buffers.add(RandomData.around(seed + 3, norm.channels(), 1, wide));
            }
        }
        return all;
    }

    private static void addUniform(List<float[]> all, long seed, int weights, int biases, int fanIn) {
        float bound = (float) (1 / Math.sqrt(fanIn));
        all.add(RandomData.around(seed, weights, 0, bound));
        all.add(RandomData.around(seed + 1, biases, 0, bound));
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

    /** How far both sides' losses of the first steps may differ, relative. */
    Map<String, Double> lossBounds() {
        Map<String, Double> allowed = new LinkedHashMap<>();
        for (int step = 1; step <= Side.COMPARED_STEPS; step++) {
            // One forward pass, and of each step before it three passes' worth of rounding in the parameters.
            allowed.put(lossName(step), rounding() * (3 * step - 2));
        }
        return allowed;
    }

    /** The name of the loss of a step, counted from 1. */
    static String lossName(int step) {
        return "loss " + step;
    }
}
