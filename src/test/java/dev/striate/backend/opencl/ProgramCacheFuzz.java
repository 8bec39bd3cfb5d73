package dev.striate.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.striate.StriateException;
import dev.striate.fuzz.FuzzFiles;
import dev.striate.fuzz.FuzzTarget;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * A file of the cache of compiled programs: the digest of its key and the binary, then the binary. Where the input has
 * 32 zeros for it, it is made right.
 */
public final class ProgramCacheFuzz implements FuzzTarget {

    private static final int DIGEST_BYTES = 32;
    private static final String KEY = "0".repeat(64);

    private final FuzzFiles files = new FuzzFiles();
    private final OpenClProgramCache cache = new OpenClProgramCache(files.directory());

    @Override
    public void run(byte[] input) throws Exception {
        byte[] file = input.clone();
        int start = Math.min(DIGEST_BYTES, file.length);
        byte[] binary = Arrays.copyOfRange(file, start, file.length);
        MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
        sha256.update(KEY.getBytes(StandardCharsets.US_ASCII));
        byte[] digest = sha256.digest(binary);
        if (Arrays.equals(Arrays.copyOf(file, start), new byte[DIGEST_BYTES])) {
            System.arraycopy(digest, 0, file, 0, DIGEST_BYTES);
        }
        Files.write(files.path(KEY), file);
        boolean right = Arrays.equals(Arrays.copyOf(file, start), digest);
        assertArrayEquals(right ? binary : null, cache.load(KEY));
        if (!right) {
            throw new StriateException("the digest is wrong");
        }
    }
}
