package dev.striate.backend.opencl;

import dev.striate.backend.Backend;
import dev.striate.backend.BinaryFunction;
import dev.striate.backend.Buffer;
import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.LinearGeometry;
import dev.striate.backend.MatmulGeometry;
import dev.striate.backend.Pool2dGeometry;
import dev.striate.backend.StridedLoop;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A call whose time a search measures, on random values: zeros are faster to multiply on some hardware.
 *
 * @param name   for people
 * @param terms  the length of the sums, which decides how far two right results may lie apart
 * @param inputs elements of each input
 * @param output elements of the result
 */
record OpenClTuningWork(String name, int terms, int[] inputs, int output, Call call) {

    /** Asks for the kernels. */
    @FunctionalInterface
    interface Call {
        void run(Backend backend, Buffer[] inputs, Buffer output);
    }

    /**
     * What a family is measured on: sizes of training, and products that fill a device. A quick search leaves out those
     * that run a kernel that another one measures too, because building kernels takes most of its time.
     */
    static List<OpenClTuningWork> of(OpenClFamily family, KernelShape shape, boolean quick) {
        boolean gpu = shape == KernelShape.TILED;
        int large = gpu ? quick ? 1024 : 2048 : quick ? 256 : 512;
        int batch = gpu ? quick ? 64 : 128 : quick ? 8 : 32;
        return switch (family) {
            case MATMUL -> {
                List<OpenClTuningWork> works = new ArrayList<>();
                works.add(product(large, large, large, false, false));
                works.add(product(128, 256, 2304, false, true));
                if (!quick) {
                    works.add(product(120, 400, 64, true, false));
                }
                yield works;
            }
            case CONV2D -> {
                List<OpenClTuningWork> works = new ArrayList<>(convolution(batch, 32, 64, 3, 15, 0));
                if (quick) {
                    // The input gradient.
                    works.remove(1);
                } else {
                    works.addAll(convolution(batch, 6, 16, 5, 14, 0));
                    works.addAll(convolution(batch, 64, 64, 3, 32, 1));
                }
                if (gpu) {
                    // For conv2d_direct.cl.
                    works.addAll(convolution(batch, 1, 6, 5, 28, 2));
                }
                yield works;
            }
            case LINEAR -> List.of(linearGradients(64, 400, 120), linearGradients(batch, 84, 10));
            case REDUCE -> List.of(sum(1, large * large), sum(batch, large));
            case POOL -> List.of(pooling(batch, 32, 30));
            case ELEMENTS -> List.of(addition(gpu ? 1 << 24 : 1 << 20), addition(1 << 16));
        };
    }

    static OpenClTuningWork product(int m, int n, int k, boolean transposeA, boolean transposeB) {
        MatmulGeometry g =
                new MatmulGeometry(StridedLoop.of(new int[0], new int[0], new int[0]), m, n, k, transposeA, transposeB);
        return new OpenClTuningWork(
                "product " + m + " x " + n + " x " + k,
                k,
                new int[] {m * k, k * n},
                m * n,
                (backend, x, y) -> backend.kernels().matmul().forward(g, x[0], x[1], null, y));
    }

    /** Forward and both gradients, stride 1. */
    static List<OpenClTuningWork> convolution(int batch, int in, int out, int kernel, int side, int padding) {
        int outSide = side + 2 * padding - kernel + 1;
        Conv2dGeometry g = new Conv2dGeometry(
                batch, in, side, side, out, outSide, outSide, kernel, kernel, 1, 1, padding, padding, 1, 1, 1);
        int x = batch * in * side * side;
        int y = batch * out * outSide * outSide;
        int w = out * in * kernel * kernel;
        String shape = in + " to " + out + " " + kernel + "x" + kernel;
        return List.of(
                new OpenClTuningWork(
                        "convolution " + shape,
                        in * kernel * kernel,
                        new int[] {x, w},
                        y,
                        (backend, from, to) ->
                                backend.kernels().conv2d().forward(g, from[0], from[1], null, false, to)),
                new OpenClTuningWork(
                        "input gradient " + shape,
                        out * kernel * kernel,
                        new int[] {y, w},
                        x,
                        (backend, from, to) ->
                                backend.kernels().conv2d().inputGradient(g, from[0], from[1], null, null, to)),
                new OpenClTuningWork(
                        "weight gradient " + shape,
                        batch * outSide * outSide,
                        new int[] {x, y},
                        w,
                        (backend, from, to) ->
                                backend.kernels().conv2d().weightGradient(g, from[0], from[1], to, null)));
    }

