package dev.striate.backend.opencl;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_event;
import org.jocl.cl_mem;
import org.jspecify.annotations.Nullable;

/**
 * Takes arrays to the device without waiting for it. An array is copied to one of a ring of reused buffers in host
 * memory, which GPU drivers pin, and the compute queue copies on from there when everything asked for before is done.
 * The array is free as soon as {@link #write} returns. A buffer of the ring is used again only after its last copy: a
 * program waits here where it is a whole ring ahead of the device, which has enough to do then.
 *
 * <p>The ring's buffers are mapped by a queue of their own, which does not wait for kernels. JOCL keeps a thread until
 * a buffer is unmapped, which is soon; for a non-blocking write from host memory it would keep one until the kernels
 * before it are done.
 *
 * <p>Each write waits for the device instead with Mesa's rusticl, and with the system property {@code
 * striate.opencl.blockingUploads}. Of some thousand mapped buffers rusticl 22.3 refuses to unmap one, with
 * CL_INVALID_VALUE; oclgrind may not be called by two threads at once.
 */
final class OpenClUploads {

    /** Two for a training step, images and labels. */
    private static final int SLOTS = 8;

    private static final long SMALLEST_BYTES = 1 << 12;
    /** Larger arrays go in pieces. */
    private static final long LARGEST_BYTES = 1 << 22;

    private final OpenClRuntime runtime;
    private final boolean blocking;
    private final cl_context context;
    private final cl_command_queue transfers;
    final Slot[] ring = new Slot[SLOTS];
    private int next;

    OpenClUploads(OpenClRuntime runtime, cl_context context, OpenClDevices.Entry device) {
        this.runtime = runtime;
        this.context = context;
        this.blocking = Boolean.getBoolean("striate.opencl.blockingUploads")
                || device.info().platform().startsWith("rusticl");
        this.transfers = OpenClRuntime.newQueue(context, device, 0);
    }

    /** A buffer of the ring, and the last copy from it. */
    static final class Slot {
        private final cl_mem memory;
        private final long bytes;
        private @Nullable cl_event copied;

        Slot(cl_mem memory, long bytes) {
            this.memory = memory;
            this.bytes = bytes;
        }

        void release() {
            // The driver keeps what commands still use.
            CL.clReleaseMemObject(memory);
            setCopied(null);
        }

        void setCopied(@Nullable cl_event event) {
            if (copied != null) {
                CL.clReleaseEvent(copied);
            }
            copied = event;
        }
    }

    /** Puts {@code count} elements of four bytes, from the {@code first} of an array on, into a buffer. */
    @FunctionalInterface
    interface Source {
        void put(int first, int count, ByteBuffer into);
    }

    /** Queues the copy of {@code length} elements of four bytes to the beginning of {@code target}. */
    synchronized void write(Source source, cl_mem target, int length) {
        int largest = (int) (LARGEST_BYTES / Float.BYTES);
        int count;
        for (int first = 0; first < length; first += count) {
            count = Math.min(largest, length - first);
            writePiece(source, target, first, count);
        }
    }

    private void writePiece(Source source, cl_mem target, int first, int count) {
        long bytes = (long) Float.BYTES * count;
        if (blocking) {
            ByteBuffer copy = ByteBuffer.allocateDirect((int) bytes).order(ByteOrder.nativeOrder());
            source.put(first, count, copy);
            runtime.trace().waited("a blocking upload");
            CL.clEnqueueWriteBuffer(
                    runtime.queue(), target, true, (long) Float.BYTES * first, bytes, Pointer.to(copy), 0, null, null);
            return;
        }
        int at = next;
        next = (next + 1) % SLOTS;
        Slot slot = slot(at, bytes);
        cl_event[] last = slot.copied == null ? null : new cl_event[] {slot.copied};
        if (last != null && OpenClRuntime.isPending(last[0])) {
            runtime.trace().waited("the ring of uploads");
        }
        ByteBuffer mapped;
        try {
            mapped = CL.clEnqueueMapBuffer(
                    transfers,
                    slot.memory,
                    true,
                    CL.CL_MAP_WRITE_INVALIDATE_REGION,
                    0,
                    bytes,
                    last == null ? 0 : 1,
                    last,
                    null,
                    null);
        } catch (CLException e) {
            // The last copy may have failed while it was waited for.
            ring[at] = null;
            slot.release();
            throw e;
        }
        cl_event filled = new cl_event();
        try {
            source.put(first, count, mapped.order(ByteOrder.nativeOrder()));
        } finally {
            CL.clEnqueueUnmapMemObject(transfers, slot.memory, mapped, 0, null, filled);
        }
        // A queue's commands wait for another's only if those were sent off.
        CL.clFlush(transfers);
        cl_event copied = new cl_event();
        try {
            CL.clEnqueueCopyBuffer(
                    runtime.queue(),
                    slot.memory,
                    target,
                    0,
                    (long) Float.BYTES * first,
                    bytes,
                    1,
                    new cl_event[] {filled},
                    copied);
        } finally {
            CL.clReleaseEvent(filled);
        }
        slot.setCopied(copied);
        CL.clFlush(runtime.queue());
    }

    /**
     * The ring's buffer at a place; another there for one that is too small, or whose last copy failed and would fail
     * the next.
     */
    private Slot slot(int at, long bytes) {
        Slot slot = ring[at];
        if (slot == null || slot.bytes < bytes || slot.copied != null && OpenClRuntime.hasFailed(slot.copied)) {
            long wanted = Math.max(SMALLEST_BYTES, Long.highestOneBit(2 * bytes - 1));
            cl_mem memory =
                    CL.clCreateBuffer(context, CL.CL_MEM_READ_ONLY | CL.CL_MEM_ALLOC_HOST_PTR, wanted, null, null);
            if (slot != null) {
                slot.release();
            }
            slot = new Slot(memory, wanted);
            ring[at] = slot;
        }
        return slot;
    }

    synchronized void close() {
        for (int i = 0; i < SLOTS; i++) {
            if (ring[i] != null) {
                ring[i].release();
                ring[i] = null;
            }
        }
        CL.clReleaseCommandQueue(transfers);
    }
}
