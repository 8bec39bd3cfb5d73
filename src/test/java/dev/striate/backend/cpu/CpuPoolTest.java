package dev.striate.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.DeviceMemoryException;
import dev.striate.MemoryStatistics;
import dev.striate.StriateException;
import dev.striate.backend.Backend;
import dev.striate.backend.Buffer;
import dev.striate.backend.IndexBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CpuPoolTest {

    private final CpuPool pool = new CpuPool();

    @Test
    void aReleasedArrayIsTakenAgain() {
        CpuBuffer first = pool.allocate(1000);
        float[] array = first.array;
        pool.release(first);
        CpuBuffer second = pool.allocate(990);
        assertSame(array, second.array);
        assertNotSame(array, pool.allocate(990).array);
        assertEquals(990, second.length());
    }

    @Test
    void capacitiesHoldWhatIsAskedForAndWasteLittle() {
        for (int length = 1; length < 100_000; length++) {
            int capacity = CpuPool.capacityFor(length);
            assertTrue(capacity >= length && (capacity <= 64 || capacity <= length * 1.25), length + " in " + capacity);
        }
        assertEquals(Integer.MAX_VALUE - 8, CpuPool.capacityFor(Integer.MAX_VALUE - 8));
    }

    @Test
    void memoryIsCounted() {
        CpuBuffer values = pool.allocate(100);
        float[] array = values.array;
        CpuIndexBuffer indices = pool.allocateIndices(50);
        assertEquals(new MemoryStatistics(2, 600, 0, 600), pool.statistics());
        pool.release(values);
        assertEquals(new MemoryStatistics(1, 200, 4L * CpuPool.capacityFor(100), 600), pool.statistics());
        pool.release(indices);
        assertEquals(0, pool.statistics().liveBuffers());
        assertEquals(0, pool.statistics().liveBytes());
        float[] scratch = pool.takeScratch(100);
        assertSame(array, scratch);
        assertEquals(0, pool.statistics().liveBytes());
    }

    @Test
    void aSecondReleaseIsAnError() {
        CpuBuffer values = pool.allocate(10);
        pool.release(values);
        assertThrows(StriateException.class, () -> pool.release(values));
        CpuIndexBuffer indices = pool.allocateIndices(10);
        pool.release(indices);
        assertThrows(StriateException.class, () -> pool.release(indices));
        assertEquals(0, pool.statistics().liveBuffers());
    }

    @Test
    void windowsShareMemoryAndEndWithTheirBuffer() {
        Backend backend = CpuBackend.open(1, Vectorization.PLAIN);
        Buffer buffer = backend.allocate(100);
        Buffer window = buffer.slice(16, 40).slice(32, 8);
        backend.kernels().copy().fill(1f, buffer);
        backend.kernels().copy().fill(2f, window);
        float[] values = new float[100];
        backend.read(buffer, values, 0);
        for (int i = 0; i < values.length; i++) {
            assertEquals(i >= 48 && i < 56 ? 2f : 1f, values[i]);
        }
        backend.release(window);
        assertEquals(1, backend.memory().liveBuffers());
        assertThrows(StriateException.class, () -> buffer.slice(3, 4));
        assertThrows(StriateException.class, () -> buffer.slice(96, 5));
        backend.release(buffer);
        assertThrows(StriateException.class, () -> backend.kernels().copy().fill(3f, window));
    }

    @Test
    void afterWarmUpTheSameWorkTakesNothingNew() {
        Backend backend = CpuBackend.open(1, Vectorization.PLAIN);
        long pooled = 0;
        for (int round = 0; round < 5; round++) {
            Buffer a = backend.allocate(1000);
            Buffer b = backend.allocate(1100);
            IndexBuffer c = backend.allocateIndices(7);
            backend.release(a);
            backend.release(b);
            backend.release(c);
            if (round > 0) {
                assertEquals(pooled, backend.memory().pooledBytes());
            }
            pooled = backend.memory().pooledBytes();
        }
    }

    @Test
    void aFullHeapIsAnErrorThatCanBeSurvived() {
        Backend backend = CpuBackend.open(1, Vectorization.PLAIN);
        int length = 1 << 24;
        List<Buffer> held = new ArrayList<>();
        DeviceMemoryException thrown = assertThrows(DeviceMemoryException.class, () -> {
            while (true) {
                held.add(backend.allocate(length));
            }
        });
        assertTrue(thrown.getMessage().contains("buffer of " + 4L * length + " bytes"), thrown.getMessage());
        String inUse = 4L * length * held.size() + " bytes are in use in " + held.size() + " buffers";
        assertTrue(thrown.getMessage().contains(inUse), thrown.getMessage());
        assertEquals(held.size(), backend.memory().liveBuffers());
        held.forEach(backend::release);
        // What was released is still in the pool; asking for another size must make room.
        Buffer other = backend.allocate(length + length / 2);
        backend.release(other);
        assertEquals(0, backend.memory().liveBuffers());
    }

    @Test
    void whatLiesIdleIsNoReasonForAFullHeap() {
        Backend other = CpuBackend.open(1, Vectorization.PLAIN);
        Backend backend = CpuBackend.open(1, Vectorization.PLAIN);
        int length = 1 << 24;
        List<Buffer> held = fill(other, length);
        int most = held.size();
        held.forEach(other::release);
        // Only what the first pool lets go of can be enough for the second.
        held = fill(backend, length + length / 4);
        assertTrue(held.size() > most / 2, held.size() + " larger ones where " + most + " had room");
        held.forEach(backend::release);
        assertEquals(0, other.memory().pooledBytes());
    }

    /** As many buffers as there is room for. */
    private static List<Buffer> fill(Backend backend, int length) {
        List<Buffer> held = new ArrayList<>();
        try {
            while (true) {
                held.add(backend.allocate(length));
            }
        } catch (DeviceMemoryException full) {
            return held;
        }
    }
}
