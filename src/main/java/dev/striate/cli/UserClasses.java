package dev.striate.cli;

import dev.striate.StriateException;
import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The jars that a user names, in which networks are registered. A file never names one. */
final class UserClasses {

    private UserClasses() {}

    /**
     * Makes the classes visible to {@link java.util.ServiceLoader}. The JVM's end closes the jars.
     *
     * @param path jars and folders, separated as in Java's class path; null or empty for none
     * @throws StriateException if one does not exist
     */
    static void load(@Nullable String path) {
        if (path == null || path.isEmpty()) {
            return;
        }
        List<URL> urls = new ArrayList<>();
        for (String name : path.split(File.pathSeparator, -1)) {
            Path file = Path.of(name);
            if (name.isEmpty() || Files.notExists(file)) {
                throw new StriateException("--classpath: there is no file or folder \"" + name + "\"");
            }
            try {
                urls.add(file.toUri().toURL());
            } catch (MalformedURLException e) {
                throw new StriateException("--classpath: cannot use " + file, e);
            }
        }
        Thread.currentThread()
                .setContextClassLoader(new URLClassLoader(urls.toArray(URL[]::new), Main.class.getClassLoader()));
    }
}
