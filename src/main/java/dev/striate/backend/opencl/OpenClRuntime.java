package dev.striate.backend.opencl;

import dev.striate.DeviceException;
import dev.striate.DeviceInfo;
import dev.striate.DeviceMemoryException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jspecify.annotations.Nullable;

/** What all launchers of a backend share: one device, its one in-order queue, its memory and its programs. */
final class OpenClRuntime {

    /** How long the end of the process waits for a device. */
    private static final long PATIENCE_MILLIS = 5_000;

    private static final Set<OpenClRuntime> OPEN = ConcurrentHashMap.newKeySet();

    static {
        // PoCL builds a kernel at its first launch, in a thread of its own. One that is still at it when the process
        // ends crashes: the end takes LLVM's globals away.
        Runtime.getRuntime().addShutdownHook(new Thread(OpenClRuntime::letAllFinish, "striate-opencl-end"));
    }

    private final DeviceInfo info;
    private final cl_context context;
    private final cl_command_queue queue;
    private final OpenClPool pool;
    private final OpenClPrograms programs;
    private final OpenClParameters parameters;
    private final @Nullable List<cl_event> profile;
    private final OpenClTables tables;
    private final OpenClUploads uploads;
    private final int sliceAlignment;
    private volatile OpenClTrace trace = OpenClTrace.NONE;
    private volatile boolean closed;

    /** With the parameters that are known of such devices. */
    OpenClRuntime(OpenClDevices.Entry device, KernelShape shape, OpenClProgramCache cache, Limits limits) {
        this(device, shape, cache, limits, OpenClParameters.of(device, shape), false);
    }

    /** @param profiling whether the device notes how long each kernel takes, for {@link #takeKernelSeconds} */
    OpenClRuntime(
            OpenClDevices.Entry device,
            KernelShape shape,
            OpenClProgramCache cache,
            Limits limits,
            OpenClParameters parameters,
            boolean profiling) {
        this.info = device.info();
        this.parameters = parameters;
        this.profile = profiling ? new ArrayList<>() : null;
        // Windows also keep the alignment of the widest vector that kernels load.
        long bits = device.number(CL.CL_DEVICE_MEM_BASE_ADDR_ALIGN);
        this.sliceAlignment = (int) Math.max(OpenClTuning.WIDTH, bits / Float.SIZE);
        cl_context context = null;
        cl_command_queue queue = null;
        try {
            cl_context_properties properties = new cl_context_properties();
            properties.addProperty(CL.CL_CONTEXT_PLATFORM, device.platform());
            context = CL.clCreateContext(properties, 1, new cl_device_id[] {device.id()}, null, null, null);
            queue = newQueue(context, device, profiling ? CL.CL_QUEUE_PROFILING_ENABLE : 0);
            this.uploads = new OpenClUploads(this, context, device);
        } catch (CLException e) {
            if (queue != null) {
                CL.clReleaseCommandQueue(queue);
            }
            if (context != null) {
                CL.clReleaseContext(context);
            }
            throw OpenClError.of("opening it", info.name(), e);
        }
        this.context = context;
        this.queue = queue;
        this.pool = new OpenClPool(
                context, queue, info.name(), limits.memoryBytes(), limits.largestBytes(), limits.keptBytes());
        this.programs = new OpenClPrograms(context, device, shape, cache);
        this.tables = new OpenClTables(context);
        OPEN.add(this);
    }

