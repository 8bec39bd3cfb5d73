package dev.striate.backend.opencl;

import dev.striate.StriateException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The values of all parameters for one device and shape: the defaults, but for what the table or the user's file says.
 */
final class OpenClParameters {

    private final KernelShape shape;
    private volatile Map<OpenClParameter, Integer> values;
    /** By source; filled when they are first asked for. */
    private volatile Map<String, String[]> macros = new ConcurrentHashMap<>();

    private OpenClParameters(KernelShape shape, Map<OpenClParameter, Integer> values) {
        this.shape = shape;
        this.values = new EnumMap<>(values);
    }

    /** What is known of such devices. */
    static OpenClParameters of(OpenClDevices.Entry device, KernelShape shape) {
        Map<OpenClParameter, Integer> values = initial(shape);
        Map<OpenClParameter, Integer> better = new EnumMap<>(values);
        better.putAll(OpenClTuningTable.PACKED.values(device.traits(), shape));
        for (OpenClFamily family : OpenClFamily.values()) {
            if (family.fits(shape, better, device.limits())) {
                family.parameters(shape).forEach(parameter -> values.put(parameter, better.get(parameter)));
            }
        }
        return new OpenClParameters(shape, values);
    }

    /** The same, and what a search on this very device has found. */
    static OpenClParameters ofUser(OpenClDevices.Entry device, KernelShape shape) {
        OpenClParameters parameters = of(device, shape);
        Map<OpenClParameter, Integer> values = parameters.values();
        values.putAll(OpenClTuningFile.ofUser(device, shape).load().values());
        parameters.set(values);
        return parameters;
    }

    static Map<OpenClParameter, Integer> initial(KernelShape shape) {
        Map<OpenClParameter, Integer> values = new EnumMap<>(OpenClParameter.class);
        for (OpenClParameter parameter : OpenClParameter.values()) {
            if (!parameter.choices(shape).isEmpty()) {
                values.put(parameter, parameter.choices(shape).get(0));
            }
        }
        return values;
    }

    /** The value, or 0 if the shape does not have the parameter. */
    int get(OpenClParameter parameter) {
        return values.getOrDefault(parameter, 0);
    }

    /**
     * The tile for {@code products} results of {@code rows} by {@code columns}. Only here and in {@code tile.cl} do
     * products in the two shapes differ.
     */
    OpenClTuning.Tile tile(OpenClParameter small, OpenClParameter large, int rows, int columns, int products) {
        return shape == KernelShape.TILED
                ? OpenClTuning.sharedTile(get(small), get(large), rows, columns, products)
                : OpenClTuning.wholeTile(get(large), rows, columns, products);
    }

    /** A square tile of a side that is given. */
    OpenClTuning.Tile tile(OpenClParameter side) {
        return shape == KernelShape.TILED
                ? OpenClTuning.Tile.shared(get(side), get(side))
                : OpenClTuning.Tile.whole(get(side), get(side));
    }

    /** A copy. */
    Map<OpenClParameter, Integer> values() {
        return new EnumMap<>(values);
    }

    /** Replaces all values: for a search, which has the device to itself. */
    void set(Map<OpenClParameter, Integer> wanted) {
        values = new EnumMap<>(wanted);
        macros = new ConcurrentHashMap<>();
    }

    /**
     * Returns the macros that every kernel of a source is built with: the parameters of its families that the source
     * names. With those that only launchers use, programs would be built again for no reason.
     */
    String[] macros(String stem) {
        return macros.computeIfAbsent(stem, this::namedIn);
    }

    private String[] namedIn(String stem) {
        String source = OpenClPrograms.source(stem);
        return values.entrySet().stream()
                .filter(each -> each.getKey().family().stems().contains(stem))
                .filter(each -> Pattern.compile("\\b" + each.getKey().macro() + "\\b")
                        .matcher(source)
                        .find())
                .map(each -> each.getKey().macro() + "=" + each.getValue())
                .toArray(String[]::new);
    }

    /** A family's values as files and people read them: {@code SMALL_TILE=32 LARGE_TILE=64 TILE_K=16}. */
    static String inWords(OpenClFamily family, Map<OpenClParameter, Integer> values) {
        return values.entrySet().stream()
                .filter(each -> each.getKey().family() == family)
                .map(each -> each.getKey().macro() + "=" + each.getValue())
                .collect(Collectors.joining(" "));
    }

    /**
     * Reads {@link #inWords} again.
     *
     * @throws StriateException if there is no such parameter or it may not have the value
     */
    static Map<OpenClParameter, Integer> parse(OpenClFamily family, KernelShape shape, String words) {
        Map<OpenClParameter, Integer> values = new EnumMap<>(OpenClParameter.class);
        List<OpenClParameter> known = family.parameters(shape);
        for (String word : words.isBlank() ? new String[0] : words.strip().split("\\s+")) {
            String[] parts = word.split("=", 2);
            OpenClParameter parameter = known.stream()
                    .filter(each -> each.macro().equals(parts[0]))
                    .findFirst()
                    .orElse(null);
            if (parameter == null
                    || parts.length < 2
                    || !parts[1].matches("\\d{1,9}")
                    || !parameter.choices(shape).contains(Integer.parseInt(parts[1]))) {
                throw new StriateException("expected one of "
                        + known.stream()
                                .map(each -> each.macro() + "=" + each.choices(shape))
                                .collect(Collectors.joining(", "))
                        + ", got \"" + word
                        + "\" for " + family + " " + shape);
            }
            values.put(parameter, Integer.parseInt(parts[1]));
        }
        return values;
    }
}
