package dev.striate.cli;

import dev.striate.train.BatchEnd;
import dev.striate.train.EpochEnd;
import dev.striate.train.TrainingListener;
import dev.striate.train.TrainingStart;
import java.io.PrintStream;
import java.util.Locale;

/** A line on a terminal that tells, while a model trains, how far it is, loss, accuracy, samples per second and the time left. */
final class LiveProgress implements TrainingListener, AutoCloseable {

    private static final long REDRAW_NANOS = 100_000_000;
    private static final String LEFT = " left";
    private static final int LEAST_BAR = 6;
    private static final int LONGEST_BAR = 40;

    private final PrintStream out;
    private final String label;
    private final int columns;
    private final String done;
    private final String open;
    private int imagesPerEpoch;
    private long steps;
    private long step;
    private long images;
    private double loss = Double.NaN;
    private double accuracy = Double.NaN;
    private long started;
    private long drawn;
    private int length;

    /** @param label what the line starts with */
    LiveProgress(PrintStream out, String label) {
        this.out = out;
        this.label = label;
        // The last column stays free: some terminals wrap when it is written to.
        this.columns = Terminal.columns() - 1;
        boolean blocks = Terminal.canShow("█░");
        this.done = blocks ? "█" : "#";
        this.open = blocks ? "░" : ".";
    }

    @Override
    public void onStart(TrainingStart start) {
        imagesPerEpoch = start.images();
        steps = (long) start.epochs() * start.batches();
        started = System.nanoTime();
        Runtime.getRuntime().addShutdownHook(new Thread(this::close));
        draw();
    }

    @Override
    public void onBatch(BatchEnd batch) {
        step++;
        images = (batch.epoch() - 1L) * imagesPerEpoch + batch.images();
        if (!Double.isNaN(batch.loss())) {
            loss = batch.loss();
            accuracy = batch.accuracy();
        }
        if (System.nanoTime() - drawn >= REDRAW_NANOS) {
            draw();
        }
    }

    @Override
    public void onEpoch(EpochEnd epoch) {
        loss = epoch.trainLoss();
        accuracy = epoch.trainAccuracy();
        if (epoch.epoch() == epoch.epochs()) {
            draw();
        }
    }

    /** Ends the line; an interrupt from the keyboard does, too. */
    @Override
    public synchronized void close() {
        if (length > 0) {
            out.println();
            length = 0;
        }
    }

    private synchronized void draw() {
        drawn = System.nanoTime();
        String line = line((drawn - started) * 1e-9);
        // Spaces cover what is left of a longer line.
        out.print("\r" + line + " ".repeat(Math.max(0, length - line.length())));
        out.flush();
        length = line.length();
    }

    private String line(double seconds) {
        double progress = (double) step / steps;
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, " %3.0f%%", 100 * progress));
        if (!Double.isNaN(loss)) {
            text.append(String.format(Locale.ROOT, " loss %.4f acc %.1f%%", loss, 100 * accuracy));
        }
        if (step > 0) {
            text.append(String.format(Locale.ROOT, " %,.0f/s", images / seconds));
        }
        if (step > 0 && step < steps) {
            text.append(' ').append(clock(seconds / progress - seconds));
            if (label.length() + text.length() + LEFT.length() <= columns) {
                text.append(LEFT);
            }
        }
        int room = Math.min(columns - label.length() - 1 - text.length(), LONGEST_BAR);
        int full = (int) (progress * room);
        String bar = room < LEAST_BAR ? "" : " " + done.repeat(full) + open.repeat(room - full);
        String line = label + bar + text;
        return line.length() <= columns ? line : line.substring(0, columns);
    }

    private static String clock(double seconds) {
        long whole = Math.round(seconds);
        return whole < 3600
                ? String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
    }
}
