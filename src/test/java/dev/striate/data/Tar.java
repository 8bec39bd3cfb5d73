package dev.striate.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;

/** Makes archives for tests, header by header. */
final class Tar {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Tar file(String name, byte[] content) {
        return entry(name, "", '0', content);
    }

    Tar entry(String name, String prefix, char type, byte[] content) {
        return entry(name, prefix, type, content.length, content);
    }

    /** An entry whose header announces another size than its content has. */
    Tar claim(String name, long size, byte[] content) {
        return entry(name, "", '0', size, content);
    }

    private Tar entry(String name, String prefix, char type, long size, byte[] content) {
        byte[] header = new byte[512];
        put(header, 0, name);
        put(header, 100, "0000644\0");
        put(header, 124, String.format("%011o", size));
        put(header, 148, "        ");
        header[156] = (byte) type;
        put(header, 257, "ustar\00000");
        put(header, 345, prefix);
        int sum = 0;
        for (byte b : header) {
            sum += b & 0xFF;
        }
        put(header, 148, String.format("%06o\0 ", sum));
        bytes.writeBytes(header);
        bytes.writeBytes(content);
        bytes.writeBytes(new byte[(512 - content.length % 512) % 512]);
        return this;
    }

    byte[] end() {
        bytes.writeBytes(new byte[1024]);
        return bytes.toByteArray();
    }

    void writeTo(Path file) throws IOException {
        write(file, end());
    }

    static void write(Path file, byte[] tar) throws IOException {
        Files.write(file, packed(tar));
    }

    /** Packed as far as it goes, without an end. */
    static byte[] packed(Tar tar) throws IOException {
        return packed(tar.bytes.toByteArray());
    }

    static byte[] packed(byte[] tar) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(tar);
        }
        return packed.toByteArray();
    }

    private static void put(byte[] header, int at, String text) {
        byte[] ascii = text.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(ascii, 0, header, at, ascii.length);
    }
}
