package dev.striate.cli;

import dev.striate.Device;
import dev.striate.DeviceException;
import dev.striate.DeviceInfo;
import dev.striate.backend.BackendProvider;
import dev.striate.backend.Tuning;
import dev.striate.internal.Internals;
import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/** Lists the devices that {@code --device} can name, and the one that {@code auto} selects. */
@Command(
        name = "devices",
        description = "List the devices of this machine and the one that '--device auto' selects.",
        optionListHeading = "%nOptions:%n")
final class DevicesCommand implements Callable<Integer> {

    private static final int NAME_COLUMNS = 11;
    private static final int LABEL_COLUMNS = 10;

    private final PrintStream out = System.out;
    private final Paragraphs paragraphs = new Paragraphs(out, Terminal.columns());

    @Override
    public Integer call() {
        for (BackendProvider provider : Internals.providers()) {
            BackendProvider.Probe probe = provider.probe();
            for (DeviceInfo device : probe.devices()) {
                print(device, provider.tuning(device.ordinal()));
            }
            if (probe.devices().isEmpty()) {
                printWrapped(provider.kind(), "", "none: " + probe.absence());
            }
            probe.problems().forEach(problem -> printWrapped(provider.kind(), "", "warning: " + problem));
            out.println();
        }
        out.println("--device auto selects " + choice());
        return 0;
    }

    private void print(DeviceInfo device, @Nullable Tuning tuning) {
        String name = device.kind() + (device.ordinal() == 0 ? "" : ":" + device.ordinal());
        printWrapped(name, "", device.name());
        printWrapped("", "type", device.type() + ", " + device.detail());
        printWrapped("", "platform", device.platform());
        if (device.driver() != null) {
            printWrapped("", "driver", device.driver());
        }
        printWrapped("", "memory", String.format(Locale.ROOT, "%.1f GiB", device.memoryBytes() / (double) (1 << 30)));
        if (tuning != null) {
            printWrapped("", "tuning", tuning.state());
        }
    }

    private void printWrapped(String name, String label, String text) {
        paragraphs.print(
                String.format("%-" + NAME_COLUMNS + "s", name)
                        + (label.isEmpty() ? "" : String.format("%-" + LABEL_COLUMNS + "s", label)),
                text);
    }

    private static String choice() {
        // The choice that auto logs is printed here with its reason.
        Logger quiet = Logger.getLogger(Device.class.getName());
        quiet.setLevel(Level.WARNING);
        Device best = Device.best();
        if (best.name().equals("gpu")) {
            return "gpu.";
        }
        boolean foundGpu = Internals.providers().stream()
                .filter(provider -> provider.kind().equals("gpu"))
                .flatMap(provider -> provider.probe().devices().stream())
                .anyMatch(device -> device.type().equals("GPU"));
        if (!foundGpu) {
            return best.name() + ": there is no OpenCL device of type GPU.";
        }
        try {
            Device.gpu();
            return best.name() + ".";
        } catch (DeviceException e) {
            return best.name() + ": " + e.getMessage();
        }
    }
}
