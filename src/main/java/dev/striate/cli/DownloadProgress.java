package dev.striate.cli;

import dev.striate.data.Downloads;
import dev.striate.data.RemoteFile;
import java.io.PrintStream;
import java.net.URI;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Prints the source of each download, and on a terminal a progress bar below it. */
final class DownloadProgress implements Downloads.Progress, AutoCloseable {

    private static final long MEGABYTE = 1_000_000;

    private final PrintStream out;
    private @Nullable RemoteFile current;
    private @Nullable URI from;
    private @Nullable ProgressBar bar;

    DownloadProgress(PrintStream out) {
        this.out = out;
    }

    @Override
    public void progress(RemoteFile file, URI source, long bytes) {
        if (!file.equals(current) || !source.equals(from)) {
            close();
            current = file;
            from = source;
            out.printf(Locale.ROOT, "downloading %s (%.1f MB)%n", source, (double) file.bytes() / MEGABYTE);
            if (Terminal.isInteractive()) {
                bar = new ProgressBarBuilder()
                        .setTaskName("")
                        .setInitialMax(file.bytes())
                        .setUnit(" MB", MEGABYTE)
                        .setStyle(Terminal.canShow("█│") ? ProgressBarStyle.UNICODE_BLOCK : ProgressBarStyle.ASCII)
                        .setConsumer(new ConsoleProgressBarConsumer(out, Terminal.columns() - 1))
                        .build();
            }
        }
        if (bar != null) {
            bar.stepTo(bytes);
        }
    }

    /** Ends the line. */
    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
