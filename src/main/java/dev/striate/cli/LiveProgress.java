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

/** A line on a terminal that tells, while a model trains, how far it is, loss, accuracy, samples per second and the time left. */
final class LiveProgress implements TrainingListener, AutoCloseable {

    private static final int REDRAW_MILLIS = 100;

    private final PrintStream out;
    private final String label;
    private final boolean linePerEpoch;
    private int imagesPerEpoch;
    private @Nullable ProgressBar bar;

    /**
     * A line on a stream.
     *
     * @param label        what it starts with
     * @param linePerEpoch whether each epoch leaves a line of its own above it
     */
    LiveProgress(PrintStream out, String label, boolean linePerEpoch) {
        this.out = out;
        this.label = label;
        this.linePerEpoch = linePerEpoch;
    }

    @Override
    public void onStart(TrainingStart start) {
        imagesPerEpoch = start.images();
        // To a few images: a last batch may be smaller than the others.
        long behind = start.history().size() * (long) imagesPerEpoch + (long) imagesPerEpoch * start.step() / start.batches();
        bar = new ProgressBarBuilder()
                .setTaskName(label)
                .setInitialMax((long) start.epochs() * start.images())
                // Not counted into the speed of a training that is resumed.
                .startsFrom(behind, Duration.ZERO)
                .setStyle(Terminal.canShow("█│") ? ProgressBarStyle.UNICODE_BLOCK : ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(REDRAW_MILLIS)
                .showSpeed(new DecimalFormat("#,##0", DecimalFormatSymbols.getInstance(Locale.ROOT)))
                // The last column stays free: some terminals wrap when it is written to.
                .setConsumer(new ConsoleProgressBarConsumer(out, Terminal.columns() - 1))
                .build();
        // An interrupt from the keyboard ends the line, too.
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
            // In one call, so that the bar, which another thread draws, does not come in between.
            out.print("\r" + pad(PlainProgress.line(epoch)) + System.lineSeparator());
        }
    }

    /** Covers what the bar has left on the line. */
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
