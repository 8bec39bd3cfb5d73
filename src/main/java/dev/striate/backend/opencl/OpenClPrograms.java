package dev.striate.backend.opencl;

import dev.striate.DeviceException;
import dev.striate.DeviceInfo;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.cl_context;
import org.jocl.cl_device_id;
import org.jocl.cl_kernel;
import org.jocl.cl_program;
import org.jspecify.annotations.Nullable;

/** Builds programs from the packed sources, each once per set of macros, and keeps their kernels. */
final class OpenClPrograms {

    private static final Logger LOGGER = System.getLogger(OpenClPrograms.class.getName());

    /** No relaxed mathematics: NaN and infinities must survive. */
    private static final String OPTIONS = "-cl-std=CL1.2 -cl-mad-enable";

    private static final int BUILD_ATTEMPTS = 5;

    private final cl_context context;
    private final cl_device_id device;
    private final DeviceInfo info;
    private final KernelShape shape;
    private final OpenClProgramCache cache;
    private final Map<String, cl_program> programs = new HashMap<>();
    private final Map<String, Kernel> kernels = new HashMap<>();

    OpenClPrograms(cl_context context, OpenClDevices.Entry device, KernelShape shape, OpenClProgramCache cache) {
        this.context = context;
        this.device = device.id();
        this.info = device.info();
        this.shape = shape;
        this.cache = cache;
    }

    /** @param title the file, the kernel in it and the macros it was built with, for people */
    record Kernel(cl_kernel handle, String title) {}

    /**
     * A kernel, built if need be.
     *
     * @param stem   the source file's name without {@code .cl}
     * @param name   the kernel's name in it
     * @param macros what is defined for the build, {@code NAME} or {@code NAME=VALUE}
     */
    synchronized Kernel kernel(String stem, String name, String... macros) {
        String program = stem + " " + String.join(" ", macros);
        String key = name + "@" + program;
        Kernel kernel = kernels.get(key);
        if (kernel == null) {
            cl_program built = programs.get(program);
            if (built == null) {
                built = build(stem, source(stem), options(macros));
                programs.put(program, built);
            }
            kernel = new Kernel(
                    CL.clCreateKernel(built, name, null), stem + "/" + name + " " + shape + " " + List.of(macros));
            kernels.put(key, kernel);
            LOGGER.log(Level.DEBUG, "kernel {0}", kernel.title);
        }
        return kernel;
    }

    private String options(String... macros) {
        StringBuilder options = new StringBuilder(OPTIONS)
                .append(" -D")
                .append(shape)
                .append(" -DWIDTH=")
                .append(OpenClTuning.WIDTH)
                .append(" -DBLOCK_COLUMNS=")
                .append(OpenClTuning.BLOCK_COLUMNS);
        for (String macro : macros) {
            options.append(" -D").append(macro);
        }
        return options.toString();
    }

    /** Builds a program, from the cache if it holds one that still works. */
    cl_program build(String title, String source, String options) {
        String key = OpenClProgramCache.key(
                info.platform(), info.name(), String.valueOf(info.driver()), info.detail(), options, source);
        byte[] binary = cache.load(key);
        if (binary != null) {
            cl_program program = buildBinary(binary, options);
            if (program != null) {
                return program;
            }
        }
        cl_program program = null;
        for (int attempt = 1; program == null; attempt++) {
            program = buildSource(title, source, options, attempt == BUILD_ATTEMPTS);
        }
        if (cache.isOn()) {
            cache.store(key, binary(program));
        }
        return program;
    }

    /**
     * Builds a program, or returns null if PoCL lost a temporary file and this is not the last attempt. LLVM, its
     * compiler, removes these files when the process gets a signal, and the JVM sends itself signals, for instance at
     * null pointers. There is no test: many signals at once can leave the JVM without its handler. {@code ./striate}
     * avoids all this with libjsig.
     */
    private @Nullable cl_program buildSource(String title, String source, String options, boolean last) {
        cl_program program = CL.clCreateProgramWithSource(context, 1, new String[] {source}, null, null);
        try {
            CL.clBuildProgram(program, 1, new cl_device_id[] {device}, options, null, null);
            if (LOGGER.isLoggable(Level.DEBUG) && !log(program).isBlank()) {
                LOGGER.log(Level.DEBUG, "the build of {0} ({1}) printed: {2}", title, options, log(program));
            }
            return program;
        } catch (CLException e) {
            String log = log(program);
            CL.clReleaseProgram(program);
            if (!last && log.contains("unable to rename temporary")) {
                return null;
            }
            throw new DeviceException(
                    "OpenCL device " + info.name() + ": the build of " + title + " (" + options + ") failed with "
                            + OpenClError.name(e.getStatus()) + System.lineSeparator() + log,
                    e);
        }
    }

    private @Nullable cl_program buildBinary(byte[] binary, String options) {
        cl_program program = null;
        try {
            program = CL.clCreateProgramWithBinary(
                    context,
                    1,
                    new cl_device_id[] {device},
                    new long[] {binary.length},
                    new byte[][] {binary},
                    null,
                    null);
            CL.clBuildProgram(program, 1, new cl_device_id[] {device}, options, null, null);
            return program;
        } catch (CLException e) {
            // Damaged, or of a driver that no longer takes it: the source is built anew and the file replaced.
            if (program != null) {
                CL.clReleaseProgram(program);
            }
            return null;
        }
    }

    private String log(cl_program program) {
        long[] size = new long[1];
        CL.clGetProgramBuildInfo(program, device, CL.CL_PROGRAM_BUILD_LOG, 0, null, size);
        byte[] log = new byte[(int) size[0]];
        CL.clGetProgramBuildInfo(program, device, CL.CL_PROGRAM_BUILD_LOG, log.length, Pointer.to(log), null);
        return OpenClDevices.text(log);
    }

    private static byte[] binary(cl_program program) {
        long[] size = new long[1];
        CL.clGetProgramInfo(program, CL.CL_PROGRAM_BINARY_SIZES, Long.BYTES, Pointer.to(size), null);
        byte[] binary = new byte[(int) size[0]];
        CL.clGetProgramInfo(program, CL.CL_PROGRAM_BINARIES, Long.BYTES, Pointer.to(Pointer.to(binary)), null);
        return binary;
    }

    /**
     * A packed source with its {@code #include} lines replaced: drivers cannot see into a jar. Headers, whose names end
     * with {@code .h}, are the structs of {@link OpenClStruct}.
     */
    static String source(String stem) {
        StringBuilder source = new StringBuilder();
        for (String line : resource(stem + ".cl").lines().toList()) {
            if (line.startsWith("#include \"")) {
                String file = line.substring(line.indexOf('"') + 1, line.lastIndexOf('"'));
                String name = file.substring(0, file.lastIndexOf('.'));
                source.append(file.endsWith(".h") ? OpenClStruct.source(name) : source(name));
            } else {
                source.append(line).append('\n');
            }
        }
        return source.toString();
    }

    static String resource(String file) {
        try (InputStream in = OpenClPrograms.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new DeviceException("The file " + file + " is missing from the jar of this library");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new DeviceException("The file " + file + " cannot be read from the jar of this library", e);
        }
    }

    synchronized void close() {
        kernels.values().forEach(kernel -> CL.clReleaseKernel(kernel.handle));
        kernels.clear();
        programs.values().forEach(CL::clReleaseProgram);
        programs.clear();
    }
}
