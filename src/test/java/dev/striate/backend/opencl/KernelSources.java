package dev.striate.backend.opencl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes the sources of kernels as drivers get them, for compilers that are run from a script. */
public final class KernelSources {

    private KernelSources() {}

    /** @param args a directory, and the names of sources without {@code .cl} */
    public static void main(String[] args) throws IOException {
        Path directory = Path.of(args[0]);
        for (int i = 1; i < args.length; i++) {
            Files.writeString(directory.resolve(args[i] + ".cl"), OpenClPrograms.source(args[i]));
        }
    }
}
