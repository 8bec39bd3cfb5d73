package dev.striate.bench;

import static dev.striate.op.WindowOption.groups;
import static dev.striate.op.WindowOption.padding;

import dev.striate.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Convolutions with a bias, forward and with all three gradients. */
public class Conv2dBench extends DeviceBench {

    @Param
    public ConvShape shape;

    private Tensor x;
    private Tensor weight;
    private Tensor bias;

    @Override
    void prepare() {
        x = randn(shape.batch, shape.in, shape.side, shape.side).requiresGrad(true);
        weight = randn(shape.out, shape.in / shape.groups, shape.kernel, shape.kernel)
                .requiresGrad(true);
        bias = randn(shape.out).requiresGrad(true);
    }

    @Override
    Cost cost(String benchmark) {
        return Cost.ofFlops((benchmark.equals("forward") ? 1 : 3) * shape.forwardFlops());
    }

    private Tensor convolve() {
        return x.conv2d(weight, bias, padding(shape.padding), groups(shape.groups));
    }

    @Benchmark
    public void forward() {
        measure(this::convolve);
    }

    @Benchmark
    public void withGradients() {
        measure(() -> backward(convolve(), x, weight, bias));
    }
}
