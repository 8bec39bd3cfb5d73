package dev.striate.train;

import dev.striate.backend.Backend;
import dev.striate.backend.BinaryKernels;
import dev.striate.backend.ClassificationGeometry;
import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.CopyKernels;
import dev.striate.backend.CrossEntropyKernels;
import dev.striate.backend.KernelSet;
import dev.striate.backend.KernelSets;
import dev.striate.backend.LinearGeometry;
import dev.striate.backend.MatmulGeometry;
import dev.striate.backend.MaxPool2dKernels;
import dev.striate.backend.OptimizerKernels;
import dev.striate.backend.ReduceKernels;
import dev.striate.backend.StridedLoop;
import dev.striate.backend.UnaryKernels;
import dev.striate.backend.reference.ReferenceBackend;
import dev.striate.backend.reference.ReferenceBuffer;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Random;

/**
 * The reference with float32's roundings imitated by random ones of the same size, which shows how far roundings carry
 * a whole computation (Monte Carlo arithmetic: Parker, Pierce and Eggert, 2000).
 *
 * <p>Before each kernel call every element of its operands is multiplied by {@code 1 + K u r}, with u = 2^-24, r
 * uniform in [-1, 1) and K the number of terms of the call's longest sum. For a sum of K products this moves the result
 * by random amounts of deviation {@code K u sqrt(2/3) sqrt(sum (a b)^2)}, at least {@code 0.8 sqrt(K) u sum|a b|}: what
 * K independent roundings of partial sums as large as the whole give, the most that float32 does if its roundings are
 * independent, whatever the order of the sum. Kernels without sums count K = 1, as what they store is rounded once;
 * those that only copy are left alone.
 */
final class RoundingNoise {

    private static final double UNIT = 0x1p-24;

    private final ReferenceBackend exact = new ReferenceBackend();
    private final Random random;

    private RoundingNoise(long seed) {
        this.random = new Random(seed);
    }

    static Backend backend(long seed) {
        RoundingNoise noise = new RoundingNoise(seed);
        KernelSet kernels = KernelSets.map(
                noise.exact.kernels(),
                (family, exact) -> family == CopyKernels.class
                        ? exact
                        : proxy(family, (kernel, operands) -> noise.call(exact, family, kernel, operands)));
        return proxy(
                Backend.class,
                (method, arguments) ->
                        method.getName().equals("kernels") ? kernels : invoke(method, noise.exact, arguments));
    }

    private Object call(Object kernels, Class<?> family, Method kernel, Object[] arguments) {
        double size = UNIT * terms(family, kernel.getName(), arguments);
        Object[] given = arguments.clone();
        double[][] before = new double[given.length][];
        for (int i = 0; i < given.length; i++) {
            if (arguments[i] instanceof ReferenceBuffer operand) {
                ReferenceBuffer moved = exact.allocate(operand.length());
                before[i] = new double[operand.length()];
                for (int j = 0; j < before[i].length; j++) {
                    before[i][j] = operand.get(j) * (1 + size * (2 * random.nextDouble() - 1));
                    moved.set(j, before[i][j]);
                }
                given[i] = moved;
            }
        }
        Object result = invoke(kernel, kernels, given);
        for (int i = 0; i < given.length; i++) {
            if (given[i] instanceof ReferenceBuffer moved) {
                // What the kernel wrote is the result; what it only read goes back to what it was.
                for (int j = 0; j < before[i].length; j++) {
                    if (Double.doubleToRawLongBits(moved.get(j)) != Double.doubleToRawLongBits(before[i][j])) {
                        ((ReferenceBuffer) arguments[i]).set(j, moved.get(j));
                    }
                }
                exact.release(moved);
            }
        }
        return result;
    }

    private static int terms(Class<?> family, String kernel, Object[] arguments) {
        if (arguments[0] instanceof Conv2dGeometry g) {
            int cells = g.kernelHeight() * g.kernelWidth();
            return switch (kernel) {
                case "forward" -> g.inChannelsPerGroup() * cells + 1;
                case "inputGradient" -> g.outChannelsPerGroup() * cells;
                case "weightGradient" -> g.batch() * g.outHeight() * g.outWidth();
                default -> throw new IllegalArgumentException(kernel);
            };
        }
        if (arguments[0] instanceof MatmulGeometry g) {
            return g.k() + 1;
        }
        if (arguments[0] instanceof LinearGeometry g) {
            return switch (kernel) {
                case "forward" -> g.in() + 1;
                case "inputGradient" -> g.out();
                case "weightGradient" -> g.rows();
                case "gradients" -> Math.max(g.out(), g.rows());
                default -> throw new IllegalArgumentException(kernel);
            };
        }
        if (family == ReduceKernels.class && kernel.equals("sum")) {
            return ((StridedLoop) arguments[1]).turns();
        }
        if (family == CrossEntropyKernels.class) {
            // The sum over the classes, the few roundings of exp and log, and the mean over the examples.
            ClassificationGeometry g = (ClassificationGeometry) arguments[0];
            return g.axis().size() + 8 + g.examples();
        }
        if (family == OptimizerKernels.class) {
            return switch (kernel) {
                case "sgd" -> 4;
                case "adam" -> 12;
                default -> throw new IllegalArgumentException(kernel);
            };
        }
        if (family == BinaryKernels.class) {
            return 2;
        }
        if (family == UnaryKernels.class || family == MaxPool2dKernels.class) {
            return 1;
        }
        throw new IllegalArgumentException(
                "how many terms are summed is not known for " + family.getSimpleName() + "." + kernel);
    }

    @FunctionalInterface
    private interface Handler {
        Object call(Method method, Object[] arguments);
    }

    private static <T> T proxy(Class<T> type, Handler handler) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (self, method, arguments) -> handler.call(method, arguments)));
    }

    private static Object invoke(Method method, Object target, Object[] arguments) {
        try {
            method.setAccessible(true);
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new AssertionError(method + " failed", e.getCause());
        } catch (IllegalAccessException e) {
            throw new AssertionError(method + " cannot be called", e);
        }
    }
}
