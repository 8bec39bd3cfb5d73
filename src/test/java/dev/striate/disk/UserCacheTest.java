package dev.striate.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class UserCacheTest {

    @Test
    void theDirectoryIsTheOperatingSystems() {
        assertEquals(Path.of("/h/.cache/striate"), cache(Map.of("os.name", "Linux"), Map.of()));
        assertEquals(Path.of("/c/striate"), cache(Map.of("os.name", "Linux"), Map.of("XDG_CACHE_HOME", "/c")));
        assertEquals(Path.of("/h/.cache/striate"), cache(Map.of("os.name", "Linux"), Map.of("XDG_CACHE_HOME", "c")));
        assertEquals(Path.of("/h/Library/Caches/striate"), cache(Map.of("os.name", "Mac OS X"), Map.of()));
        assertEquals(
                Path.of("/local/striate"), cache(Map.of("os.name", "Windows 11"), Map.of("LOCALAPPDATA", "/local")));
        assertEquals(Path.of("/h/AppData/Local/striate"), cache(Map.of("os.name", "Windows 11"), Map.of()));
        assertEquals(
                Path.of("/v"),
                cache(Map.of("os.name", "Linux"), Map.of("STRIATE_CACHE", "/v", "XDG_CACHE_HOME", "/c")));
        Path mine = Path.of("mine").toAbsolutePath();
        assertEquals(mine, cache(Map.of("os.name", "Linux", "striate.cache", "mine"), Map.of("STRIATE_CACHE", "/v")));
        assertEquals(mine, cache(Map.of("os.name", "Linux", "striate.cache", "mine"), Map.of("XDG_CACHE_HOME", "/c")));
    }

    /** The JVM loads libraries from absolute paths only. */
    @Test
    void theDirectoryIsAbsolute() {
        assertEquals(
                Path.of("mine").toAbsolutePath(), cache(Map.of("os.name", "Linux"), Map.of("STRIATE_CACHE", "mine")));
    }

    /** Java's user.home is "?" for a user without an entry in the user database. */
    @Test
    void theHomeDirectoryOfAnUnknownUserIsThatOfTheEnvironment() {
        Map<String, String> unknown = Map.of("os.name", "Linux", "user.home", "?");
        assertEquals(Path.of("/e/.cache/striate"), UserCache.directory(unknown::get, Map.of("HOME", "/e")::get));
        assertEquals(Path.of("/.cache/striate"), UserCache.directory(unknown::get, Map.<String, String>of()::get));
        Map<String, String> mac = Map.of("os.name", "Mac OS X", "user.home", "?");
        assertEquals(Path.of("/e/Library/Caches/striate"), UserCache.directory(mac::get, Map.of("HOME", "/e")::get));
    }

    private static Path cache(Map<String, String> properties, Map<String, String> environment) {
        return UserCache.directory(name -> name.equals("user.home") ? "/h" : properties.get(name), environment::get);
    }
}
