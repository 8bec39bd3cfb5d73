package dev.striate.backend.opencl;

import dev.striate.DeviceException;
import dev.striate.DeviceInfo;
import dev.striate.backend.BackendProvider;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;

/**
 * The OpenCL devices of this machine, listed once. Without any, the probe has the reason: no library of JOCL, no OpenCL
 * library, no driver, or no device.
 */
final class OpenClDevices {

    private static final String LIBRARY_ADVICE =
            "On Debian and Ubuntu: apt-get install ocl-icd-libopencl1, and the OpenCL driver of the GPU's vendor"
                    + " (or pocl-opencl-icd for the CPU).";
    private static final String DRIVER_ADVICE =
            "Install the OpenCL driver of the GPU's vendor (or pocl-opencl-icd for the CPU); drivers register themselves in"
                    + " /etc/OpenCL/vendors.";

    /** Of {@code cl_nv_device_attribute_query}, which JOCL has no names for. */
    private static final int NV_COMPUTE_CAPABILITY_MAJOR = 0x4000;

    private static final int NV_COMPUTE_CAPABILITY_MINOR = 0x4001;

    /**
     * JOCL's own constant is -1, which sets bits that are no type: Mesa's rusticl rejects it with
     * CL_INVALID_DEVICE_TYPE.
     */
    private static final long ALL_TYPES = 0xFFFF_FFFFL;

    private final List<Entry> entries;
    final BackendProvider.Probe probe;

    private OpenClDevices(List<Entry> entries, BackendProvider.Probe probe) {
        this.entries = entries;
        this.probe = probe;
    }

    /** A device and JOCL's handles of it. */
    record Entry(cl_platform_id platform, cl_device_id id, long type, DeviceInfo info) {

        /** The default shape of its kernels. */
        KernelShape shape() {
            boolean cpu = (type & CL.CL_DEVICE_TYPE_CPU) != 0;
            return cpu || number(CL.CL_DEVICE_MAX_WORK_GROUP_SIZE) < OpenClTuning.LARGEST_GROUP
                    ? KernelShape.VECTOR
                    : KernelShape.TILED;
        }

        long number(int parameter) {
            return OpenClDevices.number(id, parameter);
        }

        /** The limits of a work-group. */
        OpenClFamily.Limits limits() {
            return new OpenClFamily.Limits(
                    number(CL.CL_DEVICE_MAX_WORK_GROUP_SIZE), number(CL.CL_DEVICE_LOCAL_MEM_SIZE));
        }

        /** The traits by which the table of parameters distinguishes devices. */
        OpenClTuningTable.Traits traits() {
            return new OpenClTuningTable.Traits(
                    text(id, CL.CL_DEVICE_VENDOR), info.type(), architecture(), info.name());
        }

        /** NVIDIA's compute capability; AMD's drivers have the architecture for a name, with features after a colon. */
        private String architecture() {
            if (text(id, CL.CL_DEVICE_EXTENSIONS).contains("cl_nv_device_attribute_query")) {
                return "sm_" + number(NV_COMPUTE_CAPABILITY_MAJOR) + number(NV_COMPUTE_CAPABILITY_MINOR);
            }
            return info.name().startsWith("gfx") ? info.name().replaceFirst(":.*", "") : "";
        }
    }

    private static final class Holder {
        static final OpenClDevices FOUND = find();
    }

    static BackendProvider.Probe probe() {
        return Holder.FOUND.probe;
    }

    static Entry get(int ordinal) {
        List<Entry> entries = Holder.FOUND.entries;
        if (entries.isEmpty()) {
            throw new DeviceException("no OpenCL device: " + probe().absence());
        }
        if (ordinal < 0 || ordinal >= entries.size()) {
            throw new DeviceException("there is no OpenCL device " + ordinal + "; the devices are numbered from 0 to "
                    + (entries.size() - 1));
        }
        return entries.get(ordinal);
    }

    private static OpenClDevices find() {
        try {
            JoclLibrary jocl = JoclLibrary.ofPlatform();
            // Asked first because JOCL prints stack traces when it does not find the OpenCL library.
            if (!mayHaveLibrary()) {
                return none("no OpenCL library (libOpenCL.so.1) on this machine. " + LIBRARY_ADVICE);
            }
            jocl.load();
            CL.setExceptionsEnabled(true);
            return search(platforms(), OpenClDevices::devices);
        } catch (DeviceException e) {
            return none(String.valueOf(e.getMessage()));
        } catch (CLException e) {
            return none(
                    "the OpenCL library lists no driver (" + OpenClError.name(e.getStatus()) + "). " + DRIVER_ADVICE);
        } catch (LinkageError | UnsupportedOperationException e) {
            return none("the OpenCL library cannot be used (" + firstLine(e) + "). " + LIBRARY_ADVICE);
        }
    }

    /** Lists the devices of a platform; throws a CLException with CL_DEVICE_NOT_FOUND where there are none. */
    interface Lister {
        cl_device_id[] devices(cl_platform_id platform);
    }

