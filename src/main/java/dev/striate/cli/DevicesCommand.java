package dev.striate.cli;

import dev.striate.Device;
import dev.striate.DeviceException;
import dev.striate.backend.BackendProvider;
import dev.striate.backend.DeviceInfo;
import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine.Command;

/** Lists the devices that {@code --device} can name, and says which one {@code auto} takes. */
@Command(
        name = "devices",
        description = "Lists the devices found on this machine and the one that '--device auto' takes.",
        optionListHeading = "%nOptions:%n")
final class DevicesCommand implements Callable<Integer> {

    private static final int NAME_COLUMNS = 11;
    private static final int LABEL_COLUMNS = 10;
    private static final int LEAST_TEXT_COLUMNS = 20;

    private final PrintStream out = System.out;
    private int columns;

    @Override
    public Integer call() {
        columns = Terminal.columns();
        for (BackendProvider provider : Device.providers()) {
            BackendProvider.Probe probe = provider.probe();
            for (DeviceInfo device : probe.devices()) {
                print(device);
            }
            if (probe.devices().isEmpty()) {
                printWrapped(provider.kind(), "", "none: " + probe.absence());
            }
            out.println();
        }
        out.println("--device auto takes " + choice());
        return 0;
    }

    private void print(DeviceInfo device) {
        String name = device.kind() + (device.ordinal() == 0 ? "" : ":" + device.ordinal());
        printWrapped(name, "", device.name());
        printWrapped("", "type", device.type() + ", " + device.detail());
        printWrapped("", "platform", device.platform());
        if (device.driver() != null) {
            printWrapped("", "driver", device.driver());
        }
        printWrapped("", "memory", String.format(Locale.ROOT, "%.1f GiB", device.memoryBytes() / (double) (1 << 30)));
    }

    /** Platforms have long names: they go on below where they began. */
    private void printWrapped(String name, String label, String text) {
        String start = String.format("%-" + NAME_COLUMNS + "s", name)
                + (label.isEmpty() ? "" : String.format("%-" + LABEL_COLUMNS + "s", label));
        String indent = " ".repeat(start.length());
        int room = Math.max(LEAST_TEXT_COLUMNS, columns - 1 - start.length());
        StringBuilder line = new StringBuilder(start);
        int used = 0;
        for (String word : text.strip().split("\\s+")) {
            if (used > 0 && used + 1 + word.length() > room) {
                out.println(line);
                line = new StringBuilder(indent);
                used = 0;
            }
            line.append(used > 0 ? " " : "").append(word);
            used += (used > 0 ? 1 : 0) + word.length();
        }
        out.println(line);
    }

    private static String choice() {
        // What auto logs as its choice is said here, with the reason.
        Logger quiet = Logger.getLogger(Device.class.getName());
        quiet.setLevel(Level.WARNING);
        Device best = Device.best();
        if (best.name().equals("gpu")) {
            return "gpu.";
        }
        boolean foundGpu = Device.providers().stream()
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
