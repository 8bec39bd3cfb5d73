package dev.striate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.backend.BackendProvider;
import dev.striate.internal.Internals;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceTest {

    @Test
    void aDeviceIsOpenedOnce() {
        assertSame(Device.cpu(), Device.parse("cpu"));
        assertSame(Device.cpu(), Device.parse(" CPU "));
        assertSame(Device.cpu(2), Device.parse("cpu", 2));
        assertNotSame(Device.cpu(1), Device.cpu(2));
        assertSame(Device.cpu(), Device.cpu(Runtime.getRuntime().availableProcessors()));
        assertSame(Device.reference(), Device.parse("reference"));
        assertSame(Device.reference(), Device.parse("reference", 2));
    }

    @Test
    void devicesOfTheSameNameAreToldApartByTheirThreads() {
        try (Tensor one = Tensor.ones(Device.cpu(1), 2);
                Tensor two = Tensor.ones(Device.cpu(2), 2)) {
            DeviceException error = assertThrows(DeviceException.class, () -> one.add(two));
            assertTrue(error.getMessage().contains("cpu (1 thread,"), error.getMessage());
            assertTrue(error.getMessage().contains("cpu (2 threads,"), error.getMessage());
        }
    }

    @Test
    void devicesSayWhatTheyAre() {
        assertEquals("cpu", Device.cpu().name());
        assertEquals("reference", Device.reference().toString());
        assertEquals("cpu", Device.cpu().info().kind());
        assertEquals(0, Device.cpu().info().ordinal());
        assertTrue(Internals.providers().stream()
                .map(BackendProvider::kind)
                .toList()
                .containsAll(List.of("cpu", "reference")));
        Device.cpu().synchronize();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "tpu", "cpu:1", "gpu:", "gpu:x", "gpu:-1", "gpu:99999", "gpu 0", "reference:0"})
    void namesThatMeanNothingAreRefused(String name) {
        DeviceException error = assertThrows(DeviceException.class, () -> Device.parse(name));
        assertTrue(error.getMessage().contains("\"" + name + "\""), error.getMessage());
        assertTrue(error.getMessage().contains("auto, cpu, gpu, gpu:N or reference"), error.getMessage());
    }

    @Test
    void threadsAreCounted() {
        assertThrows(DeviceException.class, () -> Device.cpu(0));
        assertThrows(DeviceException.class, () -> Device.parse("cpu", -1));
    }

    @Test
    void aBackendOpenedByHandIsADevice() {
        Device own = Internals.device("mine", Internals.backend(Device.reference()));
        assertEquals("mine", own.name());
        try (Tensor tensor = Tensor.ones(own, 2);
                Tensor other = Tensor.ones(Device.reference(), 2)) {
            DeviceException error = assertThrows(DeviceException.class, () -> tensor.add(other));
            assertTrue(error.getMessage().contains("mine"), error.getMessage());
        }
    }
}
