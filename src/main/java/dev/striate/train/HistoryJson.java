package dev.striate.train;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes and reads epochs as JSON: an array with one object per epoch. An evaluation is written as its loss and its
 * numbers of images. The last one also has its confusion matrix, because it is the result of the training if the next
 * epoch is interrupted; the matrices of all epochs would not fit into a file's header. Numbers are written without
 * rounding. JSON lacks infinity and NaN, so these are strings.
 */
final class HistoryJson {

    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(8).build())
            .build();

    private HistoryJson() {}

    static String write(List<EpochEnd> epochs) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartArray();
            for (EpochEnd epoch : epochs) {
                json.writeStartObject();
                json.writeNumberField("epoch", epoch.epoch());
                json.writeNumberField("epochs", epoch.epochs());
                json.writeNumberField("images", epoch.images());
                json.writeNumberField("train_loss", epoch.trainLoss());
                json.writeNumberField("train_accuracy", epoch.trainAccuracy());
                json.writeNumberField("learning_rate", epoch.learningRate());
                json.writeNumberField("seconds", epoch.seconds());
                json.writeNumberField("samples_per_second", epoch.samplesPerSecond());
                writeMetrics(json, "train_metrics", epoch.trainMetrics());
                Evaluation validation = epoch.validation();
                if (validation != null) {
                    json.writeNumberField("validation_loss", validation.loss());
                    json.writeNumberField("validation_images", validation.total());
                    if (validation.correct() >= 0) {
                        json.writeNumberField("validation_correct", validation.correct());
                    }
                    writeMetrics(json, "validation_metrics", validation.metrics());
                    if (epoch.epoch() == epochs.size() && validation.confusion().length > 0) {
                        json.writeArrayFieldStart("validation_confusion");
                        for (int[] row : validation.confusion()) {
                            json.writeArray(row, 0, row.length);
                        }
                        json.writeEndArray();
                    }
                }
                json.writeEndObject();
            }
            json.writeEndArray();
        } catch (IOException e) {
            throw new AssertionError("writing to memory cannot fail", e);
        }
        return text.toString();
    }

    private static void writeMetrics(JsonGenerator json, String field, Map<String, Double> metrics) throws IOException {
        if (!metrics.isEmpty()) {
            json.writeObjectFieldStart(field);
            for (Map.Entry<String, Double> metric : metrics.entrySet()) {
                json.writeNumberField(metric.getKey(), metric.getValue());
            }
            json.writeEndObject();
        }
    }

    /** @throws IOException if the text was not written by {@link #write} */
    static List<EpochEnd> read(String text) throws IOException {
        List<EpochEnd> epochs = new ArrayList<>();
        try (JsonParser json = JSON.createParser(text)) {
            require(json, json.nextToken() == JsonToken.START_ARRAY, "an array of epochs");
            while (json.nextToken() != JsonToken.END_ARRAY) {
                require(json, json.currentToken() == JsonToken.START_OBJECT, "an epoch");
                EpochEnd epoch = readEpoch(json);
                require(json, epoch.epoch() == epochs.size() + 1, "epoch " + (epochs.size() + 1));
                int last = epochs.size() - 1;
                if (last >= 0) {
                    // Files of the first version have every epoch's confusion matrix.
                    epochs.set(last, epochs.get(last).past());
                }
                epochs.add(epoch);
            }
            require(json, json.nextToken() == null, "nothing more");
        }
        return epochs;
    }

    private static EpochEnd readEpoch(JsonParser json) throws IOException {
        int epoch = 0;
        int epochs = 0;
        int images = 0;
        double trainLoss = Double.NaN;
        double trainAccuracy = Double.NaN;
        float learningRate = Float.NaN;
        double seconds = Double.NaN;
        double samplesPerSecond = Double.NaN;
        Map<String, Double> trainMetrics = Map.of();
        double loss = Double.NaN;
        int total = 0;
        int correct = -1;
        Map<String, Double> metrics = Map.of();
        int[] @Nullable [] confusion = null;
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String field = json.currentName();
            json.nextToken();
            // Earlier versions wrote "test" for "validation".
            switch (field.replaceFirst("^test_", "validation_")) {
                case "epoch" -> epoch = count(json);
                case "epochs" -> epochs = count(json);
                case "images" -> images = count(json);
                case "train_loss" -> trainLoss = number(json);
                case "train_accuracy" -> trainAccuracy = number(json);
                case "learning_rate" -> learningRate = (float) number(json);
                case "seconds" -> seconds = number(json);
                case "samples_per_second" -> samplesPerSecond = number(json);
                case "train_metrics" -> trainMetrics = metrics(json);
                case "validation_loss" -> loss = number(json);
                case "validation_images" -> total = count(json);
                case "validation_correct" -> correct = count(json);
                case "validation_metrics" -> metrics = metrics(json);
                case "validation_confusion" -> confusion = confusion(json);
                default -> require(json, false, "a known field instead of " + field);
            }
        }
        require(json, correct <= total, "no more correct images than images");
        Evaluation validation = confusion != null && confusion.length > 0
                ? new Evaluation(loss, new int[0], confusion, metrics)
                : total > 0 ? new Evaluation(loss, total, correct, metrics) : null;
        return new EpochEnd(
                epoch,
                epochs,
                images,
                trainLoss,
                trainAccuracy,
                trainMetrics,
                validation,
                learningRate,
                seconds,
                samplesPerSecond);
    }

    private static Map<String, Double> metrics(JsonParser json) throws IOException {
        Map<String, Double> metrics = new LinkedHashMap<>();
        require(json, json.currentToken() == JsonToken.START_OBJECT, "metrics");
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            json.nextToken();
            metrics.put(name, number(json));
        }
        return metrics;
    }

    private static int[][] confusion(JsonParser json) throws IOException {
        List<int[]> rows = new ArrayList<>();
        require(json, json.currentToken() == JsonToken.START_ARRAY, "a confusion matrix");
        while (json.nextToken() != JsonToken.END_ARRAY) {
            require(json, json.currentToken() == JsonToken.START_ARRAY, "a row of a confusion matrix");
            List<Integer> row = new ArrayList<>();
            while (json.nextToken() != JsonToken.END_ARRAY) {
                row.add(count(json));
            }
            rows.add(row.stream().mapToInt(Integer::intValue).toArray());
        }
        int classes = rows.size();
        require(json, rows.stream().allMatch(row -> row.length == classes), "a square confusion matrix");
        long images = rows.stream().flatMapToInt(Arrays::stream).asLongStream().sum();
        require(json, images <= Integer.MAX_VALUE, "a confusion matrix of fewer than 2^31 images");
        return rows.toArray(new int[0][]);
    }

    private static int count(JsonParser json) throws IOException {
        require(json, json.currentToken() == JsonToken.VALUE_NUMBER_INT && json.getIntValue() >= 0, "a whole number");
        return json.getIntValue();
    }

    private static double number(JsonParser json) throws IOException {
        if (json.currentToken() == JsonToken.VALUE_STRING) {
            return switch (json.getText()) {
                case "NaN" -> Double.NaN;
                case "Infinity" -> Double.POSITIVE_INFINITY;
                case "-Infinity" -> Double.NEGATIVE_INFINITY;
                default -> throw new JsonParseException(json, "expected a number, got a string");
            };
        }
        require(json, json.currentToken() != null && json.currentToken().isNumeric(), "a number");
        return json.getDoubleValue();
    }

    private static void require(JsonParser json, boolean condition, String expected) throws JsonParseException {
        if (!condition) {
            throw new JsonParseException(json, "expected " + expected);
        }
    }
}
