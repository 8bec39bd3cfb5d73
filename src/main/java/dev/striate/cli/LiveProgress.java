package dev.striate.cli;

import dev.striate.train.BatchEnd;
import dev.striate.train.EpochEnd;
import dev.striate.train.PlainProgress;
import dev.striate.train.TrainingListener;
import dev.striate.train.TrainingStart;
import java.io.PrintStream;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** A line on a terminal that shows the progress of a training: loss, accuracy, images per second and the time left. */
final class LiveProgress implements TrainingListener, AutoCloseable {

    private static final int REDRAW_MILLIS = 100;

    private final PrintStream out;
    private final String label;
    private final boolean linePerEpoch;
    private int imagesPerEpoch;
    private @Nullable ProgressBar bar;

    /**
     * Creates a progress line on a stream.
     *
     * @param label        the start of the line
     * @param linePerEpoch whether to print a line for each epoch above it
     */
    LiveProgress(PrintStream out, String label, boolean linePerEpoch) {
        this.out = out;
        this.label = label;
        this.linePerEpoch = linePerEpoch;
    }

    @Override
    public void onStart(TrainingStart start) {
        imagesPerEpoch = start.images();
        // Off by a few images if the last batch is smaller than the others.
        long behind =
                start.history().size() * (long) imagesPerEpoch + (long) imagesPerEpoch * start.step() / start.batches();
        bar = new ProgressBarBuilder()
                .setTaskName(label)
                .setInitialMax((long) start.epochs() * start.images())
                // Images before the run was resumed do not count towards the speed.
                .startsFrom(behind, Duration.ZERO)
                .setStyle(Terminal.canShow("█│") ? ProgressBarStyle.UNICODE_BLOCK : ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(REDRAW_MILLIS)
                .showSpeed(new DecimalFormat("#,##0", DecimalFormatSymbols.getInstance(Locale.ROOT)))
                // Some terminals wrap when the last column is written.
                .setConsumer(new ConsoleProgressBarConsumer(out, Terminal.columns() - 1))
                .build();
        // Ctrl-C ends the line, too.
        Runtime.getRuntime().addShutdownHook(new Thread(this::close));
    }

    @Override
    public void onBatch(BatchEnd batch) {
        if (bar != null) {
            bar.stepTo((batch.epoch() - 1L) * imagesPerEpoch + batch.images());
            show(batch.loss(), batch.accuracy());
        }
    }

    @Override
    public void onEpoch(EpochEnd epoch) {
        show(epoch.trainLoss(), epoch.trainAccuracy());
        if (linePerEpoch) {
            // In one call, because another thread draws the bar.
            out.print("\r" + pad(PlainProgress.line(epoch)) + System.lineSeparator());
        }
    }

    /** Covers the remains of the bar on the line. */
    private static String pad(String line) {
        return line + " ".repeat(Math.max(0, Terminal.columns() - 1 - line.length()));
    }

    private void show(double loss, double accuracy) {
        if (bar != null && !Double.isNaN(loss)) {
            bar.setExtraMessage(String.format(Locale.ROOT, " loss %.4f acc %.1f%%", loss, 100 * accuracy));
        }
    }

    /** Ends the line. */
    @Override
    public synchronized void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
