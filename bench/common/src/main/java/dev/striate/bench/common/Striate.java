package dev.striate.bench.common;

import static dev.striate.WindowOption.groups;
import static dev.striate.WindowOption.padding;
import static dev.striate.WindowOption.stride;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.IntTensor;
import dev.striate.NoGrad;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.data.Batch;
import dev.striate.nn.Sequential;
import dev.striate.optim.Adam;
import dev.striate.optim.AdamW;
import dev.striate.optim.Optimizer;
import dev.striate.optim.Sgd;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Striate on one of its devices. */
public final class Striate implements Side {

    private final Device device;
    private final boolean readsLoss;
    private final Function<Net, Net.Weights> weights;

    public Striate(Device device) {
        this(device, true, Net::randomWeights);
    }

    /**
     * Returns this side with settings for training.
     *
     * @param readsLoss whether a timed step copies the loss from the device
     * @param weights   the initial weights of a net
     */
    public Striate(Device device, boolean readsLoss, Function<Net, Net.Weights> weights) {
        this.device = device;
        this.readsLoss = readsLoss;
        this.weights = weights;
    }

    public Device device() {
        return device;
    }

    private Tensor tensor(int seed, int... sizes) {
        Shape shape = Shape.of(sizes);
        return Tensor.of(device, shape, HashData.uniform(seed, shape.elements()));
    }

    private static void close(Tensor... tensors) {
        List.of(tensors).forEach(Tensor::close);
    }

    @Override
    public Work matmul(int n) {
        Tensor a = tensor(1, n, n);
        Tensor b = tensor(2, n, n);
        return Work.of("product", () -> a.matmul(b), Tensor::toFloatArray, Tensor::close, () -> close(a, b));
    }

    /** The inputs of a convolution. */
    private final class Convolution {

        final ConvShape shape;
        final Tensor x;
        final Tensor weight;
        final Tensor bias;

        Convolution(ConvShape s) {
            shape = s;
            x = tensor(1, s.batch(), s.in(), s.side(), s.side());
            weight = tensor(2, s.out(), s.in() / s.groups(), s.kernel(), s.kernel());
            bias = tensor(3, s.out());
        }

        Tensor forward() {
            return x.conv2d(weight, bias, padding(shape.padding()), stride(shape.stride()), groups(shape.groups()));
        }
    }

    @Override
    public Work convolution(ConvShape shape) {
        Convolution c = new Convolution(shape);
        return Work.of(
                "output", c::forward, Tensor::toFloatArray, Tensor::close, () -> Striate.close(c.x, c.weight, c.bias));
    }

    @Override
    public Work convolutionWithGradients(ConvShape shape) {
        Convolution c = new Convolution(shape);
        Map<String, Tensor> leaves = new LinkedHashMap<>();
        leaves.put("input_gradient", c.x.requiresGrad(true));
        leaves.put("weight_gradient", c.weight.requiresGrad(true));
        leaves.put("bias_gradient", c.bias.requiresGrad(true));
        Tensor dy = tensor(4, shape.batch(), shape.out(), shape.outSide(), shape.outSide());
        return new Work() {
            @Override
            public void run() {
                leaves.values().forEach(Tensor::zeroGrad);
                try (Scope scope = Scope.open()) {
                    c.forward().backward(dy);
                }
            }

            @Override
            public Map<String, float[]> outcome() {
                run();
                Map<String, float[]> gradients = new LinkedHashMap<>();
                leaves.forEach((name, leaf) -> gradients.put(name, leaf.grad().toFloatArray()));
                return gradients;
            }

            @Override
            public void close() {
                leaves.values().forEach(Tensor::zeroGrad);
                Striate.close(c.x, c.weight, c.bias, dy);
            }
        };
    }

    @Override
    public TrainingWork training(Net net, int batch, int comparedSteps) {
        return new Training(net, batch, comparedSteps);
    }

    private final class Training extends TrainingWork {

