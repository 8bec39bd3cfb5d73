package dev.striate.backend.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.striate.backend.UnaryFunction.Kind;
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("vectors")
class WarmUpTest {

    /** Larger than what {@link WarmUp} takes for boxed vectors. */
    private static final int BOXED = 10_000;

    private final Thread test = Thread.currentThread();
    /** The kernels that the warm-up has called, in their order. */
    private final List<String> warmedUp = new CopyOnWriteArrayList<>();
    /** The kernels whose vector version the test itself has called. */
    private final Set<String> called = Collections.newSetFromMap(new ConcurrentHashMap<>());

    private byte[] box = {};

    private static SimdKernels vectorized() {
        SimdKernels vectorized = VectorApi.vectorized();
        assertNotNull(vectorized, VectorApi.absence());
        return vectorized;
    }

    /** A family whose calls are noted; some allocate as those with boxed vectors do. */
    private <T> T watched(Class<T> family, T kernels, Predicate<String> boxing) {
        return family.cast(Proxy.newProxyInstance(
                family.getClassLoader(), new Class<?>[] {family}, (proxy, method, arguments) -> {
                    if (Thread.currentThread() == test) {
                        called.add(method.getName());
                    } else if (method.getReturnType() != int.class) {
                        if (!warmedUp.contains(method.getName())) {
                            warmedUp.add(method.getName());
                        }
                        if (boxing.test(method.getName())) {
                            box = new byte[BOXED];
                        }
                    }
                    try {
                        return method.invoke(kernels, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }

    private SimdKernels warming(Predicate<String> boxing, Runnable profiles) {
        SimdKernels all = vectorized();
        SimdKernels noted = new SimdKernels(
                all.description(),
                true,
                watched(ElementwiseKernels.class, all.elementwise(), boxing),
                all.reductions(),
                watched(ProductKernels.class, all.products(), boxing),
                all.convolution(),
                all.dotTiles(),
                all.winograd());
        return VectorApi.warming(noted, profiles);
    }

    private static void await(BooleanSupplier condition, String complaint) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, complaint);
            Thread.sleep(20);
        }
    }

    private static void add(SimdKernels kernels) {
        kernels.elementwise().add(3, new float[3], 0, new float[3], 0, new float[3], 0);
    }

    private static void multiply(SimdKernels kernels) {
        kernels.elementwise().multiply(3, new float[3], 0, new float[3], 0, new float[3], 0);
    }

    @Test
    void aKernelThatKeepsBoxingLeavesTheWorkToItsTwinAndHoldsUpNoOther() throws InterruptedException {
        SimdKernels warming = warming("multiply"::equals, () -> {});
        multiply(warming);
        assertFalse(called.contains("multiply"), "a cold kernel ran on vectors");
        await(
                () -> {
                    add(warming);
                    return called.contains("add");
                },
                "a kernel behind one that boxes still runs its scalar twin");
        multiply(warming);
        assertFalse(called.contains("multiply"));
    }

    /** C2 may be busy with something else while a kernel has its turn. */
    @Test
    void aKernelThatWasNotCompiledInTimeGetsAnotherTurn() throws InterruptedException {
        long late = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
        AtomicInteger turns = new AtomicInteger();
        SimdKernels warming = warming(
                kernel -> {
                    turns.incrementAndGet();
                    return System.nanoTime() < late;
                },
                () -> {});
        await(
                () -> {
                    add(warming);
                    return called.contains("add");
                },
                "the kernel has not been tried again");
        assertTrue(turns.get() > 0);
    }

    @Test
    void onlyWhatIsCalledIsWarmedUp() throws InterruptedException {
        SimdKernels warming = warming(kernel -> false, () -> warmedUp.add("profiles"));
        Thread.sleep(50);
        assertEquals(List.of(), warmedUp);
        await(
                () -> {
                    add(warming);
                    return called.contains("add");
                },
                "the kernel still runs its scalar twin");
        assertEquals("profiles", warmedUp.get(0), "the virtual machine has to see all kinds of vectors first");
        assertEquals(Set.of("profiles", "add"), Set.copyOf(warmedUp));
    }

    @Test
    void whoeverCallsAKernelForLongWaitsUntilItIsWarm() throws InterruptedException {
        AtomicBoolean slow = new AtomicBoolean(true);
        SimdKernels warming = warming(kernel -> slow.get(), () -> {});
        add(warming);
        Thread.sleep(500);
        CompletableFuture<Void> ready = CompletableFuture.runAsync(
                () -> slow.set(false), CompletableFuture.delayedExecutor(500, TimeUnit.MILLISECONDS));
        add(warming);
        assertTrue(called.contains("add"), "the call did not wait");
        ready.join();
    }

    @Test
    void anInterruptedThreadDoesNotWait() throws InterruptedException {
        SimdKernels warming = warming(kernel -> true, () -> {});
        add(warming);
        Thread.sleep(500);
        Thread.currentThread().interrupt();
        add(warming);
        assertTrue(Thread.interrupted(), "the interrupt was lost");
        assertFalse(called.contains("add"));
    }

    /** Each function of one element is a kernel of its own. */
    @Test
    void functionsWarmUpOneByOne() throws InterruptedException {
        SimdKernels warming = warming(kernel -> false, () -> {});
        Runnable relu = () -> warming.elementwise().forward(Kind.RELU, 3, 0, 0, new float[3], 0, new float[3], 0);
        await(
                () -> {
                    relu.run();
                    return called.contains("forward");
                },
                "the kernel still runs its scalar twin");
        called.clear();
        warming.elementwise().forward(Kind.TANH, 3, 0, 0, new float[3], 0, new float[3], 0);
        assertFalse(called.contains("forward"), "a cold function ran on vectors");
    }

    /** A kernel whose warm-up call allocates by itself would be taken for one that boxes, and never run on vectors. */
    @Test
    void warmUpCallsOfScalarLoopsAllocateLittle() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        WarmUpCalls.of(vectorized()).forEach((name, call) -> {
            call.accept(VectorApi.plain());
            long before = threads.getCurrentThreadAllocatedBytes();
            call.accept(VectorApi.plain());
            long bytes = threads.getCurrentThreadAllocatedBytes() - before;
            assertTrue(bytes < WarmUp.LEAST_BOXED_BYTES, name + " allocates " + bytes + " bytes");
        });
    }

    /** A kernel without a warm-up call would never run on vectors. */
    @Test
    void everyKernelHasAWarmUpCall() {
        SimdKernels kernels = vectorized();
        Map<String, ?> calls = WarmUpCalls.of(kernels);
        for (Class<?> family : new Class<?>[] {
            ElementwiseKernels.class,
            ReductionKernels.class,
            ProductKernels.class,
            ConvKernels.class,
            DotTiles.class,
            WinogradKernels.class
        }) {
            for (var method : family.getDeclaredMethods()) {
                boolean isKernel = java.lang.reflect.Modifier.isAbstract(method.getModifiers());
                String name = family.getSimpleName() + "." + method.getName();
                if (isKernel && method.getParameterTypes()[0] == Kind.class) {
                    for (Kind kind : EnumSet.complementOf(EnumSet.of(Kind.POW))) {
                        assertTrue(calls.containsKey(name + "." + kind), name + "." + kind);
                    }
                } else if (isKernel) {
                    assertTrue(calls.containsKey(name), name);
                }
            }
        }
    }
}
