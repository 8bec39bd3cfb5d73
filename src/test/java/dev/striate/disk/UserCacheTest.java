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
        assertEquals(Path.of("/local/striate"), cache(Map.of("os.name", "Windows 11"), Map.of("LOCALAPPDATA", "/local")));
        assertEquals(Path.of("/h/AppData/Local/striate"), cache(Map.of("os.name", "Windows 11"), Map.of()));
        assertEquals(Path.of("mine"), cache(Map.of("os.name", "Linux", "striate.cache", "mine"), Map.of("XDG_CACHE_HOME", "/c")));
    }

    private static Path cache(Map<String, String> properties, Map<String, String> environment) {
        return UserCache.directory(name -> name.equals("user.home") ? "/h" : properties.get(name), environment::get);
    }
}