        private final Net net;
        private final Tensor[] images = new Tensor[BATCHES];
        private final IntTensor[] labels = new IntTensor[BATCHES];
        private @Nullable Learning learning;

        Training(Net net, int batch, int comparedSteps) {
            super(comparedSteps);
            this.net = net;
            for (int i = 0; i < BATCHES; i++) {
                images[i] = tensor(10 + i, net.batch(batch).toArray());
                labels[i] = IntTensor.of(device, HashData.labels(30 + i, batch));
            }
        }

        @Override
        public void restart() {
            closeLearning();
            learning = new Learning(net, weights.apply(net));
        }

        @Override
        public float step(int batch) {
            try (Scope scope = Scope.open()) {
                return learning.step(images[batch], labels[batch]).item();
            }
        }

        @Override
        protected void timedStep(int batch) {
            if (readsLoss) {
                step(batch);
            } else {
                try (Scope scope = Scope.open()) {
                    learning.step(images[batch], labels[batch]);
                }
            }
        }

        private void closeLearning() {
            if (learning != null) {
                learning.close();
            }
        }

        @Override
        public void close() {
            closeLearning();
            Striate.close(images);
            List.of(labels).forEach(IntTensor::close);
        }
    }

    @Override
    public Learner learner(Net net, Net.Weights initial) {
        return new Learning(net, initial);
    }

    /** A model and its optimiser. */
    private final class Learning implements Learner {

        private final Sequential model;
        private final Optimizer optimizer;

        Learning(Net net, Net.Weights initial) {
            model = build(net, initial);
            optimizer = switch (net.method()) {
                case SGD -> new Sgd(model.parameters(), net.learningRate());
                case ADAM -> new Adam(model.parameters(), net.learningRate());
                case ADAMW ->
                    new AdamW(model.parameters(), net.learningRate())
                            .weightDecay(net.method().weightDecay());
            };
        }

        /** Takes one step; returns the loss before the update. */
        Tensor step(Tensor images, IntTensor labels) {
            optimizer.zeroGrad();
            Tensor loss = model.forward(images).crossEntropy(labels);
            loss.backward();
            optimizer.step();
            return loss;
        }

        @Override
        public float step(Batch batch, float learningRate) {
            optimizer.learningRate(learningRate);
            try (Scope scope = Scope.open()) {
                return step(batch.images(device), batch.labels(device)).item();
            }
        }

        @Override
        public int[] classify(Batch batch) {
            model.eval();
            try (Scope scope = Scope.open();
                    NoGrad off = NoGrad.open()) {
                return model.forward(batch.images(device)).argmax(1).toIntArray();
            } finally {
                model.train();
            }
        }

        @Override
        public void close() {
            optimizer.close();
            model.close();
        }
    }

    @Override
    public Work inference(Net net) {
        Sequential model = build(net, weights.apply(net));
        model.eval();
        Tensor image = tensor(10, net.batch(1).toArray());
        return Work.of(
                "logits",
                () -> {
                    try (Scope scope = Scope.open();
                            NoGrad off = NoGrad.open()) {
                        return model.forward(image).toFloatArray();
                    }
                },
                logits -> logits,
                logits -> {},
                () -> {
                    model.close();
                    image.close();
                });
    }

    private Sequential build(Net net, Net.Weights values) {
        Sequential model = net.model().initialize(device, new Generator(0));
        try (NoGrad off = NoGrad.open()) {
            assign(model.parameters().values(), values.parameters());
            assign(model.buffers().values(), values.buffers());
        }
        return model;
    }

    private static void assign(Collection<Tensor> tensors, List<float[]> values) {
        if (tensors.size() != values.size()) {
            throw new IllegalStateException("the net has " + values.size() + " arrays, its model " + tensors.size());
        }
        Iterator<float[]> next = values.iterator();
        tensors.forEach(tensor -> tensor.assign(next.next()));
    }
}
