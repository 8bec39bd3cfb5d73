package dev.striate.plot;

import dev.striate.StriateException;
import dev.striate.train.EpochEnd;
import dev.striate.train.StepCurve;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Loss, accuracy and learning rate over the epochs of a training run. Training values are those that {@link EpochEnd}
 * collects during the epoch; validation values are measured after it. Loss and learning rate are also drawn step by
 * step; if there are more steps than pixels, each point is a mean. Values that are missing, infinite or NaN are not
 * drawn.
 */
public final class Curves extends Picture {

    private static final int WIDTH = 640;
    private static final int HEIGHT = 300;
    private static final int RATE_HEIGHT = 230;
    /** Smaller numbers are written with an exponent, because their zeros would not fit. */
    private static final double LEAST_PLAIN = 1e-4;

    private static final double GREATEST_PLAIN = 1e6;
    /** More markers than this would overlap. */
    private static final int MOST_MARKERS = 40;
    /** Space above the highest and below the lowest point, as a fraction of the range. */
    private static final double MARGIN = 0.06;

    /** The losses of the first steps are far above the others, which are worth looking at. */
    private static final String LOSS_OF_STEPS = "step";

    private static final double ABOVE_EPOCHS = 1.25;

    /** The greatest number of points of a curve of steps. */
    private static final int MOST_STEPS = 500;

    private final List<EpochEnd> epochs;
    private final StepCurve steps;

    /** @throws StriateException if there is no epoch */
    public Curves(List<EpochEnd> epochs, StepCurve steps) {
        if (epochs.isEmpty()) {
            throw new StriateException("Curves: expected at least one epoch, got none");
        }
        this.epochs = List.copyOf(epochs);
        this.steps = steps;
    }

    @Override
    BufferedImage draw() {
        Canvas canvas = new Canvas(WIDTH, 2 * HEIGHT + RATE_HEIGHT);

        double lossUnit = unit(List.of(EpochEnd::trainLoss, EpochEnd::validationLoss));
        XYChart loss = chart("Loss", lossUnit, HEIGHT);
        addSteps(loss, LOSS_OF_STEPS, steps.losses(), lossUnit, Palette.FAINT_BLUE);
        add(loss, "train", end -> end.trainLoss() / lossUnit, Palette.BLUE, SeriesMarkers.CIRCLE);
        add(loss, "validation", end -> end.validationLoss() / lossUnit, Palette.VERMILLION, SeriesMarkers.SQUARE);
        paint(loss, canvas, 0, true);

        XYChart accuracy = chart("Accuracy (%)", 1, HEIGHT);
        add(accuracy, "train", end -> 100 * end.trainAccuracy(), Palette.BLUE, SeriesMarkers.CIRCLE);
        add(accuracy, "validation", end -> 100 * end.validationAccuracy(), Palette.VERMILLION, SeriesMarkers.SQUARE);
        paint(accuracy, canvas, HEIGHT, false);

        double rateUnit = unit(List.of(EpochEnd::learningRate));
        XYChart rate = chart("Learning rate", rateUnit, RATE_HEIGHT);
        if (!addSteps(rate, "learning rate", steps.learningRates(), rateUnit, Palette.GREEN)) {
            add(rate, "learning rate", end -> end.learningRate() / rateUnit, Palette.GREEN, SeriesMarkers.NONE);
        }
        rate.getStyler().setLegendVisible(false);
        paint(rate, canvas, 2 * HEIGHT, true);
        return canvas.finish();
    }

    /**
     * Returns 1, or a power of ten to divide values by that would not fit beside the axis. XChart also needs this: it
     * counts ticks in a long, and never ends above 1e19.
     */
    private double unit(List<ToDoubleFunction<EpochEnd>> values) {
        double greatest = values.stream()
                .flatMapToDouble(value -> epochs.stream().mapToDouble(value))
                .filter(Double::isFinite)
                .max()
                .orElse(0);
        return greatest < GREATEST_PLAIN ? 1 : Math.pow(10, Math.floor(Math.log10(greatest)));
    }

    private XYChart chart(String title, double unit, int height) {
        XYChart chart = new XYChart(WIDTH, height);
        chart.setTitle(unit == 1 ? title : String.format(Locale.ROOT, "%s (unit: %.0e)", title, unit));
        chart.setXAxisTitle("Epoch");
        XYStyler style = chart.getStyler();
        style.setBaseFont(Canvas.font(Canvas.TEXT));
        style.setChartTitleFont(Canvas.bold(Canvas.HEADING));
        style.setAxisTitleFont(Canvas.font(Canvas.TEXT));
        style.setAxisTickLabelsFont(Canvas.font(Canvas.TEXT));
        style.setLegendFont(Canvas.font(Canvas.TEXT));
        style.setChartFontColor(Palette.INK);
        style.setAxisTickLabelsColor(Palette.INK);
        style.setChartBackgroundColor(Color.WHITE);
        style.setPlotBackgroundColor(Color.WHITE);
        style.setPlotBorderColor(Palette.LINE);
        style.setPlotGridLinesColor(Palette.LINE);
        style.setPlotGridLinesStroke(new BasicStroke(1));
        style.setPlotGridVerticalLinesVisible(false);
        style.setPlotContentSize(1);
        style.setMarkerSize(6);
        style.setPlotMargin(0);
        style.setAxisTicksLineVisible(false);
        style.setLegendPosition(Styler.LegendPosition.OutsideS);
        style.setLegendLayout(Styler.LegendLayout.Horizontal);
        style.setLegendPadding(8);
        style.setChartTitlePadding(8);
        style.setYAxisLabelAlignment(AxesChartStyler.TextAlignment.Right);
        style.setYAxisDecimalPattern("0.########");
        style.setXAxisDecimalPattern("0");
        style.setLegendBorderColor(Color.WHITE);
        style.setYAxisLeftWidthHint(70);
        return chart;
    }

