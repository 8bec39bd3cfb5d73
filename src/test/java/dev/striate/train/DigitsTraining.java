package dev.striate.train;

import static dev.striate.op.WindowOption.padding;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Scope;
import dev.striate.Tensor;
import dev.striate.backend.reference.ReferenceBuffer;
import dev.striate.data.Batch;
import dev.striate.data.DataLoader;
import dev.striate.data.TinyDigits;
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
                new Conv2d(1, 8, 3, padding(1)), new Relu(), new MaxPool2d(2),
                new Conv2d(8, 16, 3, padding(1)), new Relu(), new MaxPool2d(2),
                new Flatten(), new Linear(64, 10));
    }

    /** @param seed of the first parameters and of the order of the images */
    static DigitsTraining run(Device device, long seed, OptimizerMaker maker, int steps) {
        Iterator<Batch> batches = DataLoader.of(TinyDigits.train(), BATCH).shuffle(seed).prefetch(0).iterator();
        try (Sequential net = net().initialize(device, new Generator(seed)); Optimizer optimizer = maker.of(net.parameters())) {
            double[] losses = new double[steps];
            for (int step = 0; step < steps; step++) {
                try (Scope scope = Scope.open()) {
                    Batch batch = batches.next();
                    optimizer.zeroGrad();
                    Tensor loss = net.forward(batch.images(device)).crossEntropy(batch.labels(device));
                    loss.backward();
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
        if (tensor.buffer() instanceof ReferenceBuffer buffer) {
            for (int i = 0; i < values.length; i++) {
                values[i] = buffer.get(i);
            }
        } else {
            float[] narrow = tensor.toArray();
            for (int i = 0; i < values.length; i++) {
                values[i] = narrow[i];
            }
        }
        return values;
    }
}
