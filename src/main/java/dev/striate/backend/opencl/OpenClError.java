package dev.striate.backend.opencl;

import dev.striate.DeviceException;
import org.jocl.CL;
import org.jocl.CLException;

/** Turns OpenCL's status codes into names and errors. */
final class OpenClError {

    private OpenClError() {}

    /** The code's name in the standard, {@code CL_OUT_OF_RESOURCES}. */
    static String name(int code) {
        return CL.stringFor_errorCode(code);
    }

    /** Whether the device said that it has no room: drivers that allocate lazily say so at any call. */
    static boolean isOutOfMemory(CLException error) {
        int code = error.getStatus();
        return code == CL.CL_MEM_OBJECT_ALLOCATION_FAILURE
                || code == CL.CL_OUT_OF_RESOURCES
                || code == CL.CL_OUT_OF_HOST_MEMORY;
    }

    /**
     * The error that a user sees.
     *
     * @param attempt what was tried, as in "the launch of matmul/product"
     */
    static DeviceException of(String attempt, String device, CLException cause) {
        return new DeviceException(
                "OpenCL device " + device + ": " + attempt + " failed with " + name(cause.getStatus()), cause);
    }
}
