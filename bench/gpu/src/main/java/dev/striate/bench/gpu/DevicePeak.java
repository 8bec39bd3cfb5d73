package dev.striate.bench.gpu;

import dev.striate.DeviceInfo;
import java.nio.charset.StandardCharsets;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;
import org.jocl.cl_platform_id;
import org.jocl.cl_program;

/**
 * The most float32 multiply-adds that a device was seen to do: work-items with independent chains of them in registers,
 * without memory. What a product reaches of it is its part of the peak.
 */
final class DevicePeak {

    /** JOCL's own constant is -1, which Mesa's rusticl rejects. */
    private static final long ALL_TYPES = 0xFFFFFFFFL;

    private static final int CHAINS = 8;
    private static final int TURNS = 4096;
    private static final int RUNS = 7;

    private static final String SOURCE = """
            __kernel void chains(const float a, const float b, __global float *result)
            {
                VEC x[CHAINS];
                for (int i = 0; i < CHAINS; ++i) {
                    x[i] = (VEC)(get_global_id(0) * 1e-3f + i);
                }
                for (int turn = 0; turn < TURNS; ++turn) {
            #pragma unroll
                    for (int i = 0; i < CHAINS; ++i) {
                        x[i] = fma(x[i], (VEC)(a), (VEC)(b));
                    }
                }
                VEC sum = (VEC)(0.0f);
                for (int i = 0; i < CHAINS; ++i) {
                    sum += x[i];
                }
                float lanes[WIDTH];
                STORE(sum, 0, lanes);
                float total = 0.0f;
                for (int lane = 0; lane < WIDTH; ++lane) {
                    total += lanes[lane];
                }
                result[get_global_id(0)] = total;
            }
            """;

    private DevicePeak() {}

    /** FLOP/s, the best of some runs. */
    static double measure(DeviceInfo info) {
        boolean cpu = info.type().equals("CPU");
        int width = cpu ? 16 : 4;
        cl_device_id device = null;
        cl_platform_id of = null;
        for (cl_platform_id platform : platforms()) {
            for (cl_device_id each : devices(platform)) {
                if (device == null && text(each, CL.CL_DEVICE_NAME).equals(info.name())) {
                    device = each;
                    of = platform;
                }
            }
        }
        if (device == null) {
            throw new IllegalStateException("OpenCL no longer shows the device " + info.name());
        }
        int[] units = new int[1];
        CL.clGetDeviceInfo(device, CL.CL_DEVICE_MAX_COMPUTE_UNITS, Sizeof.cl_uint, Pointer.to(units), null);
        long local = cpu ? 1 : 256;
        long items = cpu ? units[0] * 8L : units[0] * 256L * 16;
        cl_context_properties properties = new cl_context_properties();
        properties.addProperty(CL.CL_CONTEXT_PLATFORM, of);
        cl_context context = CL.clCreateContext(properties, 1, new cl_device_id[] {device}, null, null, null);
        cl_command_queue queue = CL.clCreateCommandQueue(context, device, CL.CL_QUEUE_PROFILING_ENABLE, null);
        cl_program program = CL.clCreateProgramWithSource(context, 1, new String[] {SOURCE}, null, null);
        CL.clBuildProgram(
                program,
                1,
                new cl_device_id[] {device},
                "-cl-std=CL1.2 -DCHAINS=" + CHAINS + " -DTURNS=" + TURNS + " -DWIDTH=" + width + " -DVEC=float" + width
                        + " -DSTORE=vstore" + width,
                null,
                null);
        cl_kernel kernel = CL.clCreateKernel(program, "chains", null);
        cl_mem result = CL.clCreateBuffer(context, CL.CL_MEM_WRITE_ONLY, items * Sizeof.cl_float, null, null);
        CL.clSetKernelArg(kernel, 0, Sizeof.cl_float, Pointer.to(new float[] {0.999f}));
        CL.clSetKernelArg(kernel, 1, Sizeof.cl_float, Pointer.to(new float[] {0.001f}));
        CL.clSetKernelArg(kernel, 2, Sizeof.cl_mem, Pointer.to(result));
        double best = Double.POSITIVE_INFINITY;
        for (int run = 0; run < RUNS; run++) {
            cl_event event = new cl_event();
            CL.clEnqueueNDRangeKernel(queue, kernel, 1, null, new long[] {items}, new long[] {local}, 0, null, event);
            CL.clFinish(queue);
            best = Math.min(
                    best,
                    1e-9 * (time(event, CL.CL_PROFILING_COMMAND_END) - time(event, CL.CL_PROFILING_COMMAND_START)));
            CL.clReleaseEvent(event);
        }
        CL.clReleaseMemObject(result);
        CL.clReleaseKernel(kernel);
        CL.clReleaseProgram(program);
        CL.clReleaseCommandQueue(queue);
        CL.clReleaseContext(context);
        return 2.0 * CHAINS * TURNS * width * items / best;
    }

    private static long time(cl_event event, int what) {
        long[] nanos = new long[1];
        CL.clGetEventProfilingInfo(event, what, Sizeof.cl_ulong, Pointer.to(nanos), null);
        return nanos[0];
    }

    private static cl_platform_id[] platforms() {
        int[] count = new int[1];
        CL.clGetPlatformIDs(0, null, count);
        cl_platform_id[] platforms = new cl_platform_id[count[0]];
        CL.clGetPlatformIDs(platforms.length, platforms, null);
        return platforms;
    }

    private static cl_device_id[] devices(cl_platform_id platform) {
        int[] count = new int[1];
        try {
            CL.clGetDeviceIDs(platform, ALL_TYPES, 0, null, count);
        } catch (CLException e) {
            if (e.getStatus() == CL.CL_DEVICE_NOT_FOUND) {
                return new cl_device_id[0];
            }
            throw e;
        }
        cl_device_id[] devices = new cl_device_id[count[0]];
        CL.clGetDeviceIDs(platform, ALL_TYPES, devices.length, devices, null);
        return devices;
    }

    private static String text(cl_device_id device, int what) {
        long[] size = new long[1];
        CL.clGetDeviceInfo(device, what, 0, null, size);
        byte[] bytes = new byte[(int) size[0]];
        CL.clGetDeviceInfo(device, what, bytes.length, Pointer.to(bytes), null);
        return new String(bytes, StandardCharsets.UTF_8).replace("\0", "").strip();
    }
}
