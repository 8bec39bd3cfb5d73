package dev.striate.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Computes a SHA-256 digest incrementally. */
public final class Sha256 {

    /** The number of hexadecimal digits of a digest. */
    public static final int DIGITS = 64;

    private static final int CHUNK_BYTES = 1 << 16;

    private final MessageDigest digest;

    public Sha256() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }

    /** Returns the digest of a file as lower-case hexadecimal digits. */
    public static String of(Path file) throws IOException {
        Sha256 digest = new Sha256();
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
        try (FileChannel channel = FileChannel.open(RegularFile.require(file))) {
            while (channel.read(chunk.clear()) >= 0) {
                digest.add(chunk.flip());
            }
        }
        return digest.digits();
    }

    /** Adds the remaining bytes of a buffer. Its position does not change. */
    public void add(ByteBuffer bytes) {
        digest.update(bytes.duplicate());
    }

    /** Returns the digest as lower-case hexadecimal digits and starts a new one. */
    public String digits() {
        return HexFormat.of().formatHex(digest.digest());
    }
}
