package dev.striate.bench.peers;

import static dev.striate.op.WindowOption.padding;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.IntTensor;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.autograd.NoGrad;
import dev.striate.data.Batch;
import dev.striate.nn.BatchNorm2d;
import dev.striate.nn.Conv2d;
import dev.striate.nn.Flatten;
import dev.striate.nn.Linear;
import dev.striate.nn.MaxPool2d;
import dev.striate.nn.Module;
import dev.striate.nn.Relu;
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
import org.jspecify.annotations.Nullable;

/** Striate on its CPU device. */
final class StriateSide implements Side {

    private final Device device;

    StriateSide(int threads) {
        device = Device.cpu(threads);
    }

    /** What the device says of itself. */
    String detail() {
        return device.info().detail();
    }

    @Override
    public Work matmul(int n) {
        Tensor a = tensor(RandomData.normal(1, n * n), n, n);
        Tensor b = tensor(RandomData.normal(2, n * n), n, n);
        return new Work() {
            @Override
            public void run() {
                a.matmul(b).close();
            }

            @Override
            public Map<String, float[]> outcome() {
                try (Tensor c = a.matmul(b)) {
                    return Map.of("product", c.toArray());
                }
            }

            @Override
            public void close() {
                a.close();
                b.close();
            }
        };
    }

    /** The tensors of a convolution. */
    private final class ConvTensors implements AutoCloseable {

        final Tensor x;
        final Tensor weight;
        final Tensor bias;
        final int padding;

        ConvTensors(ConvShape s) {
            x = tensor(RandomData.normal(1, s.inputElements()), s.batch(), s.in(), s.side(), s.side());
            weight = tensor(RandomData.normal(2, s.weightElements()), s.out(), s.in(), s.kernel(), s.kernel());
            bias = tensor(RandomData.normal(3, s.out()), s.out());
            padding = s.padding();
        }

        Tensor forward() {
            return x.conv2d(weight, bias, padding(padding));
        }

        @Override
        public void close() {
            List.of(x, weight, bias).forEach(Tensor::close);
        }
    }

    @Override
    public Work convolution(ConvShape shape) {
        ConvTensors tensors = new ConvTensors(shape);
        return new Work() {
            @Override
            public void run() {
                tensors.forward().close();
            }

            @Override
            public Map<String, float[]> outcome() {
                try (Tensor y = tensors.forward()) {
                    return Map.of("output", y.toArray());
                }
            }

            @Override
            public void close() {
                tensors.close();
            }
        };
    }

    @Override
    public Work convolutionWithGradients(ConvShape shape) {
        ConvTensors tensors = new ConvTensors(shape);
        List<Tensor> leaves = List.of(tensors.x, tensors.weight, tensors.bias);
        leaves.forEach(leaf -> leaf.requiresGrad(true));
        Tensor dy = tensor(
                RandomData.normal(4, shape.outputElements()),
                shape.batch(),
                shape.out(),
                shape.outSide(),
                shape.outSide());
        return new Work() {
            @Override
            public void run() {
                leaves.forEach(Tensor::zeroGrad);
                try (Scope scope = Scope.open()) {
                    tensors.forward().backward(dy);
                }
            }

            @Override
            public Map<String, float[]> outcome() {
                run();
                Map<String, float[]> gradients = new LinkedHashMap<>();
                gradients.put("input gradient", tensors.x.grad().toArray());
                gradients.put("weight gradient", tensors.weight.grad().toArray());
                gradients.put("bias gradient", tensors.bias.grad().toArray());
                return gradients;
            }

            @Override
            public void close() {
                tensors.close();
                dy.close();
            }
        };
    }

    @Override
    public TrainingWork training(Net net, int batch) {
        return new Training(net, batch);
    }

    private final class Training extends TrainingWork {

        private final Net net;
        private final Tensor[] images = new Tensor[BATCHES];
        private final IntTensor[] labels = new IntTensor[BATCHES];
        private @Nullable Learning learning;

        Training(Net net, int batch) {
            this.net = net;
            for (int i = 0; i < BATCHES; i++) {
                images[i] = tensor(
                        RandomData.normal(10 + i, batch * net.imageElements()),
                        batch,
                        net.channels(),
                        net.side(),
                        net.side());
                labels[i] = IntTensor.of(device, RandomData.labels(30 + i, batch));
            }
        }

        @Override
        void restart() {
            closeLearning();
            learning = new Learning(net, net.randomWeights());
        }

        @Override
        float step(int batch) {
            return learning.step(images[batch], labels[batch]);
        }

        private void closeLearning() {
            if (learning != null) {
                learning.close();
            }
        }

        @Override
        public void close() {
            closeLearning();
            List.of(images).forEach(Tensor::close);
            List.of(labels).forEach(IntTensor::close);
        }
    }

    @Override
    public Learner learner(Net net, Net.Weights weights) {
        return new Learning(net, weights);
    }

    /** A model and its optimiser. */
    private final class Learning implements Learner {

        private final Sequential model;
        private final Optimizer optimizer;

        Learning(Net net, Net.Weights weights) {
            model = build(net, weights);
            optimizer = switch (net.method()) {
                case SGD -> new Sgd(model.parameters(), net.learningRate());
                case ADAM -> new Adam(model.parameters(), net.learningRate());
                case ADAMW ->
                    new AdamW(model.parameters(), net.learningRate())
                            .weightDecay(net.method().weightDecay());
            };
        }

        /** One step; returns the loss before the update. */
        float step(Tensor images, IntTensor labels) {
            try (Scope scope = Scope.open()) {
                optimizer.zeroGrad();
                Tensor loss = model.forward(images).crossEntropy(labels);
                loss.backward();
                optimizer.step();
                return loss.item();
            }
        }

        @Override
        public float step(Batch batch, float learningRate) {
            optimizer.learningRate(learningRate);
            try (Scope scope = Scope.open()) {
                return step(batch.images(device), batch.labels(device));
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
        Sequential model = build(net, net.randomWeights());
        model.eval();
        Tensor image = tensor(RandomData.normal(10, net.imageElements()), 1, net.channels(), net.side(), net.side());
        return new Work() {
            @Override
            public void run() {
                logits();
            }

            private float[] logits() {
                try (Scope scope = Scope.open();
                        NoGrad off = NoGrad.open()) {
                    return model.forward(image).toArray();
                }
            }

            @Override
            public Map<String, float[]> outcome() {
                return Map.of("logits", logits());
            }

            @Override
            public void close() {
                model.close();
                image.close();
            }
        };
    }

    private Sequential build(Net net, Net.Weights weights) {
        Sequential model =
                new Sequential(net.layers().stream().map(StriateSide::module).toArray(Module[]::new));
        model.initialize(device, new Generator(0));
        try (NoGrad off = NoGrad.open()) {
            assign(model.parameters().values(), weights.parameters());
            assign(model.buffers().values(), weights.buffers());
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

    private static Module module(Layer layer) {
        if (layer instanceof Layer.Conv conv) {
            return new Conv2d(conv.in(), conv.out(), conv.kernel(), padding(conv.padding()));
        } else if (layer instanceof Layer.Linear linear) {
            return new Linear(linear.in(), linear.out());
        } else if (layer instanceof Layer.BatchNorm norm) {
            return new BatchNorm2d(norm.channels());
        } else if (layer instanceof Layer.MaxPool) {
            return new MaxPool2d(2);
        } else if (layer instanceof Layer.Flatten) {
            return new Flatten();
        } else {
            return new Relu();
        }
    }

    private Tensor tensor(float[] values, int... sizes) {
        return Tensor.of(device, Shape.of(sizes), values);
    }
}
