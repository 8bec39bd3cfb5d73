package dev.striate.bench.gpu;

import static dev.striate.op.WindowOption.padding;
import static dev.striate.op.WindowOption.stride;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.IntTensor;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.autograd.NoGrad;
import dev.striate.backend.Buffer;
import dev.striate.models.Architecture;
import dev.striate.nn.Sequential;
import dev.striate.optim.Adam;
import dev.striate.optim.Optimizer;
import dev.striate.optim.Sgd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Striate's side of the works. */
final class Works {

    static final int CLASSES = 10;
    /** Of training, which take turns. */
    static final int BATCHES = 8;
    /**
     * Whose losses are compared, on a batch each: the first shows the forward pass, the next gradients and update. Deep
     * nets with batch normalisation multiply a rounding from step to step, so that later losses say less.
     */
    static final int COMPARED_STEPS = 3;

    private Works() {}

    private static Tensor tensor(Device device, int seed, float bound, int... sizes) {
        Shape shape = Shape.of(sizes);
        return Tensor.of(device, shape, HashData.uniform(seed, shape.elements(), bound));
    }

    /** The least that a launch can do. */
    static Work launch(Device device, boolean wait) {
        Tensor x = tensor(device, 1, 1, 64);
        return new Work() {
            @Override
            public void run() {
                x.mul(0.5f).close();
                if (wait) {
                    device.synchronize();
                }
            }

            @Override
            public List<Digest> digests() {
                try (Tensor y = x.mul(0.5f)) {
                    return List.of(Digest.of("product", y.toArray()));
                }
            }

            @Override
            public void close() {
                x.close();
            }
        };
    }

    /** @param way {@code h2d}, {@code d2h} or {@code d2d}, whose two copies are one reading and one writing */
    static Work copy(Device device, String way, int n) {
        float[] host = HashData.uniform(1, n, 1);
        float[] back = new float[n];
        Tensor x = Tensor.of(device, Shape.of(n), host);
        Tensor y = Tensor.zeros(device, n);
        Buffer buffer = x.buffer();
        return new Work() {
            @Override
            public void run() {
                switch (way) {
                    case "h2d" -> device.backend().write(host, 0, buffer);
                    case "d2h" -> device.backend().read(buffer, back, 0);
                    default -> y.assign(x);
                }
            }

            @Override
            public List<Digest> digests() {
                run();
                return List.of(Digest.of("copy", (way.equals("d2d") ? y : x).toArray()));
            }

            @Override
            public void close() {
                x.close();
                y.close();
            }
        };
    }

    static Work matmul(Device device, int n) {
        Tensor a = tensor(device, 1, 1, n, n);
        Tensor b = tensor(device, 2, 1, n, n);
        return new Work() {
            @Override
            public void run() {
                a.matmul(b).close();
            }

            @Override
            public List<Digest> digests() {
                try (Tensor c = a.matmul(b)) {
                    return List.of(Digest.of("product", c.toArray()));
                }
            }

            @Override
            public void close() {
                a.close();
                b.close();
            }
        };
    }

    static Work convolution(Device device, ConvShape s, boolean gradients) {
        Tensor x = tensor(device, 1, 1, s.batch(), s.in(), s.side(), s.side()).requiresGrad(gradients);
        Tensor w = tensor(device, 2, 1, s.out(), s.in(), s.kernel(), s.kernel()).requiresGrad(gradients);
        Tensor b = tensor(device, 3, 1, s.out()).requiresGrad(gradients);
        Tensor dy = tensor(device, 4, 1, s.batch(), s.out(), s.outSide(), s.outSide());
        return new Work() {
            private Tensor forward() {
                return x.conv2d(w, b, padding(s.padding()), stride(s.stride()));
            }

            @Override
            public void run() {
                List.of(x, w, b).forEach(Tensor::zeroGrad);
                try (Scope scope = Scope.open()) {
                    Tensor y = forward();
                    if (gradients) {
                        y.backward(dy);
                    }
                }
            }

            @Override
            public List<Digest> digests() {
                if (!gradients) {
                    try (Tensor y = forward()) {
                        return List.of(Digest.of("output", y.toArray()));
                    }
                }
                run();
                return List.of(
                        Digest.of("input_gradient", x.grad().toArray()),
                        Digest.of("weight_gradient", w.grad().toArray()),
                        Digest.of("bias_gradient", b.grad().toArray()));
            }

            @Override
            public void close() {
                List.of(x, w, b).forEach(Tensor::zeroGrad);
                List.of(x, w, b, dy).forEach(Tensor::close);
            }
        };
    }

    /** Steps on batches that lie on the device; the loss stays there. */
    static Work training(Device device, Architecture net, int batch) {
        return new Training(device, net, batch);
    }

    private static final class Training implements Work {

        private final Device device;
        private final Architecture net;
        private final List<Tensor> images = new ArrayList<>();
        private final List<IntTensor> labels = new ArrayList<>();
        private Sequential model;
        private Optimizer optimizer;
        private int steps;

        Training(Device device, Architecture net, int batch) {
            this.device = device;
            this.net = net;
            for (int i = 0; i < BATCHES; i++) {
                images.add(tensor(device, 10 + i, 1, net.batch(batch).toArray()));
                labels.add(IntTensor.of(device, HashData.labels(30 + i, batch, CLASSES)));
            }
            begin();
        }

        private void begin() {
            model = net.create(CLASSES).initialize(device, new Generator(0));
            int seed = 100;
            try (NoGrad off = NoGrad.open()) {
                for (Map.Entry<String, Tensor> entry : model.parameters().entrySet()) {
                    entry.getValue()
                            .assign(initial(entry.getKey(), entry.getValue().shape(), seed++));
                }
            }
            optimizer =
                    net == Architecture.CNN ? new Sgd(model.parameters(), 0.05f) : new Adam(model.parameters(), 0.001f);
        }

        /** As the other side begins: within 1 / sqrt(fan-in), batch normalisation with 1 and 0, biases with 0. */
        private static float[] initial(String name, Shape shape, int seed) {
            int n = shape.elements();
            if (shape.rank() > 1) {
                return HashData.uniform(seed, n, (float) (1 / Math.sqrt(n / shape.size(0))));
            }
            float[] values = new float[n];
            Arrays.fill(values, name.endsWith("weight") ? 1 : 0);
            return values;
        }

        private Tensor step(int batch) {
            optimizer.zeroGrad();
            Tensor loss = model.forward(images.get(batch)).crossEntropy(labels.get(batch));
            loss.backward();
            optimizer.step();
            return loss;
        }

        @Override
        public void run() {
            try (Scope scope = Scope.open()) {
                step(steps++ % BATCHES);
            }
        }

        @Override
        public List<Digest> digests() {
            end();
            begin();
            List<Digest> digests = new ArrayList<>();
            for (int i = 1; i <= COMPARED_STEPS; i++) {
                try (Scope scope = Scope.open()) {
                    digests.add(Digest.ofLoss(i, step(i).item()));
                }
            }
            return digests;
        }

        private void end() {
            optimizer.close();
            model.close();
        }

        @Override
        public void close() {
            end();
            images.forEach(Tensor::close);
            labels.forEach(IntTensor::close);
        }
    }
}
