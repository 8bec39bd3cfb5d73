package dev.striate.bench.peers;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.pooling.Pool;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.GradientCollector;
import dev.striate.bench.common.ConvShape;
import dev.striate.bench.common.HashData;
import dev.striate.bench.common.Layer;
import dev.striate.bench.common.Learner;
import dev.striate.bench.common.Net;
import dev.striate.bench.common.Side;
import dev.striate.bench.common.TrainingWork;
import dev.striate.bench.common.Work;
import dev.striate.data.Batch;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * PyTorch's CPU engine through DJL: its functional operations, without the bookkeeping of DJL's Trainer. An {@link
 * NDScope} frees what a call makes, which costs less than a manager for each call.
 */
final class TorchSide implements Side {

    private static final Shape ONE = new Shape(1, 1);
    private static final Shape TWO = new Shape(2, 2);
    private static final Shape NONE = new Shape(0, 0);

    private final Engine engine;
    private final NDManager manager;

    TorchSide(int threads) {
        // Read once, when the engine is loaded.
        System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(threads));
        System.setProperty("ai.djl.pytorch.num_interop_threads", Integer.toString(threads));
        engine = Engine.getEngine("PyTorch");
        manager = engine.newBaseManager(ai.djl.Device.cpu());
        if (JniUtils.getNumThreads() != threads) {
            throw new IllegalStateException(
                    "libtorch runs " + JniUtils.getNumThreads() + " threads, asked for " + threads);
        }
    }

    /** Versions of libtorch and of DJL. */
    String detail() {
        return "libtorch " + engine.getVersion() + ", DJL " + Engine.getDjlVersion();
    }

    /** Returns the GFLOP/s of the best product of 1024: shows which instructions libtorch uses. */
    double matmulSpeed() {
        int n = 1024;
        double best = Double.POSITIVE_INFINITY;
        try (Work work = matmul(n)) {
            for (int i = 0; i < 50; i++) {
                long start = System.nanoTime();
                work.run();
                best = Math.min(best, System.nanoTime() - start);
            }
        }
        return 2.0 * n * n * n / best;
    }

    @Override
    public Work matmul(int n) {
        NDArray a = array(1, n, n);
        NDArray b = array(2, n, n);
        return Work.of("product", () -> a.matMul(b), NDArray::toFloatArray, NDArray::close, () -> close(a, b));
    }

    private static void close(NDArray... arrays) {
        List.of(arrays).forEach(NDArray::close);
    }

    /** The inputs of a convolution. */
    private final class Convolution {

        final NDArray x;
        final NDArray weight;
        final NDArray bias;
        final Shape padding;

        Convolution(ConvShape s) {
            x = array(1, s.batch(), s.in(), s.side(), s.side());
            weight = array(2, s.out(), s.in(), s.kernel(), s.kernel());
            bias = array(3, s.out());
            padding = new Shape(s.padding(), s.padding());
        }

        NDArray forward() {
            return convolve(x, weight, bias, padding);
        }
    }

    private static NDArray convolve(NDArray x, NDArray weight, NDArray bias, Shape padding) {
        return Conv2d.conv2d(x, weight, bias, ONE, padding, ONE, 1).singletonOrThrow();
    }

    @Override
    public Work convolution(ConvShape shape) {
        Convolution c = new Convolution(shape);
        return Work.of(
                "output",
                c::forward,
                NDArray::toFloatArray,
                NDArray::close,
                () -> TorchSide.close(c.x, c.weight, c.bias));
    }

    @Override
    public Work convolutionWithGradients(ConvShape shape) {
        Convolution c = new Convolution(shape);
        NDArray dy = array(4, shape.batch(), shape.out(), shape.outSide(), shape.outSide());
        return new Work() {
            @Override
            public void run() {
                pass(null);
            }

            @Override
            public Map<String, float[]> outcome() {
                Map<String, float[]> gradients = new LinkedHashMap<>();
                pass(gradients);
                return gradients;
            }

            private void pass(@Nullable Map<String, float[]> gradients) {
                try (NDScope scope = new NDScope()) {
                    // New handles on the same memory have no gradient yet: nothing to clear, nothing to add to.
                    NDArray x = leaf(c.x);
                    NDArray weight = leaf(c.weight);
                    NDArray bias = leaf(c.bias);
                    try (GradientCollector collector = engine.newGradientCollector()) {
                        NDArray y = convolve(x, weight, bias, c.padding);
                        // The collector's own backward() can only start from ones.
                        JniUtils.backward((PtNDArray) y, (PtNDArray) dy, false, false);
                    }
                    if (gradients != null) {
                        gradients.put("input_gradient", x.getGradient().toFloatArray());
                        gradients.put("weight_gradient", weight.getGradient().toFloatArray());
                        gradients.put("bias_gradient", bias.getGradient().toFloatArray());
                    }
                }
            }

            private NDArray leaf(NDArray array) {
                NDArray leaf = array.stopGradient();
                leaf.setRequiresGradient(true);
                return leaf;
            }

            @Override
            public void close() {
                TorchSide.close(c.x, c.weight, c.bias, dy);
            }
        };
    }

    @Override
    public TrainingWork training(Net net, int batch, int comparedSteps) {
        return new Training(net, batch, comparedSteps);
    }

    private final class Training extends TrainingWork {

        private final Net net;
        private final NDArray[] images = new NDArray[BATCHES];
        private final NDArray[] labels = new NDArray[BATCHES];
        private @Nullable Learning learning;

        Training(Net net, int batch, int comparedSteps) {
            super(comparedSteps);
            this.net = net;
            for (int i = 0; i < BATCHES; i++) {
                images[i] = array(10 + i, batch, net.channels(), net.side(), net.side());
                labels[i] = labels(HashData.labels(30 + i, batch));
            }
        }

        @Override
        public void restart() {
            closeLearning();
            learning = new Learning(net, net.randomWeights());
        }

        @Override
        public float step(int batch) {
            return learning.step(images[batch], labels[batch], net.learningRate());
        }

        private void closeLearning() {
            if (learning != null) {
                learning.close();
            }
        }

        @Override
        public void close() {
            closeLearning();
            TorchSide.close(images);
            TorchSide.close(labels);
        }
    }

    @Override
    public Learner learner(Net net, Net.Weights weights) {
        return new Learning(net, weights);
    }

    /** A model and its updates. */
    private final class Learning implements Learner {

        private final Model model;
        private final Updates updates;
        /**
         * What the images lie in, used again and again: libtorch computes on it in place, so a batch is copied once, as
         * on the other side, and no direct memory waits for the garbage collector.
         */
        private ByteBuffer pixels = direct(0);

        Learning(Net net, Net.Weights weights) {
            model = new Model(net, weights);
            model.parameters.forEach(parameter -> parameter.setRequiresGradient(true));
            updates = new Updates(net.method(), model.parameters);
        }

        /** One step; returns the loss before the update. */
        float step(NDArray images, NDArray labels, float learningRate) {
            float value;
            try (NDScope scope = new NDScope()) {
                NDArray loss;
                try (GradientCollector collector = engine.newGradientCollector()) {
                    NDArray logits = model.forward(images, true);
                    loss = logits.logSoftmax(1).gather(labels, 1).mean().neg();
                    collector.backward(loss);
                }
                value = loss.getFloat();
            }
            updates.apply(learningRate);
            return value;
        }

        @Override
        public float step(Batch batch, float learningRate) {
            try (NDScope scope = new NDScope()) {
                return step(images(batch), labels(batch.labels()), learningRate);
            }
        }

        @Override
        public int[] classify(Batch batch) {
            try (NDScope scope = new NDScope()) {
                long[] classes = model.forward(images(batch), false).argMax(1).toLongArray();
                return Arrays.stream(classes).mapToInt(Math::toIntExact).toArray();
            }
        }

        /** On memory that the next call overwrites. */
        private NDArray images(Batch batch) {
            float[] images = batch.images();
            int bytes = Math.multiplyExact(images.length, Float.BYTES);
            if (pixels.capacity() < bytes) {
                pixels = direct(bytes);
            }
            pixels.clear().limit(bytes);
            pixels.asFloatBuffer().put(images);
            dev.striate.Shape shape = batch.shape();
            return manager.create(
                    pixels, new Shape(shape.size(0), shape.size(1), shape.size(2), shape.size(3)), DataType.FLOAT32);
        }

        private static ByteBuffer direct(int bytes) {
            return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
        }

        @Override
        public void close() {
            updates.close();
            model.close();
        }
    }

    /**
     * DJL's update of each parameter in one native call, as its optimisers use it; it also clears the gradient. Adam is
     * not called through DJL's class, which adds epsilon before the second moment's bias is corrected: other work than
     * PyTorch's own Adam, which Striate follows, and other losses.
     */
    private static final class Updates implements AutoCloseable {

        private static final float BETA1 = 0.9f;
        private static final float BETA2 = 0.999f;
        private static final double EPSILON = 1e-8;
        private static final float NO_RESCALING = 1;
        private static final float NO_CLIPPING = -1;
        private static final float NO_MOMENTUM = 0;

        private final Net.Method method;
        private final List<NDArray> parameters;
        private final List<NDArray> means = new ArrayList<>();
        private final List<NDArray> squares = new ArrayList<>();
        private int steps;

        Updates(Net.Method method, List<NDArray> parameters) {
            this.method = method;
            this.parameters = parameters;
            if (method != Net.Method.SGD) {
                parameters.forEach(parameter -> {
                    means.add(parameter.zerosLike());
                    squares.add(parameter.zerosLike());
                });
            }
        }

        void apply(float learningRate) {
            steps++;
            double meanCorrection = 1 - Math.pow(BETA1, steps);
            double squareRoot = Math.sqrt(1 - Math.pow(BETA2, steps));
            for (int i = 0; i < parameters.size(); i++) {
                NDArray parameter = parameters.get(i);
                try (NDArray gradient = parameter.getGradient()) {
                    if (method == Net.Method.SGD) {
                        parameter
                                .getNDArrayInternal()
                                .sgdUpdate(
                                        new NDList(parameter, gradient),
                                        new NDList(parameter),
                                        learningRate,
                                        method.weightDecay(),
                                        NO_RESCALING,
                                        NO_CLIPPING,
                                        NO_MOMENTUM,
                                        true);
                    } else {
                        parameter
                                .getNDArrayInternal()
                                .adamUpdate(
                                        new NDList(parameter, gradient, means.get(i), squares.get(i)),
                                        new NDList(parameter),
                                        learningRate,
                                        (float) (learningRate * squareRoot / meanCorrection),
                                        method.weightDecay(),
                                        NO_RESCALING,
                                        NO_CLIPPING,
                                        BETA1,
                                        BETA2,
                                        (float) (EPSILON * squareRoot),
                                        true,
                                        method == Net.Method.ADAMW);
                    }
                }
            }
        }

        @Override
        public void close() {
            means.forEach(NDArray::close);
            squares.forEach(NDArray::close);
        }
    }

    @Override
    public Work inference(Net net) {
        Model model = new Model(net, net.randomWeights());
        NDArray image = array(10, 1, net.channels(), net.side(), net.side());
        return Work.of(
                "logits",
                () -> {
                    try (NDScope scope = new NDScope()) {
                        return model.forward(image, false).toFloatArray();
                    }
                },
                logits -> logits,
                logits -> {},
                () -> {
                    model.close();
                    image.close();
                });
    }

    /** A net's arrays, and its layers as calls. */
    private final class Model implements AutoCloseable {

        private static final int CHANNEL_AXIS = 1;
        private static final float MOMENTUM = 0.1f;
        private static final float EPSILON = 1e-5f;

        final List<NDArray> parameters = new ArrayList<>();
        private final List<NDArray> buffers = new ArrayList<>();
        private final Net net;

        Model(Net net, Net.Weights weights) {
            this.net = net;
            List<float[]> values = weights.parameters();
            List<float[]> statistics = weights.buffers();
            for (Layer layer : net.layers()) {
                if (layer instanceof Layer.Conv conv) {
                    add(values, new Shape(conv.out(), conv.in(), conv.kernel(), conv.kernel()), conv.out());
                } else if (layer instanceof Layer.Linear linear) {
                    add(values, new Shape(linear.out(), linear.in()), linear.out());
                } else if (layer instanceof Layer.BatchNorm norm) {
                    add(values, new Shape(norm.channels()), norm.channels());
                    for (int i = 0; i < 2; i++) {
                        buffers.add(manager.create(statistics.get(buffers.size()), new Shape(norm.channels())));
                    }
                }
            }
        }

        private void add(List<float[]> values, Shape weight, int bias) {
            for (Shape shape : List.of(weight, new Shape(bias))) {
                parameters.add(manager.create(values.get(parameters.size()), shape));
            }
        }

        NDArray forward(NDArray input, boolean training) {
            NDArray x = input;
            int p = 0;
            int b = 0;
            for (Layer layer : net.layers()) {
                if (layer instanceof Layer.Conv conv) {
                    Shape padding = conv.padding() == 0 ? NONE : new Shape(conv.padding(), conv.padding());
                    x = convolve(x, parameters.get(p++), parameters.get(p++), padding);
                } else if (layer instanceof Layer.Linear) {
                    x = Linear.linear(x, parameters.get(p++), parameters.get(p++))
                            .singletonOrThrow();
                } else if (layer instanceof Layer.BatchNorm) {
                    x = BatchNorm.batchNorm(
                                    x,
                                    buffers.get(b++),
                                    buffers.get(b++),
                                    parameters.get(p++),
                                    parameters.get(p++),
                                    CHANNEL_AXIS,
                                    1 - MOMENTUM,
                                    EPSILON,
                                    training)
                            .singletonOrThrow();
                } else if (layer instanceof Layer.MaxPool) {
                    x = Pool.maxPool2d(x, TWO, TWO, NONE, false);
                } else if (layer instanceof Layer.Flatten) {
                    x = x.reshape(x.getShape().get(0), -1);
                } else if (layer instanceof Layer.Relu) {
                    x = Activation.relu(x);
                } else {
                    throw new IllegalArgumentException("no " + layer + " on libtorch");
                }
            }
            return x;
        }

        @Override
        public void close() {
            parameters.forEach(NDArray::close);
            buffers.forEach(NDArray::close);
        }
    }

    /** As {@code gather} wants them. */
    private NDArray labels(int[] labels) {
        return manager.create(Arrays.stream(labels).asLongStream().toArray(), new Shape(labels.length, 1));
    }

    private NDArray array(int seed, int... sizes) {
        long[] all = Arrays.stream(sizes).asLongStream().toArray();
        return manager.create(HashData.uniform(seed, Arrays.stream(sizes).reduce(1, (a, b) -> a * b)), new Shape(all));
    }
}
