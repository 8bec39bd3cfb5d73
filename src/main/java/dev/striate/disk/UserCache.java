package dev.striate.disk;

import java.nio.file.Path;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The cache directory of the user, for files that can be recreated: downloads, compiled kernels, tuning results. It is
 * the system property {@link #PROPERTY} if set, else the environment variable {@link #VARIABLE} if set, else the
 * default of the operating system: {@code $XDG_CACHE_HOME/striate} or {@code ~/.cache/striate}, on macOS {@code
 * ~/Library/Caches/striate}, on Windows {@code %LOCALAPPDATA%\striate}.
 */
public final class UserCache {

    /** The system property that names another directory. */
    public static final String PROPERTY = "striate.cache";

    /** The environment variable that names another directory. */
    public static final String VARIABLE = "STRIATE_CACHE";

    private UserCache() {}

    /** Returns the absolute path of the cache directory. It need not exist. */
    public static Path directory() {
        return directory(System::getProperty, System::getenv);
    }

    static Path directory(UnaryOperator<@Nullable String> property, UnaryOperator<@Nullable String> environment) {
        for (String chosen : new String[] {property.apply(PROPERTY), environment.apply(VARIABLE)}) {
            if (chosen != null && !chosen.isEmpty()) {
                // JOCL's library is loaded from there, and the JVM requires an absolute path.
                return Path.of(chosen).toAbsolutePath();
            }
        }
        String system = String.valueOf(property.apply("os.name")).toLowerCase(Locale.ROOT);
        if (system.startsWith("windows")) {
            String local = environment.apply("LOCALAPPDATA");
            return (local == null
                            ? Path.of(String.valueOf(property.apply("user.home")), "AppData", "Local")
                            : Path.of(local))
                    .resolve("striate");
        }
        Path home = home(property.apply("user.home"), environment.apply("HOME"));
        if (system.startsWith("mac")) {
            return home.resolve("Library").resolve("Caches").resolve("striate");
        }
        String xdg = environment.apply("XDG_CACHE_HOME");
        // The XDG specification requires that relative paths are ignored.
        return (xdg == null || !xdg.startsWith("/") ? home.resolve(".cache") : Path.of(xdg)).resolve("striate");
    }

    /**
     * Returns the home directory. Java reads it only from the user database and returns {@code "?"} for users who are
     * not in it, so {@code HOME} has priority. Without either, as in some containers, the result is the root directory:
     * writing there fails with an error that names it.
     */
    private static Path home(@Nullable String fromDatabase, @Nullable String fromEnvironment) {
        return Stream.of(fromEnvironment, fromDatabase)
                .filter(path -> path != null && path.startsWith("/"))
                .findFirst()
                .map(Path::of)
                .orElse(Path.of("/"));
    }
}
