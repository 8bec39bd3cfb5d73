package dev.striate.backend.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The sizes in bytes of a core's first cache for data and of its second cache. Only the blocks in which a result is
 * computed follow from them, never its bits.
 */
record Caches(int first, int second) {

    /** Where the sizes are not known: what nearly every processor has at least. */
    static final Caches DEFAULT = new Caches(32 << 10, 512 << 10);
    /** The same, with vectors of 512 bits. */
    static final Caches DEFAULT_OF_BROAD = new Caches(32 << 10, 1 << 20);

    private static final Path LINUX = Path.of("/sys/devices/system/cpu/cpu0/cache");
    private static final int MOST = 1 << 30;

    /** @param lanes floats in a vector */
    static Caches ofThisMachine(int lanes) {
        return read(LINUX, lanes >= 16 ? DEFAULT_OF_BROAD : DEFAULT);
    }

    /** Reads a directory that has {@code index0/level}, {@code type} and {@code size} and so on. */
    static Caches read(Path directory, Caches otherwise) {
        int first = otherwise.first;
        int second = otherwise.second;
        try {
            for (int i = 0; Files.isReadable(directory.resolve("index" + i + "/size")); i++) {
                Path index = directory.resolve("index" + i);
                String level = Files.readString(index.resolve("level")).trim();
                if (Files.readString(index.resolve("type")).startsWith("Instruction")) {
                    continue;
                }
                int size = bytes(Files.readString(index.resolve("size")).trim());
                if (level.equals("1")) {
                    first = size;
                } else if (level.equals("2")) {
                    second = size;
                }
            }
            return new Caches(first, second);
        } catch (IOException | RuntimeException unknown) {
            return otherwise;
        }
    }

    /** {@code 48K} or {@code 1M}. */
    private static int bytes(String size) {
        int unit = size.toUpperCase(Locale.ROOT).endsWith("M") ? 20 : 10;
        long bytes = Long.parseLong(size.substring(0, size.length() - 1)) << unit;
        if (bytes < 1 << 12 || bytes > MOST) {
            throw new NumberFormatException(size);
        }
        return (int) bytes;
    }
}
