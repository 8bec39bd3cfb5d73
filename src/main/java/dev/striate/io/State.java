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

/** A module's parameters and buffers in a {@link Safetensors} file, under the names they have in the module. */
public final class State {

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
     * Takes a module's parameters and buffers from a file. The file must have exactly those, in their shapes: names and shapes
     * are checked, and everything is read, before anything is changed.
     *
     * @return the free text that came along
     * @throws StriateException if the file cannot be read or does not fit; the module is as it was then
     */
    public static Map<String, String> load(Module module, Path file) {
        Map<String, Tensor> targets = tensors(module);
        Map<String, float[]> values = new LinkedHashMap<>();
        Map<String, String> metadata;
        try (Safetensors.Reader reader = new Safetensors.Reader(file)) {
            requireFit(targets, reader.header().entries(), file);
            for (String name : targets.keySet()) {
                values.put(name, reader.values(name));
            }
            metadata = reader.header().metadata();
        }
        try (NoGrad off = NoGrad.open()) {
            targets.forEach((name, tensor) -> tensor.assign(values.get(name)));
        }
        return metadata;
    }

    private static Map<String, Tensor> tensors(Module module) {
        Map<String, Tensor> all = new LinkedHashMap<>(module.parameters());
        all.putAll(module.buffers());
        return all;
    }

    private static void requireFit(Map<String, Tensor> targets, Map<String, SafetensorsHeader.Entry> entries, Path file) {
        List<String> problems = new ArrayList<>();
        List<String> missing = targets.keySet().stream().filter(name -> !entries.containsKey(name)).toList();
        List<String> unexpected = entries.keySet().stream().filter(name -> !targets.containsKey(name)).toList();
        if (!missing.isEmpty()) {
            problems.add("it lacks " + missing);
        }
        if (!unexpected.isEmpty()) {
            problems.add("the module has no " + unexpected);
        }
        targets.forEach((name, tensor) -> {
            SafetensorsHeader.Entry entry = entries.get(name);
            Shape expected = tensor.shape();
            if (entry != null && !entry.shape().equals(expected)) {
                problems.add(name + " has the shape " + entry.shape() + " in the file and " + expected + " in the module");
            }
        });
        if (!problems.isEmpty()) {
            throw new StriateException(file + " does not fit the module: " + String.join("; ", problems));
        }
    }
}
