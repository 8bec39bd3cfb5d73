package dev.striate.io;

import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.autograd.NoGrad;
import dev.striate.nn.Module;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A module's parameters and buffers in a {@link Safetensors} file, under the names they have in the module. PyTorch's
 * {@code load_state_dict(safetensors.torch.load_file(...))} takes such a file, and files that PyTorch wrote can be loaded here.
 */
public final class State {

    /** What an optimiser keeps stands in a checkpoint under names that begin so. */
    public static final String OPTIMIZER_PREFIX = "optimizer.";

    /** PyTorch's batch normalisation counts batches in it; nothing here depends on their number, nor there with a momentum. */
    private static final String BATCH_COUNT = "num_batches_tracked";

    /** Names of tensors in an error: more do not make it clearer. */
    private static final int MOST_NAMES = 6;

    private State() {}

    /**
     * Writes a module's parameters and buffers.
     *
     * @param metadata free text to come along
     * @throws StriateException if the file cannot be written
     */
    public static void save(Module module, Path file, Map<String, String> metadata) {
        Safetensors.write(file, tensors(module), metadata);
    }

    /**
     * Takes a module's parameters and buffers from a file, which may be a checkpoint: what is an optimiser's there is left alone,
     * and so is PyTorch's {@code num_batches_tracked}. Apart from these, the file must have exactly the module's tensors, in
     * their shapes: names and shapes are checked, and everything is read, before anything is changed.
     *
     * @return the free text that came along
     * @throws StriateException if the file cannot be read or does not fit; the module is as it was then
     */
    public static Map<String, String> load(Module module, Path file) {
        return load(tensors(module), file, true, null);
    }

    /**
     * Takes the values of named tensors from a file that must have exactly these; otherwise as {@link #load(Module, Path)}.
     *
     * @param metadata what {@link Safetensors#readMetadata} said of the file before
     * @throws StriateException also if the file has other metadata by now: it was replaced
     */
    public static void load(Map<String, Tensor> targets, Path file, Map<String, String> metadata) {
        load(targets, file, false, metadata);
    }

    private static Map<String, String> load(
            Map<String, Tensor> targets, Path file, boolean withoutOptimizer, @Nullable Map<String, String> expected) {
        Map<String, float[]> values = new LinkedHashMap<>();
        Map<String, String> metadata;
        try (Safetensors.Reader reader = new Safetensors.Reader(file)) {
            Map<String, SafetensorsHeader.Entry> entries = new LinkedHashMap<>(reader.header().entries());
            entries.keySet().removeIf(name -> !targets.containsKey(name)
                    && (isBatchCount(name) || withoutOptimizer && name.startsWith(OPTIMIZER_PREFIX)));
            requireFit(targets, entries, file);
            for (String name : targets.keySet()) {
                values.put(name, reader.values(name));
            }
            metadata = reader.header().metadata();
            if (expected != null && !expected.equals(metadata)) {
                throw new StriateException(file + " was replaced while it was read: read it again");
            }
        }
        try (NoGrad off = NoGrad.open()) {
            targets.forEach((name, tensor) -> tensor.assign(values.remove(name)));
        }
        return metadata;
    }

    private static boolean isBatchCount(String name) {
        return name.equals(BATCH_COUNT) || name.endsWith("." + BATCH_COUNT);
    }

    /** A module's parameters, then its buffers. */
    public static Map<String, Tensor> tensors(Module module) {
        Map<String, Tensor> all = new LinkedHashMap<>(module.parameters());
        all.putAll(module.buffers());
        return all;
    }

    private static void requireFit(Map<String, Tensor> targets, Map<String, SafetensorsHeader.Entry> entries, Path file) {
        List<String> problems = new ArrayList<>();
        List<String> missing = targets.keySet().stream().filter(name -> !entries.containsKey(name)).toList();
        List<String> unexpected = entries.keySet().stream().filter(name -> !targets.containsKey(name)).toList();
        List<String> misshapen = new ArrayList<>();
        targets.forEach((name, tensor) -> {
            SafetensorsHeader.Entry entry = entries.get(name);
            Shape expected = tensor.shape();
            if (entry != null && !entry.shape().equals(expected)) {
                misshapen.add(name + " has the shape " + entry.shape() + " in the file and " + expected + " in the module");
            }
        });
        if (!missing.isEmpty()) {
            problems.add("it lacks [" + few(missing, ", ") + "]");
        }
        if (!unexpected.isEmpty()) {
            problems.add("the module has no [" + few(unexpected, ", ") + "]");
        }
        if (!misshapen.isEmpty()) {
            problems.add(few(misshapen, "; "));
        }
        if (!problems.isEmpty()) {
            throw new StriateException(file + " does not fit the module: " + String.join("; ", problems));
        }
    }

    private static String few(List<String> all, String separator) {
        int more = all.size() - MOST_NAMES;
        return more <= 0 ? String.join(separator, all)
                : String.join(separator, all.subList(0, MOST_NAMES)) + separator + "and " + more + " more";
    }
}
