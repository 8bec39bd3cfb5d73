package dev.striate.cli;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.striate.Device;
import dev.striate.nn.Block;
import dev.striate.train.Evaluation;
import dev.striate.train.TrainingResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The result of a training command, in the common format of {@code result.json}. Accuracies are fractions. Values that
 * were not measured, such as those of the validation set without one, are null.
 *
 * @param command the command's name, such as {@code digits}
 * @param dataset the data set's title
 */
record ResultJson(
        String command,
        Device device,
        long seed,
        int threads,
        String dataset,
        Validation.Sets sets,
        Recipe recipe,
        List<Model> models) {

    /** One trained model. */
    record Model(String name, Block model, TrainingResult result, Evaluation test) {}

    void write(Path file) throws IOException {
        try (JsonGenerator json = new JsonFactory()
                .createGenerator(file.toFile(), JsonEncoding.UTF8)
                .useDefaultPrettyPrinter()) {
            json.writeStartObject();
            json.writeStringField("command", command);
            json.writeStringField("device", device.name());
            json.writeStringField("device_name", device.info().name());
            json.writeNumberField("seed", seed);
            json.writeNumberField("threads", threads);
            json.writeStringField("dataset", dataset);
            json.writeNumberField("training_images", sets.train().size());
            json.writeNumberField(
                    "validation_images",
                    sets.validation() == null ? 0 : sets.validation().size());
            json.writeNumberField("test_images", sets.test().size());
            json.writeNumberField("batch_size", recipe.batchSize());
            json.writeStringField("optimizer", recipe.method().toString());
            json.writeStringField("schedule", recipe.course().toString());
            json.writeNumberField("learning_rate", recipe.rate());
            json.writeNumberField("weight_decay", recipe.weightDecay());
            json.writeNumberField("label_smoothing", recipe.labelSmoothing());
            json.writeArrayFieldStart("models");
            for (Model model : models) {
                write(json, model);
            }
            json.writeEndArray();
            json.writeEndObject();
            json.writeRaw('\n');
        }
    }

    private static void write(JsonGenerator json, Model model) throws IOException {
        TrainingResult result = model.result;
        json.writeStartObject();
        json.writeStringField("model", model.name);
        json.writeNumberField("parameters", model.model.parameterCount());
        json.writeNumberField("epochs", result.epochs().size());
        json.writeNumberField("epoch_of_weights", result.epoch());
        writeNumber(json, "train_accuracy", result.trainAccuracy());
        writeNumber(json, "validation_accuracy", result.validationAccuracy());
        writeNumber(json, "test_accuracy", model.test.accuracy());
        writeNumber(json, "train_loss", result.trainLoss());
        writeNumber(json, "validation_loss", result.validationLoss());
        writeNumber(json, "test_loss", model.test.loss());
        writeNumber(json, "train_seconds", result.seconds());
        writeNumber(json, "samples_per_second", result.samplesPerSecond());
        json.writeArrayFieldStart("test_confusion");
        for (int[] row : model.test.confusion()) {
            json.writeArray(row, 0, row.length);
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    /** Writes null for NaN and infinity, which JSON lacks. */
    private static void writeNumber(JsonGenerator json, String name, double value) throws IOException {
        if (Double.isFinite(value)) {
            json.writeNumberField(name, value);
        } else {
            json.writeNullField(name);
        }
    }
}
