package dev.striate.data;

import dev.striate.StriateException;
import java.net.URI;
import java.util.List;

/**
 * A published file that never changes.
 *
 * @param name    where it is kept in the cache directory, folders separated by {@code /}
 * @param bytes   its exact size
 * @param sha256  its SHA-256 in lower-case hexadecimal digits
 * @param sources where it can be fetched from by http or https, the first choice first
 */
public record RemoteFile(String name, long bytes, String sha256, List<URI> sources) {

    /** @throws StriateException if the name leads out of the cache, the sum is none, or a source is neither http nor https */
    public RemoteFile {
        sources = List.copyOf(sources);
        if (!name.matches("[\\w-][\\w.-]*(/[\\w-][\\w.-]*)*")) {
            throw new StriateException("RemoteFile: \"" + name + "\" is no plain relative name");
        }
        if (bytes < 1 || !sha256.matches("[0-9a-f]{64}")) {
            throw new StriateException("RemoteFile " + name + ": expected a size and 64 hexadecimal digits, got " + bytes
                    + " and " + sha256);
        }
        for (URI source : sources) {
            if (!"https".equals(source.getScheme()) && !"http".equals(source.getScheme())) {
                throw new StriateException("RemoteFile " + name + ": " + source + " is neither http nor https");
            }
        }
    }
}
