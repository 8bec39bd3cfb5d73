package dev.striate.backend.opencl;

import dev.striate.DeviceInfo;
import dev.striate.StriateException;
import dev.striate.disk.AtomicFile;
import dev.striate.disk.RegularFile;
import dev.striate.disk.UserCache;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The tuning results for one device, driver and shape, in a text file in the user's cache. The line of a family holds a
 * key of the kernel sources it was found with, and is ignored once they have changed. A file that is damaged, or was
 * made on another device, is ignored with a warning.
 *
 * <p>The system property {@code striate.opencl.tuning} names the directory, or {@code off}; otherwise it is {@code
 * tuning} in {@link UserCache}.
 */
final class OpenClTuningFile {

    static final String PROPERTY = "striate.opencl.tuning";

    private static final Logger LOGGER = System.getLogger(OpenClTuningFile.class.getName());
    private static final String FIRST_LINE = "striate tuning 1";

    private final @Nullable Path file;
    private final String device;
    private final KernelShape shape;
    private final OpenClFamily.Limits limits;

    /**
     * A file for the parameters of one device.
     *
     * @param device the second line of the file, which tells devices and drivers apart
     */
    OpenClTuningFile(@Nullable Path file, String device, KernelShape shape, OpenClFamily.Limits limits) {
        this.file = file;
        this.device = device;
        this.shape = shape;
        this.limits = limits;
    }

    static OpenClTuningFile in(@Nullable Path directory, OpenClDevices.Entry entry, KernelShape shape) {
        DeviceInfo info = entry.info();
        String device =
                "device " + String.join(", ", info.name(), info.platform(), "driver " + info.driver(), info.detail());
        String name = OpenClProgramCache.key(device, shape.name()).substring(0, 32) + ".txt";
        return new OpenClTuningFile(directory == null ? null : directory.resolve(name), device, shape, entry.limits());
    }

    /** Where the system property and the environment say. */
    static OpenClTuningFile ofUser(OpenClDevices.Entry device, KernelShape shape) {
        String property = System.getProperty(PROPERTY);
        if (property == null) {
            return in(UserCache.directory().resolve("tuning"), device, shape);
        }
        return in(property.equals("off") ? null : Path.of(property), device, shape);
    }

    /** Null where nothing is to be kept. */
    @Nullable
    Path path() {
        return file;
    }

    /**
     * The content of a file.
     *
     * @param values  the parameters that were found, of all families that were searched
     * @param problem why some or all of the file is ignored, or null
     */
    record Content(
            Map<OpenClParameter, Integer> values, @Nullable String problem) {

        static Content none(@Nullable String problem) {
            return new Content(new EnumMap<>(OpenClParameter.class), problem);
        }
    }

    /** Reads the file, and logs a warning if it is ignored. */
    Content load() {
        Content content = read();
        if (content.problem != null) {
            LOGGER.log(Level.WARNING, "ignoring {0}: {1}; ''striate tune'' writes it again", file, content.problem);
        }
        return content;
    }

    /** Reads the file without logging. */
    Content read() {
        if (file == null) {
            return Content.none(null);
        }
        String text;
        try {
            text = new String(Files.readAllBytes(RegularFile.require(file)), StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            return Content.none(null);
        } catch (IOException e) {
            return Content.none("it cannot be read (" + e.getMessage() + ")");
        }
        int end = text.lastIndexOf("sha256 ");
        if (end < 0 || !text.substring(end).equals(digestLine(text.substring(0, end)))) {
            return Content.none("it is damaged");
        }
        List<String> lines = text.substring(0, end).lines().toList();
        if (lines.isEmpty() || !lines.get(0).equals(FIRST_LINE)) {
            return Content.none("it was written by another version of this program");
        }
        if (lines.size() < 2 || !lines.get(1).equals(device)) {
            return Content.none("it was made for another device or driver");
        }
        try {
            return content(lines.subList(2, lines.size()));
        } catch (StriateException e) {
            return Content.none(e.getMessage());
        }
    }

    /** @throws StriateException if a line is not one that {@link #store} writes */
    private Content content(List<String> lines) {
        Content content = Content.none(null);
        for (String line : lines) {
            String[] words = line.split(" ", 3);
            OpenClFamily family = Arrays.stream(OpenClFamily.values())
                    .filter(each -> each.toString().equals(words[0]))
                    .findFirst()
                    .orElse(null);
            if (family == null || words.length < 3) {
                throw new StriateException("expected a family, a key and parameters, got the line \"" + line + "\"");
            }
            if (!words[1].equals(family.sourceKey())) {
                content = new Content(content.values, "the kernels of " + family + " have changed since");
                continue;
            }
            Map<OpenClParameter, Integer> values = OpenClParameters.parse(family, shape, words[2]);
            if (values.size() != family.parameters(shape).size() || !family.fits(shape, values, limits)) {
                throw new StriateException("the device does not support \"" + line + "\"");
            }
            content.values.putAll(values);
        }
        return content;
    }

    /**
     * Writes the values of families; the file is complete or as it was before.
     *
     * @throws StriateException if that fails
     */
    void store(Map<OpenClParameter, Integer> values) {
        if (file == null) {
            return;
        }
        Map<OpenClFamily, Integer> counts = new HashMap<>();
        values.keySet().forEach(parameter -> counts.merge(parameter.family(), 1, Integer::sum));
        StringBuilder text =
                new StringBuilder(FIRST_LINE).append('\n').append(device).append('\n');
        for (OpenClFamily family : OpenClFamily.values()) {
            if (counts.containsKey(family)) {
                text.append(family)
                        .append(' ')
                        .append(family.sourceKey())
                        .append(' ')
                        .append(OpenClParameters.inWords(family, values))
                        .append('\n');
            }
        }
        Path directory = Objects.requireNonNull(file.getParent());
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw AtomicFile.failure("cannot make the directory", directory, e);
        }
        AtomicFile.write(file, text + digestLine(text.toString()));
    }

    private static String digestLine(String text) {
        return "sha256 " + OpenClProgramCache.key(text) + "\n";
    }
}
