package dev.striate.data;

import dev.striate.fuzz.FuzzFiles;
import dev.striate.fuzz.FuzzTarget;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;

/** A {@code .tar.gz} archive. The input is that file or, where it does not start like one, the tar file in it. */
public final class TarFuzz implements FuzzTarget {

    private static final int BLOCK = 512;
    private static final int CHECKSUM = 148;
    private static final byte[] MAGIC = "ustar".getBytes(StandardCharsets.US_ASCII);
    private static final int MAGIC_AT = 257;

    private final Path archive = new FuzzFiles().path("archive.tar.gz");

    @Override
    public void run(byte[] input) throws IOException {
        boolean packed = input.length >= 2 && input[0] == 0x1F && input[1] == (byte) 0x8B;
        Files.write(archive, packed ? input : pack(input));
        TarGz.forEach(archive, (name, file) -> {
            long most = file.most();
            file.read((int) Math.min(most, 1000), "the file's start");
        });
    }

    /** Deflate packs up to 1,032 bytes into one. */
    @Override
    public long mostAllocated(int length) {
        return (16L << 20) + 8 * 1032L * length;
    }

    /** Makes the checksums of a tar file right, which mutations cannot, and compresses it. */
    static byte[] pack(byte[] tar) {
        byte[] valid = tar.clone();
        for (int start = 0; start + BLOCK <= valid.length; start += BLOCK) {
            if (Arrays.equals(valid, start + MAGIC_AT, start + MAGIC_AT + MAGIC.length, MAGIC, 0, MAGIC.length)) {
                Arrays.fill(valid, start + CHECKSUM, start + CHECKSUM + 8, (byte) ' ');
                int sum = 0;
                for (int i = 0; i < BLOCK; i++) {
                    sum += valid[start + i] & 0xFF;
                }
                byte[] digits = String.format("%06o\0", sum).getBytes(StandardCharsets.US_ASCII);
                System.arraycopy(digits, 0, valid, start + CHECKSUM, digits.length);
            }
        }
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(valid);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return packed.toByteArray();
    }
}
