package dev.striate.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.striate.backend.Buffer;
import dev.striate.backend.IndexBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jocl.CL;
import org.jocl.cl_event;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Arrays on their way to the device. */
class OpenClUploadsTest {

    private OpenClRuntime runtime;
    private OpenClBackend backend;

    @BeforeEach
    void open() {
        runtime = OpenClDevice.runtime(new OpenClProgramCache(null));
        backend = new OpenClBackend(runtime);
    }

    @AfterEach
    void close() {
        if (backend != null) {
            backend.close();
        }
    }

    @Test
    void aWriteDoesNotWaitAndTheArrayIsFreeAtOnce() {
        List<Buffer> floats = new ArrayList<>();
        List<IndexBuffer> integers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            floats.add(backend.allocate(1000));
            integers.add(backend.allocateIndices(10));
        }
        // Holds up the queue, so that nothing can have been copied when the arrays change.
        cl_event gate = CL.clCreateUserEvent(runtime.context(), null);
        CL.clEnqueueMarkerWithWaitList(runtime.queue(), 1, new cl_event[] {gate}, null);
        float[] images = new float[1002];
        int[] labels = new int[12];
        try {
            assertTimeoutPreemptively(Duration.ofMinutes(1), () -> {
                for (int i = 0; i < 4; i++) {
                    Arrays.fill(images, i);
                    Arrays.fill(labels, -i);
                    backend.write(images, 2, floats.get(i));
                    backend.write(labels, 2, integers.get(i));
                }
                Arrays.fill(images, 99);
                Arrays.fill(labels, 99);
            });
        } finally {
            CL.clSetUserEventStatus(gate, CL.CL_COMPLETE);
        }
        for (int i = 0; i < 4; i++) {
            assertEquals(i, read(floats.get(i))[999]);
            int[] values = new int[10];
            backend.read(integers.get(i), values, 0);
            assertEquals(-i, values[9]);
        }
        CL.clReleaseEvent(gate);
    }

    @Test
    void anArrayLargerThanTheRingsBuffersGoesInPieces() {
        float[] values = new float[(3 << 20) + 5];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        Buffer buffer = backend.allocate(values.length - 1);
        backend.write(values, 1, buffer);
        assertArrayEquals(Arrays.copyOfRange(values, 1, values.length), read(buffer));
    }

    @Test
    void manyRoundsOfTheRingKeepTheirValues() {
        List<Buffer> buffers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            float[] values = new float[1 + i * i];
            Arrays.fill(values, i);
            Buffer buffer = backend.allocate(values.length);
            backend.write(values, 0, buffer);
            buffers.add(buffer);
        }
        for (int i = 0; i < buffers.size(); i++) {
            assertEquals(i, read(buffers.get(i))[i * i]);
        }
    }

    @Test
    void aWriteTakesEffectBetweenTheKernelsAroundIt() {
        Buffer x = backend.allocate(100_000);
        Buffer y = backend.allocate(100_000);
        for (int round = 0; round < 20; round++) {
            float[] values = new float[100_000];
            Arrays.fill(values, round);
            backend.kernels().copy().fill(-1, x);
            backend.write(values, 0, x);
            backend.kernels().copy().fill(0, y);
            backend.kernels().binary().accumulate(100_000, 1, x, y);
            backend.kernels().copy().fill(-2, x);
            assertEquals(round, read(y)[round]);
        }
    }

    /**
     * What waits for a failed copy fails, too. PoCL aborts where a command in a queue fails, so here nothing but its
     * event does.
     */
    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aFailedCopyDoesNotSpoilItsBuffer() {
        Buffer buffer = backend.allocate(1000);
        int slots = runtime.uploads().ring.length;
        for (int i = 0; i < slots; i++) {
            backend.write(new float[1000], 0, buffer);
        }
        runtime.finish("the first round");
        for (OpenClUploads.Slot slot : runtime.uploads().ring) {
            cl_event failed = CL.clCreateUserEvent(runtime.context(), null);
            CL.clSetUserEventStatus(failed, CL.CL_OUT_OF_RESOURCES);
            slot.setCopied(failed);
        }
        for (int i = 0; i < 2 * slots; i++) {
            float[] values = new float[1000];
            Arrays.fill(values, i);
            backend.write(values, 0, buffer);
            assertEquals(i, read(buffer)[999]);
        }
    }

    @Test
    void severalThreadsWriteAtOnce() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<float[]>> results = new ArrayList<>();
            for (int task = 0; task < 40; task++) {
                float value = task;
                results.add(threads.submit(() -> {
                    float[] values = new float[5000];
                    Arrays.fill(values, value);
                    Buffer buffer = backend.allocate(values.length);
                    backend.write(values, 0, buffer);
                    return read(buffer);
                }));
            }
            for (int task = 0; task < results.size(); task++) {
                float[] expected = new float[5000];
                Arrays.fill(expected, task);
                assertArrayEquals(expected, results.get(task).get());
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private float[] read(Buffer buffer) {
        float[] values = new float[buffer.length()];
        backend.read(buffer, values, 0);
        return values;
    }
}
