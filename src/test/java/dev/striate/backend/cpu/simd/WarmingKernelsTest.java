package dev.striate.backend.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class WarmingKernelsTest {

    private static final long SLOW_MICROS = 100;

    private final AtomicBoolean called = new AtomicBoolean();

    @Test
    void aKernelThatNeverGetsFastTakesOverInTheEndWithThoseBehindIt() throws InterruptedException {
        SimdKernels vectorized = VectorApi.vectorized();
        assertNotNull(vectorized, VectorApi.absence());
        Thread test = Thread.currentThread();
        SimdKernels slow = (SimdKernels) Proxy.newProxyInstance(
                SimdKernels.class.getClassLoader(), new Class<?>[] {SimdKernels.class}, (proxy, method, arguments) -> {
                    if (Thread.currentThread() == test && method.getName().equals("dots")) {
                        called.set(true);
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
        assertTrue(took, "the last kernel still runs its scalar twin");
    }

    private boolean dotsAreVectorized(WarmingKernels warming) {
        called.set(false);
        warming.dots(1, 3, new float[3], 0, new float[3], 0, 3, new float[1], 0, new float[2 * warming.tileColumns()]);
        return called.get();
    }
}
