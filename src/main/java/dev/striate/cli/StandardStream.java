package dev.striate.cli;

import dev.striate.disk.PrintableText;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Standard output or standard error. Control characters in the output are escaped, except line feed, carriage return
 * and tab. A failed write is remembered. If standard output is a pipe and its reader has closed it, the program ends,
 * like other Unix programs.
 */
final class StandardStream extends PrintStream {

    private static final String LAYOUT = "\n\r\t";

    private final Target target;

    private StandardStream(Target target, String encoding) {
        super(target, true, Terminal.charset(encoding));
        this.target = target;
    }

    /** Standard output has been closed by its reader. */
    @SuppressWarnings("serial")
    static final class ClosedPipeException extends RuntimeException {

        /** The exit status of a program that SIGPIPE ends, as shells report it. */
        static final int STATUS = 141;
    }

    /** Replaces {@link System#out} and {@link System#err}, and returns the new standard output. */
    static StandardStream install() {
        StandardStream out = new StandardStream(new Target(FileDescriptor.out, true), "stdout");
        System.setOut(out);
        System.setErr(new StandardStream(new Target(FileDescriptor.err, false), "stderr"));
        return out;
    }

    /** Returns the exception of a failed write, or null if none failed. */
    @Nullable
    IOException failure() {
        flush();
        return target.failure;
    }

    // All print and format methods of PrintStream call these.

    @Override
    public void print(@Nullable String text) {
        super.print(PrintableText.of(String.valueOf(text), LAYOUT));
    }

    @Override
    public void print(@Nullable Object object) {
        print(String.valueOf(object));
    }

    /** Prints in one write, so that no other output comes between a line and its line break. */
    @Override
    public void println(@Nullable String text) {
        print(text + System.lineSeparator());
    }

    @Override
    public void println(@Nullable Object object) {
        println(String.valueOf(object));
    }

    @Override
    public void print(char character) {
        print(String.valueOf(character));
    }

    @Override
    public void print(char[] characters) {
        print(String.valueOf(characters));
    }

    private static final class Target extends FilterOutputStream {

        private final boolean endsProgram;
        private @Nullable IOException failure;

        Target(FileDescriptor descriptor, boolean endsProgram) {
            super(new FileOutputStream(descriptor));
            this.endsProgram = endsProgram;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int count) throws IOException {
            try {
                out.write(bytes, from, count);
            } catch (IOException e) {
                boolean first = failure == null;
                failure = e;
                // Thrown only once: later output, while the program ends, is lost.
                if (first && endsProgram && isClosedPipe(e)) {
                    throw new ClosedPipeException();
                }
                throw e;
            }
        }

        /**
         * Returns whether a write failed because of a closed pipe. On Linux, every failed write to a pipe or socket
         * counts; elsewhere, the system's message decides, which may be in any language.
         */
        private static boolean isClosedPipe(IOException e) {
            try {
                return Files.readSymbolicLink(Path.of("/proc/self/fd/1"))
                        .toString()
                        .matches("(pipe|socket):.*");
            } catch (IOException | UnsupportedOperationException unknown) {
                return String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("pipe");
            }
        }
    }
}
