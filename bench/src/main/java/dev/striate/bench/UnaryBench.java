package dev.striate.bench;

import dev.striate.Tensor;
import dev.striate.bench.common.Cost;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Functions of one element, on the activations of a layer: 32 images of 16 channels of 28x28 pixels. */
public class UnaryBench extends DeviceBench {

    private static final String IMAGES = "32x16x28x28";

    private static final Map<String, UnaryOperator<Tensor>> FUNCTIONS = Map.of(
            "relu",
            Tensor::relu,
            "exp",
            Tensor::exp,
            "log",
            Tensor::log,
            "sqrt",
            Tensor::sqrt,
            "sigmoid",
            Tensor::sigmoid,
            "tanh",
            Tensor::tanh,
            "gelu",
            Tensor::gelu,
            "elu",
            x -> x.elu(1));

    @Param({"relu", "exp", "log", "sqrt", "sigmoid", "tanh", "gelu", "elu"})
    public String function;

    private Tensor x;

    @Override
    void prepare() {
        // The logarithm and the root are defined for positive numbers only.
        x = (function.equals("log") || function.equals("sqrt")
                        ? randn(sizes(IMAGES)).abs()
                        : randn(sizes(IMAGES)))
                .requiresGrad(true);
    }

    @Override
    Cost cost(String benchmark) {
        // Backward reads a gradient and what was saved, and writes a gradient.
        return Cost.ofElements((benchmark.equals("forward") ? 2 : 5) * elements(IMAGES));
    }

    private Tensor apply() {
        return FUNCTIONS.get(function).apply(x);
    }

    @Benchmark
    public void forward() {
        measure(this::apply);
    }

    @Benchmark
    public void withGradient() {
        measure(() -> backward(apply(), x));
    }
}
