package dev.striate.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A SHA-256 that is computed piece by piece. */
public final class Sha256 {

    /** The number of hexadecimal digits. */
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

    /** Returns the digits of a whole file. */
    public static String of(Path file) throws IOException {
        Sha256 digest = new Sha256();
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
        try (FileChannel channel = FileChannel.open(file)) {
            while (channel.read(chunk.clear()) >= 0) {
                digest.add(chunk.flip());
            }
        }
        return digest.digits();
    }

    /** Adds the remaining bytes of a buffer, whose position stays. */
    public void add(ByteBuffer bytes) {
        digest.update(bytes.duplicate());
    }

    /** Returns the lower-case hexadecimal digits and starts anew. */
    public String digits() {
        return HexFormat.of().formatHex(digest.digest());
    }
}
