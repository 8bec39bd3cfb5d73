package dev.striate.io;

import dev.striate.NoGrad;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.disk.PrintableText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Loads named tensors, such as the {@linkplain dev.striate.nn.Block#state state of a network}, from a {@link
 * Safetensors} file. PyTorch can load a file that Striate wrote with {@code
 * load_state_dict(safetensors.torch.load_file(...))}, and files from PyTorch can be loaded here.
 */
public final class State {

    /** The prefix of the names of an optimiser's state in a checkpoint. */
    public static final String OPTIMIZER_PREFIX = "optimizer.";

    /** The prefix of the names of other tensors that a checkpoint has only to continue training. */
    public static final String TRAINER_PREFIX = "trainer.";

    /**
     * PyTorch's batch normalisation counts its batches. The count is only used without a momentum, which Striate does
     * not support.
     */
    private static final String BATCH_COUNT = "num_batches_tracked";

    /** The maximum number of tensor names in a message. */
    private static final int MOST_NAMES = 6;

    private State() {}

    /**
     * Loads the values of tensors from a file, which may be a checkpoint. The file must contain exactly these tensors,
     * with the same shapes and with types that {@link Safetensors} supports. What a checkpoint has besides the weights,
     * PyTorch's {@code num_batches_tracked} and tensors without elements are ignored. The whole file is read and checked before a
     * tensor changes.
     *
     * @return the file's metadata
     * @throws StriateException if the file cannot be read, is damaged or does not fit; nothing has changed then
     */
    public static Map<String, String> load(Map<String, Tensor> targets, Path file) {
        return load(targets, file, true, null);
    }

    /**
     * Loads the values of tensors from a checkpoint that must contain exactly these, the state of the optimiser
     * included; otherwise like {@link #load(Map, Path)}.
     *
     * @param metadata the metadata that {@link Safetensors#readMetadata} returned for the file earlier
     * @throws StriateException also if the metadata of the file have changed, because it was replaced
     */
    public static void load(Map<String, Tensor> targets, Path file, Map<String, String> metadata) {
        load(targets, file, false, metadata);
    }

    /**
     * Loads the values of those tensors that the file has with the same shape, and leaves the others as they are.
     *
     * @return what was loaded and what was not
     * @throws StriateException if the file cannot be read or is damaged; nothing has changed then
     */
    public static LoadReport loadMatching(Map<String, Tensor> targets, Path file) {
        Map<String, float[]> values = new LinkedHashMap<>();
        LoadReport report;
        try (Safetensors.Reader reader = new Safetensors.Reader(file)) {
            report = compare(targets, entries(reader, targets, true));
            reader.read(new LinkedHashSet<>(report.loaded()), values::put);
        }
        assign(targets, values);
        return report;
    }

    private static Map<String, String> load(
            Map<String, Tensor> targets, Path file, boolean weightsOnly, @Nullable Map<String, String> expected) {
        Map<String, float[]> values = new LinkedHashMap<>();
        Map<String, String> metadata;
        try (Safetensors.Reader reader = new Safetensors.Reader(file)) {
            metadata = reader.header().metadata();
            if (expected != null && !expected.equals(metadata)) {
                throw new StriateException(file + " was replaced while it was read: read it again");
            }
            requireFit(compare(targets, entries(reader, targets, weightsOnly)), file);
            reader.read(targets.keySet(), values::put);
        }
        assign(targets, values);
        return metadata;
    }

    /** Returns the entries of a file, without those that are no part of a network's state. */
    private static Map<String, SafetensorsEntry> entries(
            Safetensors.Reader reader, Map<String, Tensor> targets, boolean weightsOnly) {
        Map<String, SafetensorsEntry> entries =
                new LinkedHashMap<>(reader.header().entries());
        entries.entrySet()
                .removeIf(entry -> !targets.containsKey(entry.getKey())
                        && (isBatchCount(entry.getKey())
                                || entry.getValue().isEmpty()
                                || weightsOnly && isTrainingState(entry.getKey())));
        return entries;
    }

    private static void assign(Map<String, Tensor> targets, Map<String, float[]> values) {
        try (NoGrad off = NoGrad.open()) {
            targets.forEach((name, tensor) -> {
                float[] loaded = values.remove(name);
                if (loaded != null) {
                    tensor.assign(loaded);
                }
            });
        }
    }

    private static boolean isTrainingState(String name) {
        return name.startsWith(OPTIMIZER_PREFIX) || name.startsWith(TRAINER_PREFIX);
    }

    private static boolean isBatchCount(String name) {
        return name.equals(BATCH_COUNT) || name.endsWith("." + BATCH_COUNT);
    }

    private static LoadReport compare(Map<String, Tensor> targets, Map<String, SafetensorsEntry> entries) {
        List<String> loaded = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        List<String> misshapen = new ArrayList<>();
        targets.forEach((name, tensor) -> {
            SafetensorsEntry entry = entries.get(name);
            if (entry == null) {
                missing.add(name);
            } else if (!entry.hasShape(tensor.shape())) {
                misshapen.add(name + " has the shape " + entry.shapeText() + " in the file and " + tensor.shape()
                        + " in the network");
            } else if (entry.obstacle() != null) {
                misshapen.add(name + " " + entry.obstacle());
            } else {
                loaded.add(name);
            }
        });
        List<String> unexpected = entries.keySet().stream()
                .filter(name -> !targets.containsKey(name))
                .toList();
        return new LoadReport(loaded, missing, unexpected, misshapen);
    }

    private static void requireFit(LoadReport report, Path file) {
        List<String> problems = new ArrayList<>();
        if (!report.missing().isEmpty()) {
            problems.add("it lacks [" + names(report.missing()) + "]");
        }
        if (!report.unexpected().isEmpty()) {
            problems.add("the network has no [" + names(report.unexpected()) + "]");
        }
        if (!report.misshapen().isEmpty()) {
            problems.add(few(report.misshapen(), "; "));
        }
        if (!problems.isEmpty()) {
            throw new StriateException(file + " does not fit the network: " + String.join("; ", problems));
        }
    }

    private static String names(List<String> names) {
        return few(names.stream().map(PrintableText::excerpt).toList(), ", ");
    }

    private static String few(List<String> all, String separator) {
        int more = all.size() - MOST_NAMES;
        return more <= 0
                ? String.join(separator, all)
                : String.join(separator, all.subList(0, MOST_NAMES)) + separator + "and " + more + " more";
    }
}
