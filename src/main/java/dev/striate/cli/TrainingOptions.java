package dev.striate.cli;

import dev.striate.Device;
import dev.striate.Tensor;
import dev.striate.optim.Adam;
import dev.striate.optim.AdamW;
import dev.striate.optim.Optimizer;
import dev.striate.optim.Sgd;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that every command that trains has. */
final class TrainingOptions {

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            converter = DeviceName.class,
            description = "auto, cpu, gpu, gpu:N or reference; 'striate devices' lists them. gpu is an OpenCL device"
                    + " (default: ${DEFAULT-VALUE}).")
    private String device = "auto";

    @Option(
            names = "--threads",
            paramLabel = "N",
            converter = Count.class,
            description = "Threads of the CPU, which change no result; OpenCL drivers choose their own (default: all cores).")
    private @Nullable Integer threads;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            converter = Count.class,
            description = "How often the training set is gone through (default: ${DEFAULT-VALUE}).")
    private int epochs;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            converter = Count.class,
            description = "Images per step (default: ${DEFAULT-VALUE}).")
    private int batchSize;

    @Option(
            names = "--optimizer",
            paramLabel = "NAME",
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}). sgd has Nesterov momentum 0.9.")
    private Method optimizer = Method.ADAM;

    @Option(
            names = "--lr",
            paramLabel = "RATE",
            converter = Rate.class,
            description = "Learning rate at the start; it falls to 0 along a cosine (default: 0.01, with sgd 0.1).")
    private @Nullable Float learningRate;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Where random numbers start: the same seed, the same result (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Writes result.json and the trained weights (safetensors) to this directory, made if missing.")
    private @Nullable Path out;

    TrainingOptions(int epochs, int batchSize) {
        this.epochs = epochs;
        this.batchSize = batchSize;
    }

    int epochs() {
        return epochs;
    }

    int batchSize() {
        return batchSize;
    }

    long seed() {
        return seed;
    }

    @Nullable Path out() {
        return out;
    }

    int threads() {
        return threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    }

    float learningRate() {
        return learningRate == null ? optimizer.usualRate : learningRate;
    }

    /** {@code adam, learning rate 0.005}. */
    String optimizerInWords() {
        return optimizer + ", learning rate " + learningRate();
    }

    Device openDevice() {
        return Device.parse(device, threads());
    }

    Optimizer optimizer(Map<String, Tensor> parameters) {
        float rate = learningRate();
        return switch (optimizer) {
            case SGD -> new Sgd(parameters, rate).momentum(0.9f).nesterov(true);
            case ADAM -> new Adam(parameters, rate);
            case ADAMW -> new AdamW(parameters, rate);
        };
    }

    /** The optimisers by the names they have here. */
    private enum Method {
        SGD(0.1f),
        ADAM(0.01f),
        ADAMW(0.01f);

        private final float usualRate;

        Method(float usualRate) {
            this.usualRate = usualRate;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final class DeviceName implements ITypeConverter<String> {

        @Override
        public String convert(String value) {
            if (!value.matches("(?i)auto|cpu|reference|gpu(:\\d{1,4})?")) {
                throw new TypeConversionException("expected auto, cpu, gpu, gpu:N or reference, got '" + value + "'");
            }
            return value;
        }
    }

    private static final class Count implements ITypeConverter<Integer> {

        @Override
        public Integer convert(String value) {
            if (!value.matches("0*[1-9]\\d{0,5}")) {
                throw new TypeConversionException("expected a whole number from 1 to 999999, got '" + value + "'");
            }
            return Integer.valueOf(value);
        }
    }

    private static final class Rate implements ITypeConverter<Float> {

        @Override
        public Float convert(String value) {
            try {
                float rate = Float.parseFloat(value);
                if (rate > 0 && Float.isFinite(rate)) {
                    return rate;
                }
            } catch (NumberFormatException e) {
                // Falls through to the same message.
            }
            throw new TypeConversionException("expected a number above 0, got '" + value + "'");
        }
    }
}
