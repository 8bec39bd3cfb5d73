package dev.striate.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.DeviceException;
import dev.striate.DeviceMemoryException;
import dev.striate.backend.BackendProvider;
import dev.striate.backend.Buffer;
import dev.striate.backend.IndexBuffer;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user is told when OpenCL fails. */
class OpenClErrorsTest {

    @Test
    void aFailedBuildShowsTheCodesNameAndTheLog() {
        OpenClRuntime runtime = OpenClDevice.runtime(new OpenClProgramCache(null));
        DeviceException error = assertThrows(
                DeviceException.class,
                () -> runtime.programs().build("broken", "__kernel void f() { notDeclared = 1; }", "-cl-std=CL1.2"));
        assertTrue(error.getMessage().contains("CL_BUILD_PROGRAM_FAILURE"), error.getMessage());
        assertTrue(error.getMessage().contains("notDeclared"), error.getMessage());
    }

    @Test
    void aDeviceOutOfMemorySaysWhatWasAskedAndStaysUsable() {
        OpenClBackend backend = limited(1 << 20, 1 << 20);
        Buffer kept = backend.allocate(150_000);
        IndexBuffer indices = backend.allocateIndices(20);
        backend.kernels().copy().fill(3, kept);
        DeviceMemoryException error = assertThrows(DeviceMemoryException.class, () -> backend.allocate(200_000));
        assertTrue(error.getMessage().contains("800000 bytes"), error.getMessage());
        assertTrue(
                error.getMessage()
                        .contains(
                                "600080 bytes in use in 2 buffers (largest: 1 of floats of 655360 bytes, 1 of indices of 256 bytes),"
                                        + " 1 MiB in all"),
                error.getMessage());
        float[] values = new float[150_000];
        backend.read(kept, values, 0);
        assertEquals(3, values[149_999]);
        backend.release(kept);
        backend.release(indices);
        // The block given back is of another size: the pool must let it go to make room.
        Buffer larger = backend.allocate(200_000);
        assertEquals(0, backend.memory().pooledBytes());
        backend.release(larger);
    }

    @Test
    void aBufferBeyondTheDevicesLargestIsRefused() {
        OpenClBackend backend = limited(1 << 24, 1 << 20);
        DeviceMemoryException error = assertThrows(DeviceMemoryException.class, () -> backend.allocate(1 << 20));
        assertTrue(error.getMessage().contains("at most 1 MiB in one buffer"), error.getMessage());
    }

    @Test
    void aNumberBeyondTheLastDeviceIsRefused() {
        OpenClDevice.require();
        DeviceException error = assertThrows(DeviceException.class, () -> OpenClBackend.open(1000));
        assertTrue(error.getMessage().contains("1000"), error.getMessage());
    }

    @Test
    void aLibraryWithoutDriverSaysSoAndPrintsNothing(@TempDir Path noDrivers) throws IOException, InterruptedException {
        OpenClDevice.require();
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                // From Java 24 on, loading native code without this is worth a warning to the JVM.
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "-Djava.io.tmpdir=" + noDrivers,
                PrintAbsence.class.getName());
        // Where the common loaders look for drivers; the slash is part of one's rule.
        builder.environment().put("OCL_ICD_VENDORS", noDrivers + File.separator);
        builder.redirectErrorStream(true);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        assertEquals(1, output.lines().count(), output);
        assertTrue(output.startsWith("the OpenCL library lists no driver (CL_PLATFORM_NOT_FOUND_KHR)"), output);
        assertTrue(output.contains("Install the OpenCL driver"), output);
    }

    @Test
    void onlyDeviceNotFoundMeansThatADriverHasNoDevice() {
        OpenClDevices.Entry device = OpenClDevice.require();
        cl_platform_id[] one = {device.platform()};
        String none = OpenClDevices.search(one, platform -> failed(CL.CL_DEVICE_NOT_FOUND))
                .probe
                .absence();
        assertTrue(none.contains("have no usable device"), none);
        String failure = OpenClDevices.search(one, platform -> failed(CL.CL_INVALID_DEVICE_TYPE))
                .probe
                .absence();
        assertTrue(failure.endsWith("failed to list its devices with CL_INVALID_DEVICE_TYPE"), failure);
        String handle =
                OpenClDevices.search(one, platform -> new cl_device_id[1]).probe.absence();
        assertTrue(handle.endsWith("failed to list its devices with CL_INVALID_DEVICE"), handle);
    }

    @Test
    void aDriverThatFailsBesideOthersIsAProblem() {
        OpenClDevices.Entry device = OpenClDevice.require();
        int[] calls = {0};
        BackendProvider.Probe probe = OpenClDevices.search(
                        new cl_platform_id[] {device.platform(), device.platform(), device.platform()},
                        platform -> switch (calls[0]++) {
                            case 0 -> failed(CL.CL_OUT_OF_HOST_MEMORY);
                            case 1 -> new cl_device_id[] {device.id()};
                            default -> failed(CL.CL_DEVICE_NOT_FOUND);
                        })
                .probe;
        assertEquals(1, probe.devices().size());
        assertNull(probe.absence());
        assertEquals(1, probe.problems().size());
        assertTrue(
                probe.problems().get(0).endsWith("with CL_OUT_OF_HOST_MEMORY"),
                probe.problems().get(0));
    }

    private static cl_device_id[] failed(int status) {
        throw new CLException("a test", status);
    }

    /** Prints why there is no device. */
    static final class PrintAbsence {
        public static void main(String[] arguments) {
            System.out.println(OpenClDevices.probe().absence());
        }
    }

    @Test
    void sourcesAreCompleteInTheJar() {
        DeviceException error = assertThrows(DeviceException.class, () -> OpenClPrograms.source("absent"));
        assertTrue(error.getMessage().contains("absent.cl"), error.getMessage());
        assertArrayEquals(
                new String[0],
                OpenClPrograms.source("conv2d")
                        .lines()
                        .filter(line -> line.startsWith("#include"))
                        .toArray(String[]::new));
    }

    private static OpenClBackend limited(long memoryBytes, long largestBytes) {
        return new OpenClBackend(OpenClDevice.runtime(
                new OpenClProgramCache(null), new OpenClRuntime.Limits(memoryBytes, largestBytes, memoryBytes)));
    }
}
