package dev.striate.cli;

import dev.striate.Device;
import dev.striate.DeviceInfo;
import dev.striate.StriateException;
import dev.striate.backend.BackendProvider;
import dev.striate.backend.Tuning;
import dev.striate.internal.Internals;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Searches for the fastest settings of an OpenCL device's kernels and stores them for this user. */
@Command(
        name = "tune",
        description = {
            "Search for the fastest kernel settings of an OpenCL device, and store them in the user's cache. Programs use them"
                    + " from their next start.",
            "",
            "Tuned kernels may round differently. After Ctrl-C, the settings found so far stay in effect."
        },
        optionListHeading = "%nOptions:%n")
final class TuneCommand implements Callable<Integer> {

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            converter = GpuOrdinal.class,
            description = "gpu or gpu:N, an OpenCL device; 'striate devices' lists them (default: gpu).")
    private int ordinal;

    @Option(
            names = "--quick",
            description = "Measure fewer and smaller problems, and less often: seconds instead of minutes.")
    private boolean quick;

    private final Paragraphs out = new Paragraphs(System.out, Terminal.columns());

    @Override
    public Integer call() {
        Device opened = Device.gpu(ordinal);
        DeviceInfo device = opened.info();
        BackendProvider provider = Internals.providers().stream()
                .filter(each -> each.kind().equals("gpu"))
                .findFirst()
                .orElseThrow();
        Tuning tuning = provider.tuning(ordinal);
        if (tuning == null) {
            throw new StriateException(opened + ": the kernels of this device have no settings to tune");
        }
        out.print("", opened + ", " + device.name() + ", driver " + device.driver());
        out.print("", "Speeds are relative to the default settings, so 1.25x is a quarter faster.");
        Report report = new Report();
        tuning.search(quick, report);
        out.print("", "");
        out.print("", "Result:");
        report.summary.forEach((kernels, result) -> out.print(String.format(Locale.ROOT, "  %-10s", kernels), result));
        out.print("", "");
        Path file = tuning.file();
        out.print(
                "",
                file == null
                        ? "The settings were not stored, because tuning files are switched off."
                        : "Programs use these settings from their next start. They are stored in " + file);
        return 0;
    }

    /** Prints a line per trial, with the settings that differ from the default, and collects the results. */
    private final class Report implements Tuning.Listener {

        private final Map<String, String> summary = new LinkedHashMap<>();
        private List<String> defaults = List.of();
        private int trials;
        private int done;

        @Override
        public void started(String kernels, String settings, int most) {
            defaults = List.of(settings.split(" "));
            trials = most;
            done = 0;
            out.print("", "");
            out.print(kernels + ": ", settings);
        }

        @Override
        public void tried(Tuning.Trial trial) {
            done++;
            out.print(
                    String.format(
                            Locale.ROOT,
                            "%5s %8s  ",
                            done + "/" + trials,
                            trial.failure() == null ? speed(trial.time()) : "failed"),
                    changed(trial.settings()) + (trial.failure() == null ? "" : ": " + trial.failure()));
        }

        @Override
        public void notConfirmed(Tuning.Trial trial) {
            out.print(
                    String.format(Locale.ROOT, "again %8s  ", speed(trial.time())),
                    changed(trial.settings()) + " is not faster when measured again");
        }

        @Override
        public void finished(String kernels, String settings, double time) {
            summary.put(
                    kernels,
                    time < 1 ? speed(time) + " with " + changed(settings) : "the default settings are the fastest");
        }

        private String changed(String settings) {
            return Arrays.stream(settings.split(" "))
                    .filter(setting -> !defaults.contains(setting))
                    .collect(Collectors.joining(" "));
        }

        private static String speed(double time) {
            return String.format(Locale.ROOT, "%.2fx", 1 / time);
        }
    }

    private static final class GpuOrdinal implements ITypeConverter<Integer> {

        @Override
        public Integer convert(String value) {
            if (!value.matches("(?i)gpu(:\\d{1,4})?")) {
                throw new TypeConversionException(
                        "expected gpu or gpu:N, got '" + value + "'; only OpenCL devices are tuned");
            }
            return value.length() == 3 ? 0 : Integer.parseInt(value.substring(4));
        }
    }
}
