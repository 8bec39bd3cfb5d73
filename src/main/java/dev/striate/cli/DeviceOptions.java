package dev.striate.cli;

import dev.striate.Device;
import dev.striate.internal.Internals;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that choose the device. */
final class DeviceOptions {

    private static final String AUTO = "auto";

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            converter = DeviceName.class,
            description =
                    "auto, cpu, gpu, gpu:N (an OpenCL device) or reference; 'striate devices' lists them (default:"
                            + " ${DEFAULT-VALUE}).")
    private String device = AUTO;

    @Option(
            names = "--threads",
            paramLabel = "N",
            converter = Count.class,
            description = "Number of threads of the device cpu; results do not depend on it (default: all cores).")
    private @Nullable Integer threads;

    /** Returns the number of threads of the device cpu with these options. */
    int threads() {
        return Internals.providers().stream()
                .filter(provider -> provider.kind().equals("cpu"))
                .findAny()
                .orElseThrow()
                .threads(asked());
    }

    private int asked() {
        return threads == null ? 0 : threads;
    }

    /** Returns the options that were given. */
    List<String> arguments() {
        List<String> arguments = new ArrayList<>();
        if (!device.equals(AUTO)) {
            arguments.add("--device=" + device);
        }
        if (threads != null) {
            arguments.add("--threads=" + threads);
        }
        return arguments;
    }

    Device open() {
        return Device.parse(device, asked());
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
}
