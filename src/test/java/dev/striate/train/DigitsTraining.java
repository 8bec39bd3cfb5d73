package dev.striate.train;

import static dev.striate.WindowOption.padding;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.IntTensor;
import dev.striate.Scope;
import dev.striate.Tensor;
import dev.striate.backend.reference.ReferenceBuffer;
import dev.striate.data.Batch;
import dev.striate.data.DataLoader;
import dev.striate.data.TinyDigits;
import dev.striate.internal.Internals;
import dev.striate.nn.Block;
import dev.striate.nn.Conv2d;
import dev.striate.nn.Flatten;
import dev.striate.nn.Linear;
import dev.striate.nn.MaxPool2d;
import dev.striate.nn.Relu;
import dev.striate.nn.Sequential;
import dev.striate.optim.Optimizer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The first steps of training the digits network, and what came out of them; from the reference in double precision.
 *
 * @param losses     before each step
 * @param parameters after the last step, by name
 */
record DigitsTraining(double[] losses, Map<String, double[]> parameters) {

    static final int BATCH = 32;

    /** Makes an optimiser of named parameters. */
    @FunctionalInterface
    interface OptimizerMaker {
        Optimizer of(Map<String, Tensor> parameters);
    }

    static Sequential net() {
        return new Sequential(
                new Conv2d(1, 8, 3, padding(1)),
                new Relu(),
                new MaxPool2d(2),
                new Conv2d(8, 16, 3, padding(1)),
                new Relu(),
                new MaxPool2d(2),
                new Flatten(),
                new Linear(64, 10));
    }

    /** @param seed of the first parameters and of the order of the images */
    static DigitsTraining run(Device device, long seed, OptimizerMaker maker, int steps) {
        return run(device, seed, maker, steps, DigitsTraining::backward);
    }

    /**
     * The same with nothing fused: every layer and every gradient by kernels of its own, and gradients added to zeros.
     */
    static DigitsTraining runStepByStep(Device device, long seed, OptimizerMaker maker, int steps) {
        return run(device, seed, maker, steps, DigitsTraining::backwardStepByStep);
    }

    /** Computes a loss and its gradients. */
    @FunctionalInterface
    private interface Backward {
        Tensor run(Sequential net, Tensor images, IntTensor labels);
    }

    private static Tensor backward(Sequential net, Tensor images, IntTensor labels) {
        Tensor loss = net.forward(images).crossEntropy(labels);
        loss.backward();
        return loss;
    }

    private static Tensor backwardStepByStep(Sequential net, Tensor images, IntTensor labels) {
        Tensor y = images;
        for (Block layer : net.children().values()) {
            // A gradient that somebody wants to see is computed by itself.
            y = layer.forward(y).retainGrad();
        }
        Tensor loss = y.logSoftmax(1).nll(labels);
        // Reading the zeros makes them be written.
        net.parameters().values().forEach(parameter -> parameter.grad().toFloatArray());
        loss.backward(Tensor.scalar(loss.device(), 1));
        return loss;
    }

    private static DigitsTraining run(Device device, long seed, OptimizerMaker maker, int steps, Backward backward) {
        Iterator<Batch> batches = DataLoader.of(TinyDigits.train(), BATCH)
                .shuffle(seed)
                .prefetch(0)
                .iterator();
        try (Sequential net = net().initialize(device, new Generator(seed));
                Optimizer optimizer = maker.of(net.parameters())) {
            double[] losses = new double[steps];
            for (int step = 0; step < steps; step++) {
                try (Scope scope = Scope.open()) {
                    Batch batch = batches.next();
                    optimizer.zeroGrad();
                    Tensor loss = backward.run(net, batch.images(device), batch.labels(device));
                    optimizer.step();
                    losses[step] = read(loss)[0];
                }
            }
            Map<String, double[]> parameters = new LinkedHashMap<>();
            net.parameters().forEach((name, parameter) -> parameters.put(name, read(parameter)));
            return new DigitsTraining(losses, parameters);
        }
    }

    private static double[] read(Tensor tensor) {
        double[] values = new double[tensor.shape().elements()];
        if (Internals.buffer(tensor) instanceof ReferenceBuffer buffer) {
            for (int i = 0; i < values.length; i++) {
                values[i] = buffer.get(i);
            }
        } else {
            float[] narrow = tensor.toFloatArray();
            for (int i = 0; i < values.length; i++) {
                values[i] = narrow[i];
            }
        }
        return values;
    }
}
