package dev.striate.bench;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.IntTensor;
import dev.striate.Scope;
import dev.striate.Tensor;
import dev.striate.bench.common.Cost;
import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What all benchmarks share: a device, random inputs made once, and the time per call until the device has done its
 * work. Inputs are random because zeros are faster to multiply on some hardware and never exercise a branch.
 */
@State(org.openjdk.jmh.annotations.Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public abstract class DeviceBench {

    @Param("cpu")
    public String device;

    Device opened;
    private Generator random;

    @Setup
    public void open() {
        opened = Device.parse(device);
        random = new Generator(1);
        prepare();
    }

    /** Makes the inputs. */
    abstract void prepare();

    /** What one call of a benchmark comes to, from its parameters alone: no device is open when this is asked. */
    abstract Cost cost(String benchmark);

    /** Sets one of the public parameters, as JMH does. */
    final void setParameter(String name, String value) throws ReflectiveOperationException {
        Field field = getClass().getField(name);
        if (field.getType() == int.class) {
            field.setInt(this, Integer.parseInt(value));
        } else {
            field.set(this, value);
        }
    }

    Tensor randn(int... sizes) {
        return Tensor.randn(opened, random, sizes);
    }

    /** The sizes in a parameter such as {@code 128x32x30x30}. */
    static int[] sizes(String text) {
        return Arrays.stream(text.split("x")).mapToInt(Integer::parseInt).toArray();
    }

    static double elements(String text) {
        return Arrays.stream(sizes(text)).asDoubleStream().reduce(1, (a, b) -> a * b);
    }

    IntTensor labels(int count, int classes) {
        int[] labels = new int[count];
        float[] draws = random.uniform(count, 0, classes);
        for (int i = 0; i < count; i++) {
            labels[i] = (int) draws[i];
        }
        return IntTensor.of(opened, labels);
    }

    Generator random() {
        return random;
    }

    /** Does the work, waits for the device, and returns the memory. */
    void measure(Runnable work) {
        try (Scope scope = Scope.open()) {
            work.run();
            opened.synchronize();
        }
    }

    /** Carries a gradient of ones back from {@code y}, and forgets the gradients that come to {@code leaves}. */
    static void backward(Tensor y, Tensor... leaves) {
        y.backward(Tensor.ones(y.device(), y.shape().toArray()));
        for (Tensor leaf : leaves) {
            leaf.zeroGrad();
        }
    }
}
