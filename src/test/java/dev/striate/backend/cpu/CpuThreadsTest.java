package dev.striate.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.DeviceException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class CpuThreadsTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8})
    void everyElementIsVisitedOnce(int count) {
        CpuThreads threads = new CpuThreads(count, 0);
        for (int n : new int[] {1, 2, 15, 16, 17, 1000, 1001}) {
            AtomicIntegerArray visits = new AtomicIntegerArray(n);
            threads.forRange(n, 1, (from, to) -> {
                for (int i = from; i < to; i++) {
                    visits.incrementAndGet(i);
                }
            });
            for (int i = 0; i < n; i++) {
                assertEquals(1, visits.get(i), i + " of " + n);
            }
        }
    }

    @Test
    void rangesUpToTheLargestIntAreCutRight() {
        Set<Integer> ends = ConcurrentHashMap.newKeySet();
        new CpuThreads(3, 0).forRange(Integer.MAX_VALUE, 1, (from, to) -> {
            assertTrue(0 <= from && from < to);
            ends.add(to);
        });
        assertTrue(ends.contains(Integer.MAX_VALUE));
    }

    @Test
    void workIsShared() throws Exception {
        CpuThreads threads = new CpuThreads(2, 0);
        // Each chunk waits for the other: only two threads can get past.
        CountDownLatch both = new CountDownLatch(2);
        threads.parallelFor(2, 1, chunk -> {
            both.countDown();
            await(both);
        });
        assertEquals(0, both.getCount());
    }

    @Test
    void littleWorkStaysWithTheCaller() {
        CpuThreads threads = new CpuThreads(4, CpuThreads.WORTH_SHARING);
        Thread caller = Thread.currentThread();
        threads.parallelFor(8, CpuThreads.WORTH_SHARING - 1, chunk -> assertSame(caller, Thread.currentThread()));
    }

    @Test
    void whatAHelperThrowsReachesTheCaller() {
        CpuThreads threads = new CpuThreads(2, 0);
        Thread caller = Thread.currentThread();
        IllegalStateException mistake = new IllegalStateException("in a helper");
        CountDownLatch both = new CountDownLatch(2);
        IllegalStateException thrown = assertThrows(
                IllegalStateException.class,
                () -> threads.parallelFor(2, 1, chunk -> {
                    both.countDown();
                    await(both);
                    if (Thread.currentThread() != caller) {
                        throw mistake;
                    }
                }));
        assertSame(mistake, thrown);
        AtomicInteger after = new AtomicInteger();
        threads.parallelFor(5, 1, chunk -> after.incrementAndGet());
        assertEquals(5, after.get());
    }

    @Test
    void aSecondCallerDoesNotWaitForTheFirst() throws Exception {
        CpuThreads threads = new CpuThreads(2, 0);
        CountDownLatch busy = new CountDownLatch(2);
        CountDownLatch release = new CountDownLatch(1);
        Thread first = new Thread(() -> threads.parallelFor(2, 1, chunk -> {
            busy.countDown();
            await(release);
        }));
        first.start();
        await(busy);
        // Both of the first caller's threads are held up now.
        AtomicInteger done = new AtomicInteger();
        threads.parallelFor(10, 1, chunk -> done.incrementAndGet());
        assertEquals(10, done.get());
        release.countDown();
        first.join();
    }

    @Test
    void shortCallsLeaveTheHelpersFree() {
        CpuThreads threads = new CpuThreads(2, 0);
        for (int round = 0; round < 200; round++) {
            // So short that the caller is often done before the helper has woken up, and now and then the helper
            // sleeps.
            for (int call = 0; call < 50; call++) {
                AtomicInteger done = new AtomicInteger();
                threads.parallelFor(2, 1, chunk -> done.incrementAndGet());
                assertEquals(2, done.get());
            }
            if (round % 20 == 0) {
                sleep();
            }
            CountDownLatch both = new CountDownLatch(2);
            threads.parallelFor(2, 1, chunk -> {
                both.countDown();
                await(both);
            });
        }
    }

    @Test
    void callsMayBeNested() {
        CpuThreads threads = new CpuThreads(3, 0);
        AtomicInteger done = new AtomicInteger();
        threads.parallelFor(6, 1, outer -> threads.parallelFor(7, 1, inner -> done.incrementAndGet()));
        assertEquals(42, done.get());
    }

    @Test
    void anInterruptIsKeptForTheCaller() {
        CpuThreads threads = new CpuThreads(2, 0);
        CountDownLatch both = new CountDownLatch(2);
        Thread caller = Thread.currentThread();
        AtomicBoolean finished = new AtomicBoolean();
        threads.parallelFor(2, 1, chunk -> {
            both.countDown();
            await(both);
            if (Thread.currentThread() != caller) {
                while (caller.getState() != Thread.State.WAITING) {
                    sleep();
                }
                caller.interrupt();
                sleep();
                finished.set(true);
            }
        });
        assertTrue(finished.get());
        assertTrue(Thread.interrupted());
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-3", "many", "", "100000"})
    void aWrongThreadPropertyIsNamed(String value) {
        System.setProperty("striate.threads", value);
        try {
            DeviceException thrown = assertThrows(DeviceException.class, () -> CpuBackend.open(0, Vectorization.PLAIN));
            assertTrue(thrown.getMessage().contains("striate.threads"), thrown.getMessage());
        } finally {
            System.clearProperty("striate.threads");
        }
    }

    @Test
    void thePropertySetsTheDefault() {
        System.setProperty("striate.threads", "5");
        try {
            assertTrue(CpuBackend.open(0, Vectorization.PLAIN).info().detail().startsWith("5 threads"));
            assertTrue(CpuBackend.open(1, Vectorization.PLAIN).info().detail().startsWith("1 thread,"));
        } finally {
            System.clearProperty("striate.threads");
        }
    }

    private static void sleep() {
        try {
            Thread.sleep(2);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
