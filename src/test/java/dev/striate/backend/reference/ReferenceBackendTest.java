package dev.striate.backend.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.striate.StriateException;
import dev.striate.backend.Buffer;
import org.junit.jupiter.api.Test;

class ReferenceBackendTest {

    private final ReferenceBackend backend = new ReferenceBackend();

    @Test
    void freshAndReleasedBuffersArePoisoned() {
        ReferenceBuffer buffer = backend.allocate(2);
        assertEquals(Double.NaN, buffer.get(1));
        buffer.set(1, 5);
        Buffer window = buffer.slice(1, 1);
        backend.release(window);
        assertEquals(5, buffer.get(1));
        backend.release(buffer);
        assertEquals(Double.NaN, buffer.get(1));
    }

    @Test
    void aSecondReleaseIsAnError() {
        ReferenceBuffer buffer = backend.allocate(2);
        backend.release(buffer);
        assertThrows(StriateException.class, () -> backend.release(buffer));
    }

    @Test
    void windowsShareMemoryAndKeepTheirBounds() {
        ReferenceBuffer buffer = backend.allocate(5);
        ReferenceBuffer window = buffer.slice(1, 3).slice(1, 2);
        window.set(0, 7);
        assertEquals(7, buffer.get(2));
        assertThrows(IndexOutOfBoundsException.class, () -> window.get(2));
        assertThrows(IndexOutOfBoundsException.class, () -> window.get(-1));
    }

    @Test
    void memoryCountsWhatIsLive() {
        ReferenceBuffer values = backend.allocate(3);
        ReferenceIndexBuffer indices = backend.allocateIndices(4);
        assertEquals(2, backend.memory().liveBuffers());
        assertEquals(3 * 8 + 4 * 4, backend.memory().liveBytes());
        backend.release(values);
        backend.release(indices);
        assertEquals(0, backend.memory().liveBuffers());
        assertEquals(0, backend.memory().liveBytes());
        assertEquals(3 * 8 + 4 * 4, backend.memory().peakBytes());
    }
}
