package dev.striate.data;

import dev.striate.StriateException;
import dev.striate.disk.PrintableText;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Reads the files in a {@code .tar.gz} archive one after another. Nothing is unpacked to disk, so the names in the
 * archive cannot do harm. Supports ustar, and the long names of GNU tar and pax; skips entries that are not files.
 */
final class TarGz {

    private static final int BLOCK = 512;
    private static final int SIZE = 124;
    private static final int CHECKSUM = 148;
    private static final int TYPE = 156;
    private static final int MAGIC = 257;
    private static final int PREFIX = 345;
    private static final int MAX_EXTENSION_BYTES = 1 << 20;

    private TarGz() {}

    /** Processes a file of the archive. It need not be read to its end. */
    interface Visitor {
        void visit(String name, DataFile file);
    }

    /**
     * Reads the whole archive and verifies its checksum.
     *
     * @throws StriateException if the archive is truncated or malformed
     */
    static void forEach(Path archive, Visitor visitor) {
        try (DataFile in = DataFile.open(archive)) {
            byte[] header = new byte[BLOCK];
            String longName = null;
            long longSize = -1;
            while (true) {
                long start = in.offset();
                in.readFully(header, 0, BLOCK, "a header of tar");
                if (header[0] == 0) {
                    break;
                }
                checkSum(in, header, start);
                long size = number(in, header, SIZE, 12, start);
                char type = (char) header[TYPE];
                // A pax record overrides the header that follows it.
                if (longSize >= 0 && type != 'L' && type != 'K' && type != 'x') {
                    size = longSize;
                }
                if (size > in.most()) {
                    throw in.errorAt(start + SIZE, "an entry is said to have " + size + " bytes, more than can follow");
                }
                long end = in.offset() + (size + BLOCK - 1) / BLOCK * BLOCK;
                switch (type) {
                    case 'L' -> longName = text(extension(in, size), 0, (int) size);
                    case 'x' -> {
                        String records = new String(extension(in, size), StandardCharsets.UTF_8);
                        longName = pax(records, "path", longName);
                        String paxSize = pax(records, "size", null);
                        longSize = paxSize == null ? longSize : parse(in, paxSize, 10, start);
                    }
                    case '0', '\0', '7' -> {
                        String name = longName == null ? name(header) : longName;
                        visitor.visit(name, in.part(archive + "!/" + PrintableText.excerpt(name), size));
                    }
                    default -> {
                        // A folder, link or device is skipped.
                    }
                }
                in.skipTo(end, "an entry");
                if (type != 'L' && type != 'K' && type != 'x') {
                    longName = null;
                    longSize = -1;
                }
            }
            in.skipToEnd();
        }
    }

    private static byte[] extension(DataFile in, long size) {
        if (size > MAX_EXTENSION_BYTES) {
            throw in.error("an extended header of tar has " + size + " bytes, expected at most " + MAX_EXTENSION_BYTES);
        }
        return in.read((int) size, "an extended header of tar");
    }

    /** Returns the value of a key in records of the form {@code "length key=value\n"}. */
    private static @Nullable String pax(String records, String key, @Nullable String otherwise) {
        for (String record : records.split("\n", -1)) {
            int space = record.indexOf(' ');
            if (record.startsWith(key + "=", space + 1)) {
                return record.substring(space + key.length() + 2);
            }
        }
        return otherwise;
    }

    private static String name(byte[] header) {
        String name = text(header, 0, 100);
        boolean ustar = text(header, MAGIC, 5).equals("ustar");
        // GNU tar writes "ustar " and uses the bytes of the prefix for other purposes.
        String prefix = ustar && header[MAGIC + 5] == 0 ? text(header, PREFIX, 155) : "";
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    private static void checkSum(DataFile in, byte[] header, long start) {
        long sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= CHECKSUM && i < CHECKSUM + 8 ? ' ' : header[i] & 0xFF;
        }
        if (sum != number(in, header, CHECKSUM, 8, start)) {
            throw in.errorAt(start, "this is no header of tar: its checksum is wrong");
        }
    }

    private static long number(DataFile in, byte[] header, int at, int length, long start) {
        if (header[at] < 0) {
            throw in.errorAt(start + at, "entries of 8 GiB and more are not read");
        }
        return parse(in, text(header, at, length).trim(), 8, start + at);
    }

    private static long parse(DataFile in, String digits, int radix, long place) {
        try {
            long number = digits.isEmpty() ? 0 : Long.parseLong(digits, radix);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Handled like a negative number.
        }
        throw in.errorAt(place, "a header of tar has \"" + PrintableText.excerpt(digits) + "\" for a number");
    }

    private static String text(byte[] bytes, int start, int length) {
        int end = start;
        while (end < start + length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, start, end - start, StandardCharsets.UTF_8);
    }
}
