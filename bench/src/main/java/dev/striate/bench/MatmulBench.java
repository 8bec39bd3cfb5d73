package dev.striate.bench;

import dev.striate.Tensor;
import dev.striate.bench.common.Cost;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Products of square matrices, either side as it is or transposed. */
public class MatmulBench extends DeviceBench {

    @Param({"256", "512", "1024", "2048"})
    public int n;

    private Tensor a;
    private Tensor b;

    @Override
    void prepare() {
        a = randn(n, n);
        b = randn(n, n);
    }

    @Override
    Cost cost(String benchmark) {
        return Cost.ofFlops(2.0 * n * n * n);
    }

    @Benchmark
    public void product() {
        measure(() -> a.matmul(b));
    }

    @Benchmark
    public void leftTransposed() {
        measure(() -> a.matmul(b, true, false));
    }

    @Benchmark
    public void rightTransposed() {
        measure(() -> a.matmul(b, false, true));
    }
}
