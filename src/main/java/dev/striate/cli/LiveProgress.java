package dev.striate.cli;

import dev.striate.train.BatchEnd;
import dev.striate.train.TrainingListener;
import dev.striate.train.TrainingStart;
import java.io.PrintStream;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarRenderer;
import me.tongfei.progressbar.ProgressState;
import org.jspecify.annotations.Nullable;

/** A bar on a terminal that tells, while a model trains, its loss, accuracy, samples per second and the time left. */
final class LiveProgress implements TrainingListener, AutoCloseable {

    private static final int LEAST_BAR = 6;
    private static final int LONGEST_BAR = 40;

    private final PrintStream out;
    private final String label;
    private final int columns;
    private final char full;
    private final char empty;
    private @Nullable ProgressBar bar;
    private int imagesPerEpoch;
    private long started;
    private volatile long images;
    private volatile double loss = Double.NaN;
    private volatile double accuracy = Double.NaN;

    /** @param label what the line starts with */
    LiveProgress(PrintStream out, String label) {
        this.out = out;
        this.label = label;
        // The last column stays free: some terminals wrap when it is written to.
        this.columns = Terminal.columns() - 1;
        boolean blocks = Terminal.canShow("█░");
        this.full = blocks ? '█' : '#';
        this.empty = blocks ? '░' : '.';
    }

    @Override
    public void onStart(TrainingStart start) {
        imagesPerEpoch = start.images();
        started = System.nanoTime();
        bar = new ProgressBarBuilder()
                .setInitialMax((long) start.epochs() * start.batches())
                .setUpdateIntervalMillis(100)
                .setRenderer(renderer())
                .setConsumer(new ConsoleProgressBarConsumer(out, columns))
                .build();
    }

    @Override
    public void onBatch(BatchEnd batch) {
        images = (batch.epoch() - 1L) * imagesPerEpoch + batch.images();
        if (!Double.isNaN(batch.loss())) {
            loss = batch.loss();
            accuracy = batch.accuracy();
        }
        if (bar != null) {
            bar.step();
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

    private ProgressBarRenderer renderer() {
        return (state, columns) -> line(state.getNormalizedProgress(), state, columns);
    }

    private String line(double progress, ProgressState state, int columns) {
        double seconds = (System.nanoTime() - started) * 1e-9;
        String known = Double.isNaN(loss) ? ""
                : String.format(Locale.ROOT, " loss %.4f acc %.1f%%", loss, 100 * accuracy);
        String left = progress > 0 && state.isAlive() ? " " + clock(seconds / progress - seconds) + " left" : "";
        String text = String.format(Locale.ROOT, " %3.0f%%%s %,.0f/s%s", 100 * progress, known, images / seconds, left);
        int room = Math.min(columns - label.length() - 1 - text.length(), LONGEST_BAR);
        return label + (room < LEAST_BAR ? "" : " " + bar(progress, room)) + text;
    }

    private String bar(double progress, int length) {
        int done = (int) (progress * length);
        return String.valueOf(full).repeat(done) + String.valueOf(empty).repeat(length - done);
    }

    private static String clock(double seconds) {
        long whole = Math.round(seconds);
        return whole < 3600
                ? String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
    }
}
