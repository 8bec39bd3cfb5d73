package dev.striate.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.MemoryStatistics;
import dev.striate.StriateException;
import dev.striate.backend.Buffer;
import dev.striate.backend.IndexBuffer;
import java.lang.ref.Reference;
import java.util.function.Supplier;
import org.jocl.cl_mem;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The pool's books, and what happens to buffers that nobody released. */
class OpenClPoolTest {

    private OpenClBackend backend;

    @BeforeEach
    void open() {
        OpenClDevice.require();
        backend = OpenClBackend.open(0);
    }

    @AfterEach
    void close() {
        if (backend != null) {
            backend.close();
        }
    }

    @Test
    void aReleasedBlockIsHandedOutAgain() {
        OpenClBuffer first = (OpenClBuffer) backend.allocate(1000);
        cl_mem block = first.memory();
        backend.release(first);
        OpenClBuffer second = (OpenClBuffer) backend.allocate(1001);
        assertSame(block, second.memory());
        assertEquals(new MemoryStatistics(1, 4004, 0, 4004), backend.memory());
        backend.release(second);
        assertEquals(0, backend.memory().liveBuffers());
        assertTrue(backend.memory().pooledBytes() >= 4004);
    }

    @Test
    void aBufferIsReleasedOnceAndNotUsedAfterwards() {
        Buffer buffer = backend.allocate(12);
        Buffer window = buffer.slice(0, 5);
        IndexBuffer indices = backend.allocateIndices(13);
        backend.release(window);
        backend.release(window);
        backend.release(buffer);
        backend.release(indices);
        assertMessage("of 12 elements was released twice", () -> backend.release(buffer));
        assertMessage("of 13 elements was released twice", () -> backend.release(indices));
        assertMessage("used after its release", () -> backend.kernels().copy().fill(1, buffer));
        assertMessage("used after its release", () -> backend.kernels().copy().fill(1, window));
        assertEquals(0, backend.memory().liveBuffers());
    }

    @Test
    void aClosedDeviceSaysSoAndTakesItsBuffersBack() {
        Buffer held = backend.allocate(10);
        backend.release(backend.allocate(1 << 20));
        backend.close();
        backend.close();
        assertEquals(0, backend.memory().pooledBytes());
        assertMessage("was closed", () -> backend.allocate(10));
        assertMessage("was closed", () -> backend.kernels().copy().fill(1, held));
        assertMessage("was closed", backend::synchronize);
        backend.release(held);
        assertEquals(0, backend.memory().liveBuffers());
    }

    @Test
    void whatIsKeptHasALimit() {
        OpenClBackend keepsLittle = limited(1 << 26, 1 << 16);
        keepsLittle.release(keepsLittle.allocate(1 << 20));
        assertEquals(0, keepsLittle.memory().pooledBytes());
        keepsLittle.release(keepsLittle.allocate(1 << 10));
        assertEquals(1 << 12, keepsLittle.memory().pooledBytes());
        keepsLittle.close();
    }

    @Test
    void whereNothingIsKeptBlocksAreOfTheVerySize() {
        OpenClBackend keepsNone = limited(4000, 0);
        Buffer whole = keepsNone.allocate(999);
        Buffer rest = keepsNone.allocate(1);
        keepsNone.release(whole);
        keepsNone.release(rest);
        assertEquals(0, keepsNone.memory().pooledBytes());
        keepsNone.close();
    }

    /** As in a loop whose tensors nobody closes: the memory of a hundred steps would not fit. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void abandonedBuffersMakeRoomBeforeAnErrorIsThrown(boolean interrupted) {
        OpenClBackend small = limited(1 << 20, 0);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        try {
            for (int step = 0; step < 100; step++) {
                small.allocate(60_000);
            }
        } finally {
            assertEquals(interrupted, Thread.interrupted());
        }
        assertTrue(small.memory().liveBytes() <= 1 << 20);
        small.close();
    }

    @Test
    void limitsAreSetByProperties() {
        OpenClDevices.Entry device = OpenClDevice.require();
        assertEquals(
                new OpenClRuntime.Limits(3 << 20, 3 << 20, 5 << 10),
                with("3m", "5K", () -> OpenClRuntime.Limits.of(device)));
        assertEquals(
                1 << 19,
                with("1048576", null, () -> OpenClRuntime.Limits.of(device)).keptBytes());
        long all = OpenClRuntime.Limits.of(device).memoryBytes();
        assertEquals(
                all, with("99999g", null, () -> OpenClRuntime.Limits.of(device)).memoryBytes());
        for (String wrong : new String[] {"", "much", "-1", "1.5g", "4 g"}) {
            assertMessage(
                    "striate.opencl.memory is a number of bytes such as 512m or 4g, got \"" + wrong + "\"",
                    () -> with(wrong, null, () -> OpenClRuntime.Limits.of(device)));
        }
    }

    private static <T> T with(String memory, @Nullable String pool, Supplier<T> call) {
        System.setProperty(OpenClRuntime.Limits.MEMORY, memory);
        String before = System.getProperty(OpenClRuntime.Limits.POOL);
        try {
            if (pool != null) {
                System.setProperty(OpenClRuntime.Limits.POOL, pool);
            }
            return call.get();
        } finally {
            System.clearProperty(OpenClRuntime.Limits.MEMORY);
            if (before == null) {
                System.clearProperty(OpenClRuntime.Limits.POOL);
            } else {
                System.setProperty(OpenClRuntime.Limits.POOL, before);
            }
        }
    }

    private static OpenClBackend limited(long memoryBytes, long keptBytes) {
        return new OpenClBackend(OpenClDevice.runtime(
                new OpenClProgramCache(null), new OpenClRuntime.Limits(memoryBytes, memoryBytes, keptBytes)));
    }

    private static void assertMessage(String expected, Executable call) {
        String message = assertThrows(StriateException.class, call).getMessage();
        assertTrue(message.contains(expected), message);
    }

    @Test
    void buffersThatNobodyReleasedComeBack() throws InterruptedException {
        Buffer held = backend.allocate(10);
        try {
            abandon();
            for (int attempt = 0; attempt < 100 && backend.memory().liveBuffers() > 1; attempt++) {
                System.gc();
                Thread.sleep(20);
            }
            assertEquals(1, backend.memory().liveBuffers());
            assertEquals(40, backend.memory().liveBytes());
        } finally {
            Reference.reachabilityFence(held);
        }
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
        backend.kernels().copy().fill(1, window);
        float[] values = new float[5];
        backend.read(window, values, 0);
        assertEquals(1, values[4]);
    }
}