    static OpenClDevices search(cl_platform_id[] platforms, Lister lister) {
        if (platforms.length == 0) {
            return none("the OpenCL library lists no driver. " + DRIVER_ADVICE);
        }
        List<Entry> found = new ArrayList<>();
        List<String> names = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        for (cl_platform_id platform : platforms) {
            String name = "driver " + (names.size() + 1);
            try {
                name = text(platform, CL.CL_PLATFORM_NAME);
                names.add(name);
                for (cl_device_id id : lister.devices(platform)) {
                    if (number(id, CL.CL_DEVICE_AVAILABLE) != 0 && number(id, CL.CL_DEVICE_COMPILER_AVAILABLE) != 0) {
                        long type = number(id, CL.CL_DEVICE_TYPE);
                        found.add(new Entry(platform, id, type, describe(platform, id, type)));
                    }
                }
            } catch (CLException e) {
                if (e.getStatus() != CL.CL_DEVICE_NOT_FOUND) {
                    problems.add("the OpenCL driver " + name + " failed to list its devices with "
                            + OpenClError.name(e.getStatus()));
                }
            }
        }
        if (found.isEmpty()) {
            return none(
                    problems.isEmpty()
                            ? "the OpenCL drivers on this machine (" + String.join(", ", names)
                                    + ") have no usable device. Check that the"
                                    + " device is plugged in and that this user may open it (on Linux: groups render and video)."
                            : String.join("; ", problems));
        }
        found.sort(Comparator.comparingInt((Entry e) -> rank(e.type))
                .thenComparing(Comparator.comparingLong((Entry e) -> e.number(CL.CL_DEVICE_MAX_COMPUTE_UNITS))
                        .reversed()));
        List<Entry> entries = new ArrayList<>();
        for (Entry e : found) {
            DeviceInfo i = e.info;
            entries.add(new Entry(
                    e.platform,
                    e.id,
                    e.type,
                    new DeviceInfo(
                            i.kind(),
                            entries.size(),
                            i.name(),
                            i.platform(),
                            i.driver(),
                            i.type(),
                            i.memoryBytes(),
                            i.detail())));
        }
        return new OpenClDevices(
                List.copyOf(entries),
                new BackendProvider.Probe(entries.stream().map(Entry::info).toList(), null, problems));
    }

    private static OpenClDevices none(String absence) {
        return new OpenClDevices(List.of(), new BackendProvider.Probe(List.of(), absence, List.of()));
    }

    private static int rank(long type) {
        if ((type & CL.CL_DEVICE_TYPE_GPU) != 0) {
            return 0;
        }
        return (type & CL.CL_DEVICE_TYPE_ACCELERATOR) != 0 ? 1 : 2;
    }

    private static DeviceInfo describe(cl_platform_id platform, cl_device_id id, long type) {
        String kind = switch (rank(type)) {
            case 0 -> "GPU";
            case 1 -> "accelerator";
            default -> "CPU";
        };
        return new DeviceInfo(
                "gpu",
                0,
                text(id, CL.CL_DEVICE_NAME),
                text(platform, CL.CL_PLATFORM_NAME) + ", " + text(platform, CL.CL_PLATFORM_VERSION),
                text(id, CL.CL_DRIVER_VERSION),
                kind,
                number(id, CL.CL_DEVICE_GLOBAL_MEM_SIZE),
                number(id, CL.CL_DEVICE_MAX_COMPUTE_UNITS) + " compute units, " + text(id, CL.CL_DEVICE_VERSION));
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
        CL.clGetDeviceIDs(platform, ALL_TYPES, 0, null, count);
        cl_device_id[] devices = new cl_device_id[count[0]];
        CL.clGetDeviceIDs(platform, ALL_TYPES, devices.length, devices, null);
        return devices;
    }

    /** A number or flag of at most eight bytes. */
    private static long number(cl_device_id id, int parameter) {
        long[] value = new long[1];
        CL.clGetDeviceInfo(id, parameter, Long.BYTES, Pointer.to(value), null);
        return value[0];
    }

    private static String text(cl_device_id id, int parameter) {
        long[] size = new long[1];
        CL.clGetDeviceInfo(id, parameter, 0, null, size);
        byte[] bytes = new byte[(int) size[0]];
        CL.clGetDeviceInfo(id, parameter, bytes.length, Pointer.to(bytes), null);
        return text(bytes);
    }

    private static String text(cl_platform_id id, int parameter) {
        long[] size = new long[1];
        CL.clGetPlatformInfo(id, parameter, 0, null, size);
        byte[] bytes = new byte[(int) size[0]];
        CL.clGetPlatformInfo(id, parameter, bytes.length, Pointer.to(bytes), null);
        return text(bytes);
    }

    /** OpenCL's strings end with a zero byte. */
    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8).replace("\0", "").trim();
    }

    private static String firstLine(Throwable error) {
        return String.valueOf(error.getMessage())
                .lines()
                .findFirst()
                .orElse(error.getClass().getSimpleName());
    }

    /** Whether the loader would find the OpenCL library on Linux; true on other systems. */
    private static boolean mayHaveLibrary() {
        if (!System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux")) {
            return true;
        }
        return listedInLoaderCache()
                || Stream.of(
                                String.valueOf(System.getenv("LD_LIBRARY_PATH")),
                                System.getProperty("java.library.path", ""),
                                "/lib:/usr/lib:/lib64:/usr/lib64:/usr/local/lib")
                        .flatMap(path -> Stream.of(path.split(":")))
                        .filter(directory -> !directory.isEmpty())
                        .anyMatch(OpenClDevices::holdsLibrary);
    }

    private static boolean holdsLibrary(String directory) {
        return Files.exists(Path.of(directory, "libOpenCL.so.1")) || Files.exists(Path.of(directory, "libOpenCL.so"));
    }

    private static boolean listedInLoaderCache() {
        try {
            return Files.readString(Path.of("/etc/ld.so.cache"), StandardCharsets.ISO_8859_1)
                    .contains("libOpenCL.so");
        } catch (IOException e) {
            return false;
        }
    }
}
