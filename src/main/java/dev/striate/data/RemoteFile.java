package dev.striate.data;

import dev.striate.StriateException;
import java.net.URI;
import java.util.List;

/**
 * A published file that never changes.
 *
 * @param name    the path relative to the cache directory, with folders separated by {@code /}
 * @param bytes   the exact size
 * @param sha256  the SHA-256 in lower-case hexadecimal digits
 * @param sources the http or https addresses, in order of preference
 */
public record RemoteFile(String name, long bytes, String sha256, List<URI> sources) {

    /**
     * @throws StriateException if the name is not a plain relative path, the size is below 1, the SHA-256 is invalid,
     *     or a source is neither http nor https
     */
    public RemoteFile {
        sources = List.copyOf(sources);
        if (!name.matches("[\\w-][\\w.-]*(/[\\w-][\\w.-]*)*")) {
            throw new StriateException("RemoteFile: \"" + name + "\" is no plain relative name");
        }
        if (bytes < 1 || !sha256.matches("[0-9a-f]{64}")) {
            throw new StriateException("RemoteFile " + name + ": expected a size and 64 hexadecimal digits, got "
                    + bytes + " and " + sha256);
        }
        for (URI source : sources) {
            if (!"https".equals(source.getScheme()) && !"http".equals(source.getScheme())) {
                throw new StriateException("RemoteFile " + name + ": " + source + " is neither http nor https");
            }
        }
    }
}