    private static void letAllFinish() {
        for (OpenClRuntime runtime : OPEN) {
            Thread waiting = new Thread(runtime::synchronizeQuietly, "striate-opencl-wait");
            waiting.setDaemon(true);
            waiting.start();
            try {
                waiting.join(PATIENCE_MILLIS);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /**
     * Memory limits of a pool, in bytes: see {@link OpenClPool}.
     *
     * <p>The system property {@code striate.opencl.memory} lowers what may be in use of the device's memory, and {@code
     * striate.opencl.pool} says how much may be kept for reuse, half of that unless set. Both are numbers of bytes,
     * with {@code k}, {@code m} or {@code g} after them or not.
     */
    record Limits(long memoryBytes, long largestBytes, long keptBytes) {

        static final String MEMORY = "striate.opencl.memory";
        static final String POOL = "striate.opencl.pool";

        /** @throws DeviceException if a property is no number of bytes */
        static Limits of(OpenClDevices.Entry device) {
            long has = device.number(CL.CL_DEVICE_GLOBAL_MEM_SIZE);
            long memory = Math.min(has, bytes(MEMORY, System.getProperty(MEMORY), has));
            long largest = Math.min(memory, device.number(CL.CL_DEVICE_MAX_MEM_ALLOC_SIZE));
            return new Limits(memory, largest, bytes(POOL, System.getProperty(POOL), memory / 2));
        }

        static long bytes(String property, @Nullable String value, long unset) {
            if (value == null) {
                return unset;
            }
            String number = value.strip().toLowerCase(Locale.ROOT);
            if (!number.matches("\\d{1,9}[kmg]?|\\d{1,18}")) {
                throw new DeviceException("the system property " + property
                        + " is a number of bytes such as 512m or 4g, got \"" + value + "\"");
            }
            int shift = switch (number.charAt(number.length() - 1)) {
                case 'k' -> 10;
                case 'm' -> 20;
                case 'g' -> 30;
                default -> 0;
            };
            return Long.parseLong(shift == 0 ? number : number.substring(0, number.length() - 1)) << shift;
        }
    }

    DeviceInfo info() {
        return info;
    }

    @SuppressWarnings("deprecation") // Its successor needs OpenCL 2.0.
    static cl_command_queue newQueue(cl_context context, OpenClDevices.Entry device, long properties) {
        return CL.clCreateCommandQueue(context, device.id(), properties, null);
    }

    cl_context context() {
        return context;
    }

    cl_command_queue queue() {
        return queue;
    }

    OpenClPool pool() {
        return pool;
    }

    OpenClPrograms programs() {
        return programs;
    }

    OpenClParameters parameters() {
        return parameters;
    }

    boolean isProfiling() {
        return profile != null;
    }

    /** A kernel was queued whose time will be asked for. */
    synchronized void profiled(cl_event event) {
        Objects.requireNonNull(profile).add(event);
    }

    /** Waits, and sums up the time that the device took for the kernels since the last call. */
    synchronized double takeKernelSeconds() {
        List<cl_event> queued = Objects.requireNonNull(profile);
        List<cl_event> taken = List.copyOf(queued);
        queued.clear();
        try {
            finish("the times of kernels");
            long nanos = 0;
            for (cl_event event : taken) {
                nanos += nanos(event, CL.CL_PROFILING_COMMAND_END) - nanos(event, CL.CL_PROFILING_COMMAND_START);
            }
            return nanos * 1e-9;
        } catch (CLException e) {
            throw OpenClError.of("asking for the times of kernels", info.name(), e);
        } finally {
            taken.forEach(CL::clReleaseEvent);
        }
    }

    private static long nanos(cl_event event, int what) {
        long[] value = new long[1];
        CL.clGetEventProfilingInfo(event, what, Long.BYTES, Pointer.to(value), null);
        return value[0];
    }

    OpenClTables tables() {
        return tables;
    }

    OpenClUploads uploads() {
        return uploads;
    }

    OpenClTrace trace() {
        return trace;
    }

    void trace(OpenClTrace wanted) {
        trace = wanted;
    }

    /** Whether what an event stands for has yet to be done; false if it failed. */
    static boolean isPending(cl_event event) {
        return status(event) > CL.CL_COMPLETE;
    }

    /** Whether what an event stands for has failed, and with it what would wait for the event. */
    static boolean hasFailed(cl_event event) {
        return status(event) < CL.CL_COMPLETE;
    }

    private static int status(cl_event event) {
        int[] status = new int[1];
        CL.clGetEventInfo(event, CL.CL_EVENT_COMMAND_EXECUTION_STATUS, Integer.BYTES, Pointer.to(status), null);
        return status[0];
    }

    /** Waits for everything that was asked for. */
    void finish(String what) {
        trace.waited(what);
        enqueue(what, () -> CL.clFinish(queue));
    }

    int sliceAlignment() {
        return sliceAlignment;
    }

    /** Prepares a kernel's launch; see {@link OpenClPrograms#kernel}. */
    OpenClLaunch kernel(String stem, String name, String... macros) {
        requireOpen();
        try {
            return new OpenClLaunch(this, programs.kernel(stem, name, joined(macros, parameters.macros(stem))));
        } catch (CLException e) {
            throw OpenClError.of("preparing the kernel " + stem + "/" + name, info.name(), e);
        }
    }

    private static String[] joined(String[] macros, String[] more) {
        if (more.length == 0) {
            return macros;
        }
        String[] all = Arrays.copyOf(macros, macros.length + more.length);
        System.arraycopy(more, 0, all, macros.length, more.length);
        return all;
    }

    /** A buffer for use between kernels; releasing it right after the last launch is safe, the queue being in order. */
    OpenClBuffer scratch(int length) {
        return new OpenClBuffer(pool, OpenClPool.Kind.SCRATCH, length);
    }

    /**
     * Makes a call on the queue, with one more try after the pool has given up what it kept if the device has no room.
     *
     * @param attempt what is tried, for the error
     */
    void enqueue(String attempt, Runnable call) {
        requireOpen();
        try {
            try {
                call.run();
            } catch (CLException e) {
                if (!OpenClError.isOutOfMemory(e)) {
                    throw e;
                }
                trace.waited("memory");
                CL.clFinish(queue);
                pool.dropKept();
                call.run();
            }
        } catch (CLException e) {
            if (OpenClError.isOutOfMemory(e)) {
                throw new DeviceMemoryException(
                        "OpenCL device " + info.name() + ": " + attempt + " failed with "
                                + OpenClError.name(e.getStatus()) + ", with " + pool.inUse()
                                + ". Use a smaller batch or release tensors.",
                        e);
            }
            throw OpenClError.of(attempt, info.name(), e);
        }
    }

    /**
     * Waits for the device and gives up all but the blocks in use; the driver keeps the context until they are
     * released.
     */
    synchronized void close() {
        if (closed) {
            return;
        }
        OPEN.remove(this);
        synchronizeQuietly();
        closed = true;
        uploads.close();
        pool.close();
        programs.close();
        CL.clReleaseCommandQueue(queue);
        CL.clReleaseContext(context);
    }

    private void requireOpen() {
        if (closed) {
            throw new DeviceException("OpenCL device " + info.name() + " was closed");
        }
    }

    private void synchronizeQuietly() {
        try {
            CL.clFinish(queue);
        } catch (CLException e) {
            // A device that failed is closed all the same.
        }
    }
}
