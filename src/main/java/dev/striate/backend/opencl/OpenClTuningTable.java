package dev.striate.backend.opencl;

import dev.striate.StriateException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Values of parameters by kind of device: {@code tuning.txt} in the jar, whose head tells its format. Of the lines that
 * fit a device those of its vendor and type count before the defaults, those of its architecture before these, those of
 * its very name before all.
 */
final class OpenClTuningTable {

    static final OpenClTuningTable PACKED = parse(OpenClPrograms.resource("tuning.txt"));

    private final List<Line> lines;

    private OpenClTuningTable(List<Line> lines) {
        this.lines = lines;
    }

    /**
     * What devices are told apart by.
     *
     * @param vendor       as the driver has it, {@code NVIDIA Corporation}
     * @param type         {@code GPU}, {@code CPU} or {@code accelerator}
     * @param architecture {@code sm_90}, {@code gfx1030}, or empty where the driver does not say
     * @param name         the product
     */
    record Traits(String vendor, String type, String architecture, String name) {}

    private record Line(
            OpenClFamily family,
            KernelShape shape,
            String vendor,
            String type,
            String architecture,
            String name,
            Map<OpenClParameter, Integer> values) {

        boolean fits(Traits device) {
            return device.vendor.toLowerCase(Locale.ROOT).contains(vendor.toLowerCase(Locale.ROOT))
                    && isEither(type, device.type)
                    && isEither(architecture, device.architecture)
                    && isEither(name, device.name);
        }

        private static boolean isEither(String wanted, String is) {
            return wanted.isEmpty() || wanted.equals(is);
        }

        /** How particular it is. */
        int rank() {
            return !name.isEmpty() ? 3 : !architecture.isEmpty() ? 2 : vendor.isEmpty() && type.isEmpty() ? 0 : 1;
        }
    }

    /** @throws StriateException naming the first line that is wrong */
    static OpenClTuningTable parse(String text) {
        List<Line> lines = new ArrayList<>();
        for (String row : text.lines().toList()) {
            if (!row.isBlank() && !row.startsWith("#")) {
                try {
                    lines.add(line(row));
                } catch (IllegalArgumentException | StriateException e) {
                    throw new StriateException("the table of OpenCL parameters: \"" + row + "\": " + e.getMessage(), e);
                }
            }
        }
        return new OpenClTuningTable(lines);
    }

    private static Line line(String row) {
        String[] fields = row.split("\\|", -1);
        String[] kernels = fields[0].strip().split("\\s+", -1);
        if (fields.length != 6 || kernels.length != 2) {
            throw new StriateException(
                    "expected KERNELS SHAPE | VENDOR | TYPE | ARCHITECTURE | NAME | PARAMETER=VALUE ...");
        }
        OpenClFamily family = OpenClFamily.valueOf(kernels[0].toUpperCase(Locale.ROOT));
        KernelShape shape = KernelShape.valueOf(kernels[1]);
        return new Line(
                family,
                shape,
                fields[1].strip(),
                fields[2].strip(),
                fields[3].strip(),
                fields[4].strip(),
                OpenClParameters.parse(family, shape, fields[5]));
    }

    /** What the table says of a device: not all parameters, and maybe none. */
    Map<OpenClParameter, Integer> values(Traits device, KernelShape shape) {
        Map<OpenClParameter, Integer> values = new EnumMap<>(OpenClParameter.class);
        lines.stream()
                .filter(line -> line.shape == shape && line.fits(device))
                .sorted(Comparator.comparingInt(Line::rank))
                .forEach(line -> values.putAll(line.values));
        return values;
    }
}