    private void add(XYChart chart, String name, ToDoubleFunction<EpochEnd> value, Color color, Marker marker) {
        List<EpochEnd> known = epochs.stream()
                .filter(end -> Double.isFinite(value.applyAsDouble(end)))
                .toList();
        if (known.isEmpty()) {
            return;
        }
        XYSeries series = chart.addSeries(
                name,
                known.stream().mapToDouble(EpochEnd::epoch).toArray(),
                known.stream().mapToDouble(value).toArray());
        series.setLineColor(color);
        series.setMarkerColor(color);
        series.setLineStyle(new BasicStroke(2, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        // A single point has no line, so it needs a marker.
        boolean single = known.size() == 1;
        series.setMarker(
                single && marker == SeriesMarkers.NONE
                        ? SeriesMarkers.CIRCLE
                        : known.size() > MOST_MARKERS ? SeriesMarkers.NONE : marker);
    }

    /** Adds the values of the steps; returns false if there are none. */
    private boolean addSteps(XYChart chart, String name, float[] values, double unit, Color color) {
        int perPoint = Math.max(1, values.length / MOST_STEPS);
        List<Double> x = new ArrayList<>();
        List<Double> y = new ArrayList<>();
        for (int first = 0; first < values.length; first += perPoint) {
            int end = Math.min(first + perPoint, values.length);
            double sum = 0;
            for (int i = first; i < end; i++) {
                sum += values[i];
            }
            if (Double.isFinite(sum)) {
                x.add((steps.unknownSteps() + (first + end + 1) / 2.0) / steps.stepsPerEpoch());
                y.add(sum / (end - first) / unit);
            }
        }
        if (x.isEmpty()) {
            return false;
        }
        XYSeries series = chart.addSeries(name, x, y);
        series.setLineColor(color);
        series.setLineStyle(new BasicStroke(1.5f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        series.setMarker(x.size() == 1 ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE);
        series.setMarkerColor(color);
        return true;
    }

    private static double greatestOfEpochs(XYChart chart) {
        return chart.getSeriesCollection().stream()
                .filter(series -> !series.getName().equals(LOSS_OF_STEPS))
                .flatMapToDouble(series -> Arrays.stream(series.getYData()))
                .max()
                .orElseThrow();
    }

    /** Paints a chart over the whole width, with some space around its points. */
    private void paint(XYChart chart, Canvas canvas, int top, boolean fromZero) {
        XYStyler style = chart.getStyler();
        // The first epoch's steps are to the left of its end.
        boolean hasSteps = steps.losses().length > 0;
        int first = hasSteps ? 0 : epochs.get(0).epoch();
        int last = epochs.get(epochs.size() - 1).epoch();
        double side = Math.max(hasSteps ? 0 : 0.5, 0.03 * (last - first));
        style.setXAxisMin(first - side);
        style.setXAxisMax(last + side);
        // At most one tick per epoch, and room for the number below it.
        style.setXAxisTickMarkSpacingHint(Math.max(50, (int) (0.8 * WIDTH / (last - first + 1))));
        DoubleSummaryStatistics values = new DoubleSummaryStatistics();
        for (XYSeries series : chart.getSeriesCollection()) {
            double[] drawn = series.getYData();
            if (series.getName().equals(LOSS_OF_STEPS)
                    && chart.getSeriesCollection().size() > 1) {
                double most = ABOVE_EPOCHS * greatestOfEpochs(chart);
                drawn = Arrays.stream(drawn).map(value -> Math.min(value, most)).toArray();
            }
            Arrays.stream(drawn).forEach(values);
        }
        if (values.getCount() > 0 && values.getMax() < LEAST_PLAIN) {
            style.setYAxisDecimalPattern("0.##E0");
        }
        if (values.getCount() > 0) {
            double low = fromZero ? 0 : values.getMin();
            double range = values.getMax() - low;
            double room = range > 0 ? MARGIN * range : 1;
            style.setYAxisMin(low - room);
            style.setYAxisMax(values.getMax() + room);
        }
        Graphics2D part = canvas.part(0, top, chart.getWidth(), chart.getHeight());
        chart.paint(part, chart.getWidth(), chart.getHeight());
        part.dispose();
    }
}
