package dev.striate.disk;

import java.nio.file.Path;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The directory of the user's files that can be restored: downloads, compiled kernels, tuning results. It is the system property
 * {@link #PROPERTY} if that is set, else the environment variable {@link #VARIABLE}, else the operating system's:
 * {@code $XDG_CACHE_HOME/striate} or {@code ~/.cache/striate}, on macOS {@code ~/Library/Caches/striate}, on Windows
 * {@code %LOCALAPPDATA%\striate}.
 */
public final class UserCache {

    /** The system property that names another directory. */
    public static final String PROPERTY = "striate.cache";

    /** The environment variable that names another directory. */
    public static final String VARIABLE = "STRIATE_CACHE";

    private UserCache() {}

    /** The directory, which need not exist. */
    public static Path directory() {
        return directory(System::getProperty, System::getenv);
    }

    static Path directory(UnaryOperator<@Nullable String> property, UnaryOperator<@Nullable String> environment) {
        for (String chosen : new String[] {property.apply(PROPERTY), environment.apply(VARIABLE)}) {
            if (chosen != null && !chosen.isEmpty()) {
                return Path.of(chosen);
            }
        }
        String system = String.valueOf(property.apply("os.name")).toLowerCase(Locale.ROOT);
        if (system.startsWith("windows")) {
            String local = environment.apply("LOCALAPPDATA");
            return (local == null ? Path.of(String.valueOf(property.apply("user.home")), "AppData", "Local") : Path.of(local))
                    .resolve("striate");
        }
        Path home = home(property.apply("user.home"), environment.apply("HOME"));
        if (system.startsWith("mac")) {
            return home.resolve("Library").resolve("Caches").resolve("striate");
        }
        String xdg = environment.apply("XDG_CACHE_HOME");
        // The XDG specification says to ignore relative paths.
        return (xdg == null || !xdg.startsWith("/") ? home.resolve(".cache") : Path.of(xdg)).resolve("striate");
    }

    /**
     * Java takes the home directory from the user database alone, and gives {@code "?"} for a user who is not in it. Without any,
     * the root directory stands for it, as in containers: nothing can be written there, and the error names it.
     */
    private static Path home(@Nullable String fromDatabase, @Nullable String fromEnvironment) {
        return Stream.of(fromEnvironment, fromDatabase)
                .filter(path -> path != null && path.startsWith("/"))
                .findFirst().map(Path::of).orElse(Path.of("/"));
    }
}
