package dev.striate.backend.opencl;

import dev.striate.DeviceMemoryException;
import dev.striate.backend.DeviceInfo;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;

/** What all launchers of a backend share: one device, its one in-order queue, its memory and its programs. */
final class OpenClRuntime {

    private final DeviceInfo info;
    private final KernelShape shape;
    private final cl_command_queue queue;
    private final OpenClPool pool;
    private final OpenClPrograms programs;
    private final OpenClNests nests;
    private final int sliceAlignment;

    OpenClRuntime(OpenClDevices.Entry device, KernelShape shape, OpenClProgramCache cache, Limits limits) {
        this.info = device.info();
        this.shape = shape;
        cl_context context;
        try {
            cl_context_properties properties = new cl_context_properties();
            properties.addProperty(CL.CL_CONTEXT_PLATFORM, device.platform());
            context = CL.clCreateContext(properties, 1, new cl_device_id[] {device.id()}, null, null, null);
            this.queue = CL.clCreateCommandQueue(context, device.id(), 0, null);
        } catch (CLException e) {
            throw OpenClError.of("opening it", info.name(), e);
        }
        this.pool = new OpenClPool(context, info.name(), limits.memoryBytes(), limits.largestBytes(), limits.keptBytes());
        this.programs = new OpenClPrograms(context, device, shape, cache);
        this.nests = new OpenClNests(context);
        // Windows also keep the alignment of the widest vector that kernels load, 64 bytes.
        long bits = device.number(CL.CL_DEVICE_MEM_BASE_ADDR_ALIGN);
        this.sliceAlignment = (int) Math.max(OpenClTuning.PANEL, bits / Float.SIZE);
    }

    /** Memory limits of a pool, in bytes: see {@link OpenClPool}. */
    record Limits(long memoryBytes, long largestBytes, long keptBytes) {

        static Limits of(OpenClDevices.Entry device) {
            long memory = device.number(CL.CL_DEVICE_GLOBAL_MEM_SIZE);
            return new Limits(memory, device.number(CL.CL_DEVICE_MAX_MEM_ALLOC_SIZE), memory / 2);
        }
    }

    DeviceInfo info() {
        return info;
    }

    boolean isTiled() {
        return shape == KernelShape.TILED;
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

    OpenClNests nests() {
        return nests;
    }

    int sliceAlignment() {
        return sliceAlignment;
    }

    /** Prepares a kernel's launch; see {@link OpenClPrograms#kernel}. */
    OpenClLaunch kernel(String stem, String name, String... macros) {
        try {
            return new OpenClLaunch(this, stem + "/" + name, programs.kernel(stem, name, macros));
        } catch (CLException e) {
            throw OpenClError.of("preparing the kernel " + stem + "/" + name, info.name(), e);
        }
    }

    /** A buffer for use between kernels; releasing it right after the last launch is safe, the queue being in order. */
    OpenClBuffer scratch(int length) {
        return new OpenClBuffer(pool, length);
    }

    /**
     * Makes a call on the queue, with one more try after the pool has given up what it kept if the device has no room.
     *
     * @param attempt what is tried, for the error
     */
    void enqueue(String attempt, Runnable call) {
        try {
            try {
                call.run();
            } catch (CLException e) {
                if (!OpenClError.isOutOfMemory(e)) {
                    throw e;
                }
                CL.clFinish(queue);
                pool.dropKept();
                call.run();
            }
        } catch (CLException e) {
            if (OpenClError.isOutOfMemory(e)) {
                throw new DeviceMemoryException("OpenCL device " + info.name() + ": " + attempt + " failed with "
                        + OpenClError.name(e.getStatus()) + ", with " + (pool.statistics().liveBytes() >> 20) + " MiB of "
                        + (info.memoryBytes() >> 20) + " in use. Use a smaller batch or release tensors.", e);
            }
            throw OpenClError.of(attempt, info.name(), e);
        }
    }
}
