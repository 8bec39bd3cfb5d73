package dev.striate.bench.common;

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
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Where and with what something was measured. */
public final class Facts {

    private Facts() {}

    /** Returns the facts by name, in the order in which to list them. */
    public static Map<String, String> of(Device device) throws IOException {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("date", Instant.now().toString());
        facts.put("machine", processor() + ", " + Runtime.getRuntime().availableProcessors() + " cores");
        // On a busy machine the figures mean little: libtorch's threads spin at barriers for one that waits.
        facts.put(
                "load average before the run",
                Table.format(
                        "%.2f", ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()));
        facts.put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
        facts.put(
                "striate",
                device + ", " + device.info().name() + ", " + device.info().detail() + ", jar sha256 "
                        + digest(Path.of(location())));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> flag.startsWith("-XX:UseAVX"))
                .forEach(flag -> facts.put("limit of the vectors of Java", flag));
        new TreeMap<>(System.getenv()).forEach((name, value) -> {
            if (name.matches("GLIBC_TUNABLES|(MALLOC|OMP|MKL|ATEN|ONEDNN)_.*")) {
                facts.put(name, value);
            }
        });
        return facts;
    }

    private static String processor() throws IOException {
        Path file = Path.of("/proc/cpuinfo");
        return (Files.exists(file) ? Files.readAllLines(file) : List.<String>of())
                .stream()
                        .filter(line -> line.startsWith("model name"))
                        .map(line -> line.substring(line.indexOf(':') + 1).strip())
                        .findFirst()
                        .orElse("unknown processor");
    }

    /** Returns the entry of the class path with Striate. */
    public static String location() {
        try {
            return Path.of(Device.class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns a part of the hash of a jar: snapshots share one version. */
    public static String digest(Path jar) throws IOException {
        if (!Files.isRegularFile(jar)) {
            return "none, from " + jar.getFileName();
        }
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(jar));
            return HexFormat.of().formatHex(hash, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
