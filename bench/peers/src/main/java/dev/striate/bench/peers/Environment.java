package dev.striate.bench.peers;

import dev.striate.Device;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Where and with what something was measured. */
final class Environment {

    private Environment() {}

    /** By name, in the order in which to list them. */
    static Map<String, String> facts(StriateSide striate, TorchSide libtorch) throws IOException {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("date", Instant.now().toString());
        facts.put("machine", processor() + ", " + Runtime.getRuntime().availableProcessors() + " cores");
        facts.put("load average before the run", loadAverage());
        facts.put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
        facts.put("striate", striate.detail() + ", jar sha256 " + digest());
        facts.put("libtorch", libtorch.detail());
        new TreeMap<>(System.getenv()).forEach((name, value) -> {
            if (name.matches("GLIBC_TUNABLES|(MALLOC|OMP|MKL)_.*")) {
                facts.put(name, value);
            }
        });
        return facts;
    }

    /**
     * Of the last minute. On a busy machine the figures say little: libtorch's threads spin at barriers for one that
     * waits.
     */
    private static String loadAverage() {
        return String.format(
                Locale.ROOT,
                "%.2f",
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    }

    private static String processor() throws IOException {
        return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse("unknown processor");
    }

    /** Snapshots share one version: this says which one was measured. */
    private static String digest() throws IOException {
        try {
            Path jar = Path.of(Device.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            if (!Files.isRegularFile(jar)) {
                return "none, from " + jar.getFileName();
            }
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(jar));
            return HexFormat.of().formatHex(hash, 0, 8);
        } catch (URISyntaxException | NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
