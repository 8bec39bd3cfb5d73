package dev.striate.bench;

import dev.striate.Tensor;
import dev.striate.bench.common.Cost;
import dev.striate.optim.Adam;
import dev.striate.optim.Optimizer;
import dev.striate.optim.Sgd;
import java.util.Map;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** One fused update of as many parameters as LeNet-5 and the CIFAR net have. */
public class OptimizerBench extends DeviceBench {

    @Param({"61706", "612234"})
    public int parameters;

    private Optimizer sgd;
    private Optimizer momentum;
    private Optimizer adam;

    @Override
    void prepare() {
        sgd = new Sgd(weights(), 0.01f);
        momentum = new Sgd(weights(), 0.01f).momentum(0.9f);
        adam = new Adam(weights(), 0.001f);
    }

    private Map<String, Tensor> weights() {
        Tensor weight = randn(parameters).requiresGrad(true);
        weight.mul(randn(parameters)).sum().backward();
        return Map.of("weight", weight);
    }

    @Override
    Cost cost(String benchmark) {
        // Weights, and the state, are read and written; gradients are read.
        return Cost.ofElements(parameters
                * switch (benchmark) {
                    case "sgd" -> 3.0;
                    case "sgdWithMomentum" -> 5.0;
                    default -> 7.0;
                });
    }

    @Benchmark
    public void sgd() {
        measure(sgd::step);
    }

    @Benchmark
    public void sgdWithMomentum() {
        measure(momentum::step);
    }

    @Benchmark
    public void adam() {
        measure(adam::step);
    }
}
