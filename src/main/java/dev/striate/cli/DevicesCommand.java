package dev.striate.cli;

import dev.striate.Device;
import dev.striate.DeviceException;
import dev.striate.backend.BackendProvider;
import dev.striate.backend.DeviceInfo;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Lists the devices that {@code --device} can name, and says which one {@code auto} takes. */
@Command(
        name = "devices",
        description = "Lists the devices found on this machine and the one that '--device auto' takes.",
        optionListHeading = "%nOptions:%n")
final class DevicesCommand implements Callable<Integer> {

    private static final String BLOCK = "%-11s%s%n";
    private static final String LINE = " ".repeat(11) + "%-10s%s%n";

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        for (BackendProvider provider : Device.providers()) {
            BackendProvider.Probe probe = provider.probe();
            for (DeviceInfo device : probe.devices()) {
                print(out, device);
            }
            if (probe.devices().isEmpty()) {
                out.printf(BLOCK, provider.kind(), "none: " + probe.absence());
            }
            out.println();
        }
        out.println("--device auto takes " + choice());
        return 0;
    }

    private static void print(PrintWriter out, DeviceInfo device) {
        out.printf(BLOCK, device.kind() + (device.ordinal() == 0 ? "" : ":" + device.ordinal()), device.name());
        out.printf(LINE, "type", device.type() + ", " + device.detail());
        out.printf(LINE, "platform", device.platform());
        if (device.driver() != null) {
            out.printf(LINE, "driver", device.driver());
        }
        out.printf(Locale.ROOT, LINE, "memory", String.format(Locale.ROOT, "%.1f GiB", device.memoryBytes() / (double) (1 << 30)));
    }

    private static String choice() {
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
