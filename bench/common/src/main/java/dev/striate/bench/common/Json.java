package dev.striate.bench.common;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Results in files, and results of child processes in one line. */
public final class Json {

    private static final Gson GSON =
            new GsonBuilder().serializeSpecialFloatingPointValues().create();

    private Json() {}

    /** Writes a file; missing directories are created. */
    public static void write(Object results, Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.writeString(file, GSON.newBuilder().setPrettyPrinting().create().toJson(results) + "\n");
    }

    public static <T> T read(Path file, Class<T> type) throws IOException {
        return parse(Files.readString(file), type);
    }

    public static String line(Object results) {
        return GSON.toJson(results);
    }

    public static <T> T parse(String text, Class<T> type) {
        return GSON.fromJson(text, type);
    }
}
