package dev.striate.op;

import dev.striate.Device;
import dev.striate.IntTensor;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.backend.reference.ReferenceBuffer;
import dev.striate.internal.Internals;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a case gave on a device: values, integers, and per input its gradient or null. On the reference device inputs
 * and results are in double precision.
 */
record CaseRun(double[][] outputs, int[][] indices, double @Nullable [][] gradients) {

    /** Runs a case with its own inputs, forward and, where there is something to differentiate, backward. */
    static CaseRun of(OpCase c, Device device) {
        double[][] forward = forward(c, device, c.inputValues()).outputs();
        double[] upstream = forward.length == 0 ? null : c.upstreamValues(forward[0].length);
        return of(c, device, c.inputValues(), upstream, c.differentiable());
    }

    /** Runs a case forward with given inputs. */
    static CaseRun forward(OpCase c, Device device, double[][] inputs) {
        return of(c, device, inputs, null, new boolean[inputs.length]);
    }

    /**
     * Runs a case, and checks that it gave back all the memory it took.
     *
     * @param upstream the gradient put on the first result, or null for a forward run only
     * @param wanted   which inputs get a gradient
     */
    static CaseRun of(OpCase c, Device device, double[][] inputs, double @Nullable [] upstream, boolean[] wanted) {
        return of(c, c.call, device, inputs, upstream, wanted, false);
    }

    /**
     * Runs a case with its own inputs lying in windows of larger buffers, as parameters in flat storage do, and so
     * their gradients. Checks that nothing was written beside the windows.
     */
    static CaseRun inWindows(OpCase c, Device device, double @Nullable [] upstream) {
        return of(c, c.call, device, c.inputValues(), upstream, c.differentiable(), true);
    }

    /** The same with {@link OpCase#magnitudes} in place of the operation, on the reference device. */
    static CaseRun ofMagnitudes(OpCase c, double[][] inputs, double[] upstream) {
        return of(c, c.magnitudes, Device.reference(), inputs, upstream, c.differentiable(), false);
    }

    private static CaseRun of(
            OpCase c,
            OpCase.Call call,
            Device device,
            double[][] inputs,
            double @Nullable [] upstream,
            boolean[] wanted,
            boolean inWindows) {
        int before = device.memory().liveBuffers();
        CaseRun run;
        try (Scope scope = Scope.open()) {
            List<Tensor> tensors = new ArrayList<>();
            List<Tensor> surroundings = new ArrayList<>();
            boolean any = false;
            for (int i = 0; i < inputs.length; i++) {
                Tensor input =
                        tensor(device, c.inputs.get(i).shape(), inputs[i]).requiresGrad(wanted[i] && upstream != null);
                if (inWindows && inputs[i].length > 0) {
                    try (Tensor values = window(input, surroundings);
                            Tensor gradient = window(input, surroundings)) {
                        values.assign(input);
                        Internals.storage(input).moveTo(Internals.storage(values));
                        Internals.gradient(input).moveInto(gradient);
                    }
                }
                tensors.add(input);
                any |= wanted[i];
            }
            OpCase.Results results = call.apply(new OpCase.Arguments(device, tensors));
            c.requireShape(results);
            if (upstream != null && any) {
                Tensor first = results.tensors().get(0);
                if (upstream.length == 1 && upstream[0] == 1) {
                    first.backward();
                } else {
                    first.backward(tensor(device, first.shape(), upstream));
                }
            }
            double[][] gradients = new double[inputs.length][];
            for (int i = 0; i < inputs.length; i++) {
                Tensor gradient = tensors.get(i).grad();
                gradients[i] = gradient == null ? null : read(gradient);
            }
            for (Tensor surrounding : surroundings) {
                requireUntouchedMargins(c, surrounding);
            }
            run = new CaseRun(
                    results.tensors().stream().map(CaseRun::read).toArray(double[][]::new),
                    results.indices().stream().map(IntTensor::toIntArray).toArray(int[][]::new),
                    gradients);
        }
        int after = device.memory().liveBuffers();
        if (after != before) {
            throw new AssertionError(c + " on " + device + ": " + (after - before) + " buffers were not given back");
        }
        return run;
    }

    private static Tensor tensor(Device device, Shape shape, double[] values) {
        float[] narrow = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            narrow[i] = (float) values[i];
        }
        Tensor tensor = Tensor.of(device, shape, narrow);
        if (Internals.buffer(tensor) instanceof ReferenceBuffer buffer) {
            for (int i = 0; i < values.length; i++) {
                buffer.set(i, values[i]);
            }
        }
        return tensor;
    }

    /** A window of a tensor's shape in the middle of a buffer of NaN. */
    private static Tensor window(Tensor input, List<Tensor> surroundings) {
        int margin = Internals.backend(input.device()).sliceAlignment();
        Tensor surrounding = Tensor.full(
                input.device(), Float.NaN, 2 * margin + input.shape().elements());
        surroundings.add(surrounding);
        return Internals.window(surrounding, margin, input.shape());
    }

    private static void requireUntouchedMargins(OpCase c, Tensor surrounding) {
        float[] values = surrounding.toFloatArray();
        int margin = Internals.backend(surrounding.device()).sliceAlignment();
        for (int i = 0; i < margin; i++) {
            if (!Float.isNaN(values[i]) || !Float.isNaN(values[values.length - 1 - i])) {
                throw new AssertionError(c + " on " + surrounding.device() + " wrote beside a window");
            }
        }
    }

    private static double[] read(Tensor tensor) {
        if (Internals.buffer(tensor) instanceof ReferenceBuffer buffer) {
            double[] values = new double[buffer.length()];
            for (int i = 0; i < values.length; i++) {
                values[i] = buffer.get(i);
            }
            return values;
        }
        return OpCase.widen(tensor.toFloatArray());
    }
}
