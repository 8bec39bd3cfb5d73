package dev.striate.cli;

import dev.striate.Device;
import dev.striate.DeviceInfo;
import dev.striate.StriateException;
import dev.striate.backend.BackendProvider;
import dev.striate.backend.Tuning;
import dev.striate.internal.Internals;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Searches for the fastest settings of an OpenCL device's kernels and stores them for this user. */
@Command(
        name = "tune",
        description = {
            "Measure which kernel settings are the fastest on an OpenCL device, and store them in the user's cache."
                    + " Programs use them from their next start.",
            "",
            "Tuned kernels may round differently. After Ctrl-C, the settings found so far stay in effect."
        },
        optionListHeading = "%nOptions:%n")
final class TuneCommand implements Callable<Integer> {

    @Option(
            names = "--device",
            paramLabel = "gpu:N",
            converter = GpuOrdinal.class,
            description = "gpu or gpu:N; 'striate devices' lists the devices (default: gpu).")
    private int ordinal;

    @Option(names = "--quick", description = "Try fewer settings on smaller problems: seconds instead of minutes.")
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
        out.print("", "time relative to the current settings; less than 100 % is faster");
        tuning.search(quick, new Report());
        Path file = tuning.file();
        out.print("", file == null ? "not stored: tuning files are switched off" : "stored in " + file);
        return 0;
    }

    /** Prints a line per trial: the settings and their time relative to the previous settings. */
    private final class Report implements Tuning.Listener {

        private int trials;
        private int done;
        private boolean confirmed;

        @Override
        public void started(String kernels, String settings, int most) {
            trials = most;
            done = 0;
            confirmed = true;
            out.print("", "");
            out.print("", kernels + ": " + settings);
        }

        @Override
        public void tried(Tuning.Trial trial) {
            done++;
            String result = trial.failure() == null ? percent(trial.time()) : "failed";
            out.print(
                    String.format(Locale.ROOT, "%3d/%-3d %8s  ", done, trials, result),
                    trial.settings() + (trial.failure() == null ? "" : ": " + trial.failure()));
        }

        @Override
        public void notConfirmed(Tuning.Trial trial) {
            confirmed = false;
            out.print(
                    "",
                    trial.settings() + " took " + percent(trial.time())
                            + " when measured again; the current settings are kept");
        }

        @Override
        public void finished(String kernels, String settings, double time) {
            if (time < 1) {
                out.print(String.format(Locale.ROOT, "best    %8s  ", percent(time)), settings);
            } else if (confirmed) {
                out.print("", "nothing faster found");
            }
        }

        private static String percent(double time) {
            return String.format(Locale.ROOT, "%.1f %%", 100 * time);
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
