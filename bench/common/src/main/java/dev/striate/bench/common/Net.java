package dev.striate.bench.common;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.nn.Block;
import dev.striate.nn.Sequential;
import dev.striate.nn.Summary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A net, described once for all sides.
 *
 * @param channels of the input
 * @param side     height and width of the input
 * @param method   how it is trained
 */
public record Net(String name, int channels, int side, Method method, List<Layer> layers) {

    public static final int CLASSES = 10;

    /** The optimisers, with PyTorch's defaults otherwise. */
    public enum Method {
        SGD(0),
        ADAM(0),
        ADAMW(0.01f);

        private final float weightDecay;

        Method(float weightDecay) {
            this.weightDecay = weightDecay;
        }

        /** Returns the weight decay, which is decoupled from the gradient. */
        public float weightDecay() {
            return weightDecay;
        }
    }

    /**
     * The arrays of the layers, in their order.
     *
     * @param parameters weight and bias of each layer that has them
     * @param buffers    running mean and variance of each batch normalisation
     */
    public record Weights(List<float[]> parameters, List<float[]> buffers) {}

    public static final Net DIGITS = new Net(
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

    public static final Net LENET = lenet("lenet", 28, 2);

    public static final Net CIFAR = new Net(
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

    /** LeNet as in {@code striate lenet}: the border is part of the image. */
    public static final Net LENET5 = lenet("lenet5", 32, 0);

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

    public static Net named(String name) {
        return Stream.of(DIGITS, LENET, CIFAR)
                .filter(net -> net.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no net \"" + name + "\""));
    }

    /** Returns the same net with another optimiser. */
    public Net with(Method other) {
        return new Net(name, channels, side, other, layers);
    }

    /** Returns the learning rate of trainings without a schedule. */
    public float learningRate() {
        return method == Method.SGD ? 0.05f : 1e-3f;
    }

    /** Returns the shape of a batch of images. */
    public Shape batch(int images) {
        return Shape.of(images, channels, side, side);
    }

    /** Builds the net in Striate. Its parameters do not exist until it is initialised. */
    public Sequential model() {
        return new Sequential(layers.stream().map(Layer::block).toArray(Block[]::new));
    }

    /** Returns weights of which no two arrays are alike, batch normalisation's included: an exchange would be noticed. */
    public Weights randomWeights() {
        return weights(100, true);
    }

    /** Returns weights as PyTorch and Striate initialise them: batch normalisation with 1 and 0, its statistics with 0 and 1. */
    public Weights initialWeights(int seed) {
        return weights(1000 * (seed + 1), false);
    }

    /** Convolutions and linear layers are uniform within 1 / sqrt(fan-in). */
    private Weights weights(int firstSeed, boolean randomNorms) {
        Weights all = new Weights(new ArrayList<>(), new ArrayList<>());
        int seed = firstSeed;
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
                all.parameters.add(HashData.around(seed, norm.channels(), 1, wide));
                all.parameters.add(HashData.around(seed + 1, norm.channels(), 0, narrow));
                all.buffers.add(HashData.around(seed + 2, norm.channels(), 0, narrow));
                all.buffers.add(HashData.around(seed + 3, norm.channels(), 1, wide));
            }
        }
        return all;
    }

    private static void addUniform(List<float[]> all, int seed, int weights, int biases, int fanIn) {
        float bound = (float) (1 / Math.sqrt(fanIn));
        all.add(HashData.around(seed, weights, 0, bound));
        all.add(HashData.around(seed + 1, biases, 0, bound));
    }

    /** The layers with weights. */
    private List<Summary.Row> weighted() {
        try (Sequential model = model().initialize(Device.cpu(), new Generator(0))) {
            return model.summary(batch(1)).rows().stream()
                    .filter(row -> row.multiplyAdds() > 0)
                    .toList();
        }
    }

    /** Returns the multiplications and additions of convolutions and linear layers for one image, forward. */
    public double forwardFlops() {
        return 2.0 * weighted().stream().mapToLong(Summary.Row::multiplyAdds).sum();
    }

    /** Returns the cost of a training step: three times that of the forward pass, without the gradient of the images. */
    public Cost trainingCost(int batch) {
        double inputGradient = 2.0 * weighted().get(0).multiplyAdds();
        return new Cost(batch * (3 * forwardFlops() - inputGradient), 0, batch);
    }

    /** Returns how much two correct forward passes may differ by rounding, relative: what the sums of each layer may add. */
    public double rounding() {
        return weighted().stream()
                .mapToDouble(row -> Check.rounding(
                        (double) row.multiplyAdds() / row.output().elements()))
                .sum();
    }

    /** Returns how much the losses of the first steps may differ, relative. */
    public Map<String, Double> lossBounds(int steps) {
        double rounding = rounding();
        Map<String, Double> allowed = new LinkedHashMap<>();
        for (int step = 1; step <= steps; step++) {
            // One forward pass, and of each step before it three passes' worth of rounding in the parameters.
            allowed.put(lossName(step), rounding * (3 * step - 2));
        }
        return allowed;
    }

    /** Returns the name of the loss of a step, counted from 1. */
    public static String lossName(int step) {
        return "loss_" + step;
    }
}
