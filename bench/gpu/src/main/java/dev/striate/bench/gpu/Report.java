package dev.striate.bench.gpu;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.File;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a run came to, as a table for people and as JSON with every sample. */
final class Report {

    private final Map<String, String> facts;
    private final double peak;
    private final List<String> modes;
    private final List<Result> results;

    /**
     * A report.
     *
     * @param facts where and with what it was measured
     * @param peak  FLOP/s, or NaN if not measured
     * @param modes PyTorch's, which may be none
     */
    Report(Map<String, String> facts, double peak, List<String> modes, List<Result> results) {
        this.facts = facts;
        this.peak = peak;
        this.modes = modes;
        this.results = results;
    }

    String markdown() {
        StringBuilder text = new StringBuilder();
        facts.forEach((name, value) ->
                text.append("- ").append(name).append(": ").append(value).append('\n'));
        text.append("- peak of float32 multiply-adds: ")
                .append(
                        Double.isNaN(peak)
                                ? "not measured"
                                : String.format(Locale.ROOT, "%.1f GFLOP/s, measured", peak / 1e9))
                .append("\n\n");
        text.append("| work | ms | GFLOP/s | of peak | GB/s | samples/s |");
        modes.forEach(mode -> text.append(" PyTorch ").append(mode).append(", ms | ratio |"));
        text.append(modes.isEmpty() ? "" : " same results |")
                .append("\n|---|")
                .append("---:|".repeat(5 + 2 * modes.size()))
                .append(modes.isEmpty() ? "" : "---|")
                .append('\n');
        results.forEach(result -> text.append(line(result)));
        if (!modes.isEmpty()) {
            text.append(
                            "\nTF32 rounds factors to 10 bits. A ratio is PyTorch's time divided by Striate's: above 1 Striate is faster.\n")
                    .append("\n| result | Striate | PyTorch | difference | allowed |\n|---|---:|---:|---:|---:|\n");
            for (Result result : results) {
                for (Result.Check check : result.checks()) {
                    text.append(String.format(
                            Locale.ROOT,
                            "| %s: %s | %.8g | %.8g | %.2g | %.2g%s |%n",
                            result.row().name(),
                            check.striate().name(),
                            check.striate().sum(),
                            check.torch().sum(),
                            check.striate().difference(check.torch()),
                            check.bound(),
                            check.holds() ? "" : ", **exceeded**"));
                }
            }
        }
        return text.toString();
    }

    private String line(Result result) {
        Row.Cost cost = result.row().cost();
        double seconds = result.seconds(Result.STRIATE);
        StringBuilder text = new StringBuilder("| ").append(result.row().name()).append(" | ");
        if (result.failure() != null) {
            return text.append("failed: ")
                    .append(result.failure())
                    .append(" |\n")
                    .toString();
        }
        text.append(String.format(Locale.ROOT, "%.4g | ", 1e3 * seconds))
                .append(figure("%.1f | ", cost.flops() / seconds / 1e9))
                .append(figure("%.1f %% | ", 100 * cost.flops() / seconds / peak))
                .append(figure("%.2f | ", cost.bytes() / seconds / 1e9))
                .append(figure("%,.0f | ", cost.samples() / seconds));
        for (String mode : modes) {
            text.append(figure("%.4g | ", 1e3 * result.seconds(mode)))
                    .append(figure("%.2f | ", result.seconds(mode) / seconds));
        }
        return text.append(modes.isEmpty() ? "" : result.isRight() ? "yes |" : "**no** |")
                .append('\n')
                .toString();
    }

    /** Nothing for what has no meaning or was not measured. */
    private static String figure(String format, double value) {
        return value > 0 ? String.format(Locale.ROOT, format, value) : "| ";
    }

    void writeJson(File file) throws IOException {
        try (JsonGenerator json = new JsonFactory().createGenerator(file, JsonEncoding.UTF8)) {
            json.useDefaultPrettyPrinter();
            json.writeStartObject();
            json.writeObjectFieldStart("facts");
            for (Map.Entry<String, String> fact : facts.entrySet()) {
                json.writeStringField(fact.getKey(), fact.getValue());
            }
            json.writeEndObject();
            json.writeNumberField("peak_flops", peak);
            json.writeArrayFieldStart("rows");
            for (Result result : results) {
                write(json, result);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
    }

    private static void write(JsonGenerator json, Result result) throws IOException {
        json.writeStartObject();
        json.writeStringField("work", result.row().name());
        json.writeNumberField("flops", result.row().cost().flops());
        json.writeNumberField("bytes", result.row().cost().bytes());
        json.writeNumberField("samples", result.row().cost().samples());
        json.writeStringField("failure", result.failure());
        json.writeObjectFieldStart("seconds");
        for (Map.Entry<String, List<Double>> side : result.samples().entrySet()) {
            json.writeArrayFieldStart(side.getKey());
            for (double sample : side.getValue()) {
                json.writeNumber(sample);
            }
            json.writeEndArray();
        }
        json.writeEndObject();
        json.writeArrayFieldStart("checks");
        for (Result.Check check : result.checks()) {
            json.writeStartObject();
            json.writeStringField("result", check.striate().name());
            json.writeNumberField("striate", check.striate().sum());
            json.writeNumberField("pytorch", check.torch().sum());
            json.writeNumberField("difference", check.striate().difference(check.torch()));
            json.writeNumberField("allowed", check.bound());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }
}
