package dev.striate.cli;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.striate.nn.Block;
import dev.striate.train.TrainingResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The result of a training command, in the common format of {@code result.json}.
 *
 * @param command    the command's name, such as {@code digits}
 * @param device     the device's name for {@code --device}, never {@code auto}
 * @param deviceName the product name of the device
 */
record ResultJson(String command, String device, String deviceName, long seed, int threads, List<Model> models) {

    /**
     * One trained model.
     *
     * @param trainAccuracy    a fraction, like all accuracies
     * @param trainSeconds     the time of the training steps
     * @param samplesPerSecond the number of training images per second
     */
    record Model(
            String model,
            long parameters,
            int epochs,
            double trainAccuracy,
            double testAccuracy,
            double trainLoss,
            double trainSeconds,
            double samplesPerSecond) {

        static Model of(String name, Block model, TrainingResult result) {
            return new Model(
                    name,
                    model.parameterCount(),
                    result.epochs().size(),
                    result.trainAccuracy(),
                    result.testAccuracy(),
                    result.trainLoss(),
                    result.seconds(),
                    result.samplesPerSecond());
        }
    }

    void write(Path file) throws IOException {
        try (JsonGenerator json = new JsonFactory()
                .createGenerator(file.toFile(), JsonEncoding.UTF8)
                .useDefaultPrettyPrinter()) {
            json.writeStartObject();
            json.writeStringField("command", command);
            json.writeStringField("device", device);
            json.writeStringField("device_name", deviceName);
            json.writeNumberField("seed", seed);
            json.writeNumberField("threads", threads);
            json.writeArrayFieldStart("models");
            for (Model model : models) {
                json.writeStartObject();
                json.writeStringField("model", model.model);
                json.writeNumberField("parameters", model.parameters);
                json.writeNumberField("epochs", model.epochs);
                writeFraction(json, "train_accuracy", model.trainAccuracy);
                writeFraction(json, "test_accuracy", model.testAccuracy);
                writeFraction(json, "train_loss", model.trainLoss);
                writeFraction(json, "train_seconds", model.trainSeconds);
                writeFraction(json, "samples_per_second", model.samplesPerSecond);
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
            json.writeRaw('\n');
        }
    }

    /** Writes null for NaN and infinity, which JSON lacks. */
    private static void writeFraction(JsonGenerator json, String name, double value) throws IOException {
        if (Double.isFinite(value)) {
            json.writeNumberField(name, value);
        } else {
            json.writeNullField(name);
        }
    }
}
