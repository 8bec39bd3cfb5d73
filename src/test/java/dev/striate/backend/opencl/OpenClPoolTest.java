package dev.striate.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.backend.Buffer;
import dev.striate.backend.MemoryStatistics;
import java.lang.ref.Reference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The pool's books, and what happens to buffers that nobody released. */
class OpenClPoolTest {

    private OpenClBackend backend;

    @BeforeEach
    void open() {
        OpenClDevice.require();
        backend = OpenClBackend.open(0);
    }

    @Test
    void aReleasedBlockIsHandedOutAgain() {
        OpenClBuffer first = (OpenClBuffer) backend.allocate(1000);
        backend.release(first);
        backend.release(first);
        OpenClBuffer second = (OpenClBuffer) backend.allocate(1001);
        assertSame(first.memory(), second.memory());
        assertEquals(new MemoryStatistics(1, 4004, 0, 4004), backend.memory());
        backend.release(second);
        assertEquals(0, backend.memory().liveBuffers());
        assertTrue(backend.memory().pooledBytes() >= 4004);
    }

    @Test
    void whatIsKeptHasALimit() {
        OpenClBackend keepsLittle = new OpenClBackend(OpenClDevice.runtime(
                OpenClProgramCache.ofUser(), new OpenClRuntime.Limits(1 << 26, 1 << 26, 1 << 16)));
        keepsLittle.release(keepsLittle.allocate(1 << 20));
        assertEquals(0, keepsLittle.memory().pooledBytes());
        keepsLittle.release(keepsLittle.allocate(1 << 10));
        assertEquals(1 << 12, keepsLittle.memory().pooledBytes());
    }

    @Test
    void buffersThatNobodyReleasedComeBack() throws InterruptedException {
        Buffer held = backend.allocate(10);
        abandon();
        for (int attempt = 0; attempt < 100 && backend.memory().liveBuffers() > 1; attempt++) {
            System.gc();
            Thread.sleep(20);
        }
        assertEquals(1, backend.memory().liveBuffers());
        assertEquals(40, backend.memory().liveBytes());
        Reference.reachabilityFence(held);
    }

    private void abandon() {
        for (int i = 0; i < 20; i++) {
            backend.allocate(1000 + i).slice(0, 10);
            backend.allocateIndices(50);
        }
        assertEquals(41, backend.memory().liveBuffers());
    }

    @Test
    void aWindowKeepsItsBufferAlive() throws InterruptedException {
        Buffer window = backend.allocate(1000).slice(backend.sliceAlignment(), 5);
        for (int attempt = 0; attempt < 5; attempt++) {
            System.gc();
            Thread.sleep(10);
        }
        assertEquals(1, backend.memory().liveBuffers());
        backend.copy().fill(1, window);
        float[] values = new float[5];
        backend.read(window, values, 0);
        assertEquals(1, values[4]);
    }
}
