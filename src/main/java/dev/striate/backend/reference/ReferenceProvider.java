package dev.striate.backend.reference;

import dev.striate.DeviceException;
import dev.striate.DeviceInfo;
import dev.striate.backend.Backend;
import dev.striate.backend.BackendProvider;
import java.util.List;

/** The reference device is always there, and there is one of it. */
public final class ReferenceProvider implements BackendProvider {

    static final DeviceInfo INFO = new DeviceInfo(
            "reference",
            0,
            "reference",
            System.getProperty("java.vm.name") + " " + System.getProperty("java.version"),
            null,
            "CPU",
            Runtime.getRuntime().maxMemory(),
            "double precision, 1 thread");

    @Override
    public String kind() {
        return INFO.kind();
    }

    @Override
    public Probe probe() {
        return new Probe(List.of(INFO), null, List.of());
    }

    @Override
    public Backend open(int ordinal, int threads) {
        if (ordinal != 0) {
            throw new DeviceException(
                    "reference:" + ordinal + " does not exist: the only reference device is reference:0");
        }
        return new ReferenceBackend();
    }
}
