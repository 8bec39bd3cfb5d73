package dev.striate.backend.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class WarmingKernelsTest {

    private static final long SLOW_MICROS = 100;

    /** The kernel that the test called last, if it was the vectorized one. */
    private final AtomicReference<String> called = new AtomicReference<>();

    @Test
    void aKernelThatNeverGetsFastLeavesTheWorkToItsTwinAndHoldsUpNoOther() throws InterruptedException {
        SimdKernels vectorized = VectorApi.vectorized();
        assertNotNull(vectorized, VectorApi.absence());
        Thread test = Thread.currentThread();
        SimdKernels slow = (SimdKernels) Proxy.newProxyInstance(
                SimdKernels.class.getClassLoader(), new Class<?>[] {SimdKernels.class}, (proxy, method, arguments) -> {
                    if (Thread.currentThread() == test) {
                        called.set(method.getName());
                    }
                    if (method.getName().equals("relu")) {
                        TimeUnit.MICROSECONDS.sleep(SLOW_MICROS);
                    }
                    try {
                        return method.invoke(vectorized, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        WarmingKernels warming = new WarmingKernels(slow);
        assertFalse(dotsAreVectorized(warming));
        warming.warmUp();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        boolean took = false;
        while (!took && System.nanoTime() < deadline) {
            Thread.sleep(20);
            took = dotsAreVectorized(warming);
        }
        assertTrue(took, "a kernel behind the slow one still runs its scalar twin");
        called.set("");
        warming.relu(3, new float[3], 0, new float[3], 0);
        assertNotEquals("relu", called.get());
    }

    @Test
    void whatFewNetsNeedWarmsUpWhenItIsPrepared() throws InterruptedException {
        SimdKernels vectorized = VectorApi.vectorized();
        assertNotNull(vectorized, VectorApi.absence());
        Thread test = Thread.currentThread();
        WinogradKernels watched = (WinogradKernels) Proxy.newProxyInstance(
                SimdKernels.class.getClassLoader(),
                new Class<?>[] {WinogradKernels.class},
                (proxy, method, arguments) -> {
                    if (Thread.currentThread() == test) {
                        called.set(method.getName());
                    }
                    return method.invoke(vectorized.winograd(), arguments);
                });
        WarmingKernels warming = new WarmingKernels((SimdKernels) Proxy.newProxyInstance(
                SimdKernels.class.getClassLoader(),
                new Class<?>[] {SimdKernels.class},
                (proxy, method, arguments) ->
                        method.getName().equals("winograd") ? watched : method.invoke(vectorized, arguments)));
        assertFalse(tilesAreVectorized(warming));
        warming.winograd().prepare();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        boolean took = false;
        while (!took && System.nanoTime() < deadline) {
            Thread.sleep(20);
            took = tilesAreVectorized(warming);
        }
        assertTrue(took, "Winograd's kernels still run their scalar twins");
    }

    /**
     * What comes later would find methods of the Vector API compiled for one kind of vectors, see {@link
     * SimdKernels#acquaint}.
     */
    @Test
    void theVirtualMachineSeesAllKindsOfVectorsFirst() throws InterruptedException {
        SimdKernels vectorized = VectorApi.vectorized();
        assertNotNull(vectorized, VectorApi.absence());
        BlockingQueue<String> kernels = new LinkedBlockingQueue<>();
        WarmingKernels warming = new WarmingKernels((SimdKernels) Proxy.newProxyInstance(
                SimdKernels.class.getClassLoader(), new Class<?>[] {SimdKernels.class}, (proxy, method, arguments) -> {
                    // What asks for nothing but another object or a size computes nothing.
                    if (method.getReturnType() == void.class) {
                        kernels.add(method.getName());
                    }
                    return method.invoke(vectorized, arguments);
                }));
        warming.warmUp();
        assertEquals("acquaint", kernels.poll(20, TimeUnit.SECONDS));
    }

    private boolean tilesAreVectorized(WarmingKernels warming) {
        WinogradKernels winograd = warming.winograd();
        int columns = winograd.tileColumns();
        called.set("");
        winograd.tile(
                0, new long[0], 0, new float[0], 0, columns, new float[winograd.tileRows() * columns], 0, columns);
        return called.get().equals("tile");
    }

    private boolean dotsAreVectorized(WarmingKernels warming) {
        called.set("");
        warming.dots(1, 3, new float[3], 0, new float[3], 0, 3, new float[1], 0, new float[2 * warming.tileColumns()]);
        return called.get().equals("dots");
    }
}
