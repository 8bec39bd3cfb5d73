package dev.striate.bench;

import dev.striate.bench.common.ConvShape;
import dev.striate.bench.common.Cost;
import dev.striate.bench.common.Striate;
import dev.striate.bench.common.Work;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Convolutions with a bias, forward without recording, and with all three gradients. */
public class Conv2dBench extends DeviceBench {

    @Param({
        ConvShape.LENET_1,
        ConvShape.LENET_2,
        ConvShape.CIFAR_1,
        ConvShape.CIFAR_2,
        ConvShape.RESIDUAL,
        // Pointwise, as between depthwise ones; as the first of a residual block; depthwise.
        "N=32 64->64 1x1 on 28x28",
        "N=8 256->64 1x1 on 56x56",
        "N=32 64->64 3x3 pad 1 groups 64 on 28x28"
    })
    public String shape;

    private Work forward;
    private Work withGradients;

    @Override
    void prepare() {
        Striate striate = new Striate(opened);
        forward = striate.convolution(ConvShape.of(shape));
        withGradients = striate.convolutionWithGradients(ConvShape.of(shape));
    }

    @Override
    Cost cost(String benchmark) {
        return Cost.ofFlops(
                (benchmark.equals("forward") ? 1 : 3) * ConvShape.of(shape).forwardFlops());
    }

    @Benchmark
    public void forward() {
        measure(forward::run);
    }

    @Benchmark
    public void withGradients() {
        measure(withGradients::run);
    }
}