    /** The gradient of the weight; that of the input takes the place of an input that nobody reads. */
    static OpenClTuningWork linearGradients(int rows, int in, int out) {
        LinearGeometry g = new LinearGeometry(rows, in, out);
        return new OpenClTuningWork(
                "gradients of " + rows + " rows, " + in + " to " + out,
                rows,
                new int[] {rows * in, rows * out, in * out, rows * in},
                in * out,
                (backend, from, dw) ->
                        backend.kernels().linear().gradients(g, from[0], from[1], from[2], null, from[3], dw, null));
    }

    static OpenClTuningWork sum(int outputs, int terms) {
        return new OpenClTuningWork(
                outputs + " sums of " + terms,
                terms,
                new int[] {outputs * terms},
                outputs,
                (backend, x, y) -> backend.kernels()
                        .reduce()
                        .sum(
                                StridedLoop.of(new int[] {outputs}, new int[] {terms}),
                                StridedLoop.of(new int[] {terms}, new int[] {1}),
                                1,
                                x[0],
                                y));
    }

    /** The gradient of average pooling with windows of 2 by 2. */
    static OpenClTuningWork pooling(int batch, int channels, int side) {
        Pool2dGeometry g =
                new Pool2dGeometry(batch * channels, side, side, side / 2, side / 2, 2, 2, 2, 2, 0, 0, 0, 0, 1, 1);
        return new OpenClTuningWork(
                "pooling of " + batch * channels + " images",
                1,
                new int[] {batch * channels * (side / 2) * (side / 2)},
                batch * channels * side * side,
                (backend, dy, dx) -> backend.kernels().avgPool2d().gradient(g, false, dy[0], dx));
    }

    static OpenClTuningWork addition(int n) {
        StridedLoop loop = StridedLoop.of(new int[] {n}, new int[] {1}, new int[] {1});
        return new OpenClTuningWork(
                "addition of " + n,
                1,
                new int[] {n, n},
                n,
                (backend, x, y) -> backend.kernels().binary().forward(BinaryFunction.ADD, loop, x[0], x[1], y));
    }

    /** Uploads the inputs, and computes with the parameters as they are what others must agree with. */
    Prepared prepare(Backend backend) {
        float[][] values = new float[inputs.length][];
        float[][] magnitudes = new float[inputs.length][];
        Random random = new Random(1);
        for (int i = 0; i < inputs.length; i++) {
            values[i] = new float[inputs[i]];
            magnitudes[i] = new float[inputs[i]];
            for (int j = 0; j < inputs[i]; j++) {
                values[i][j] = (float) random.nextGaussian();
                magnitudes[i][j] = Math.abs(values[i][j]);
            }
        }
        try (Prepared ofMagnitudes = new Prepared(this, backend, magnitudes)) {
            ofMagnitudes.run();
            Prepared prepared = new Prepared(this, backend, values);
            prepared.run();
            prepared.expect(prepared.read(), ofMagnitudes.read());
            return prepared;
        }
    }

    /** With its buffers on a device. */
    static final class Prepared implements AutoCloseable {

        private final OpenClTuningWork work;
        private final Backend backend;
        private final Buffer[] inputs;
        private final Buffer output;
        private float[] expected = {};
        private float[] bound = {};

        private Prepared(OpenClTuningWork work, Backend backend, float[][] values) {
            this.work = work;
            this.backend = backend;
            this.inputs = Arrays.stream(values)
                    .map(each -> backend.allocate(each.length))
                    .toArray(Buffer[]::new);
            this.output = backend.allocate(work.output);
            for (int i = 0; i < inputs.length; i++) {
                backend.write(values[i], 0, inputs[i]);
            }
        }

        String name() {
            return work.name;
        }

        void run() {
            work.call.run(backend, inputs, output);
        }

        private float[] read() {
            float[] values = new float[work.output];
            backend.read(output, values, 0);
            return values;
        }

        /** Two float32 sums of n products lie at most 2 * 8 sqrt(n) 2^-24 of the sum of magnitudes apart. */
        private void expect(float[] values, float[] magnitudes) {
            expected = values;
            bound = new float[values.length];
            for (int i = 0; i < bound.length; i++) {
                bound[i] = (float) (16 * Math.sqrt(work.terms) * 0x1p-24 * magnitudes[i]);
            }
        }

        /** Whether the result of the last run is what was expected. */
        boolean isRight() {
            float[] values = read();
            for (int i = 0; i < values.length; i++) {
                // Written so that NaN is wrong.
                if (!(Math.abs(values[i] - expected[i]) <= bound[i])) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public void close() {
            for (Buffer input : inputs) {
                backend.release(input);
            }
            backend.release(output);
        }
    }
}
