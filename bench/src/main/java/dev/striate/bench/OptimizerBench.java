package dev.striate.bench;

import dev.striate.Tensor;
import dev.striate.optim.Adam;
import dev.striate.optim.Optimizer;
import dev.striate.optim.Sgd;
import java.util.Map;
import org.openjdk.jmh.annotations.Benchmark;

/** One fused update of 61,706 parameters, as many as LeNet-5 has. */
public class OptimizerBench extends DeviceBench {

    private static final int PARAMETERS = 61_706;

    private Optimizer sgd;
    private Optimizer adam;

    @Override
    void prepare() {
        Tensor first = randn(PARAMETERS).requiresGrad(true);
        Tensor second = randn(PARAMETERS).requiresGrad(true);
        sgd = new Sgd(Map.of("weight", first), 0.01f).momentum(0.9f);
        adam = new Adam(Map.of("weight", second), 0.001f);
        first.mul(randn(PARAMETERS)).sum().backward();
        second.mul(randn(PARAMETERS)).sum().backward();
    }

    @Benchmark
    public void sgdWithMomentum() {
        measure(sgd::step);
    }

    @Benchmark
    public void adam() {
        measure(adam::step);
    }
}
