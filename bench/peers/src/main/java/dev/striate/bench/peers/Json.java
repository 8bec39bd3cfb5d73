package dev.striate.bench.peers;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Results in files. */
final class Json {

    private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();

    private Json() {}

    /** Makes the directories that are missing, too. */
    static void write(Object results, Path file) throws IOException {
        if (file.toAbsolutePath().getParent() != null) {
            Files.createDirectories(file.toAbsolutePath().getParent());
        }
        Files.writeString(file, GSON.toJson(results) + "\n");
    }

    static <T> T read(Path file, Class<T> type) throws IOException {
        return GSON.fromJson(Files.readString(file), type);
    }
}
