package dev.striate.disk;

import java.nio.file.Path;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Where this user's files lie that can be had again: {@link #PROPERTY} if that is set, else {@code $XDG_CACHE_HOME/striate} or
 * {@code ~/.cache/striate}, on macOS {@code ~/Library/Caches/striate}, on Windows {@code %LOCALAPPDATA%\striate}.
 */
public final class UserCache {

    /** The system property that names another directory. */
    public static final String PROPERTY = "striate.cache";

    private UserCache() {}

    /** The directory, which need not exist. */
    public static Path directory() {
        return directory(System::getProperty, System::getenv);
    }

    static Path directory(UnaryOperator<@Nullable String> property, UnaryOperator<@Nullable String> environment) {
        String chosen = property.apply(PROPERTY);
        if (chosen != null && !chosen.isEmpty()) {
            return Path.of(chosen);
        }
        String system = String.valueOf(property.apply("os.name")).toLowerCase(Locale.ROOT);
        Path home = Path.of(String.valueOf(property.apply("user.home")));
        if (system.startsWith("windows")) {
            String local = environment.apply("LOCALAPPDATA");
            return (local == null ? home.resolve("AppData").resolve("Local") : Path.of(local)).resolve("striate");
        }
        if (system.startsWith("mac")) {
            return home.resolve("Library").resolve("Caches").resolve("striate");
        }
        String xdg = environment.apply("XDG_CACHE_HOME");
        // The XDG specification has relative paths ignored.
        return (xdg == null || !xdg.startsWith("/") ? home.resolve(".cache") : Path.of(xdg)).resolve("striate");
    }
}
