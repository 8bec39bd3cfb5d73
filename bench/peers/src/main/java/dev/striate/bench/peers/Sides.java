package dev.striate.bench.peers;

import dev.striate.Device;
import dev.striate.bench.common.Facts;
import dev.striate.bench.common.Side;
import dev.striate.bench.common.Striate;
import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The sides by name. */
final class Sides {

    static final String STRIATE = "striate";
    static final String LIBTORCH = "libtorch";

    private Sides() {}

    /** Parses additions to an environment, separated by spaces. */
    static Map<String, String> environment(String settings) {
        return Arrays.stream(settings.strip().split(" +"))
                .map(setting -> setting.split("=", 2))
                .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1]));
    }

    /** Returns this program's class path with another jar of Striate. */
    static String withStriate(String jar) {
        List<String> path =
                new ArrayList<>(List.of(System.getProperty("java.class.path").split(File.pathSeparator)));
        path.replaceAll(entry -> entry.equals(Facts.location()) ? jar : entry);
        return String.join(File.pathSeparator, path);
    }

    /** Creates a side; the other one is not loaded. */
    static Side named(String name, int threads) {
        return name.equals(STRIATE) ? new Striate(Device.cpu(threads)) : new TorchSide(threads);
    }
}
