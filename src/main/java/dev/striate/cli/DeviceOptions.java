package dev.striate.cli;

import dev.striate.Device;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options on where to compute. */
final class DeviceOptions {

    private static final String AUTO = "auto";

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            converter = DeviceName.class,
            description = "auto, cpu, gpu, gpu:N or reference; 'striate devices' lists them. gpu is an OpenCL device"
                    + " (default: ${DEFAULT-VALUE}).")
    private String device = AUTO;

    @Option(
            names = "--threads",
            paramLabel = "N",
            converter = Count.class,
            description = "Threads of the CPU, which change no result; OpenCL drivers choose their own (default: all cores).")
    private @Nullable Integer threads;

    /** How many threads the CPU has then. */
    int threads() {
        return Device.providers().stream().filter(provider -> provider.kind().equals("cpu")).findAny().orElseThrow()
                .threads(asked());
    }

    private int asked() {
        return threads == null ? 0 : threads;
    }

    /** The options as they were given, each after a space. */
    String inWords() {
        return (device.equals(AUTO) ? "" : " --device " + device) + (threads == null ? "" : " --threads " + threads);
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
