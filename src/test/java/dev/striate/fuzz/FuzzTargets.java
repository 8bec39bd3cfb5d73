package dev.striate.fuzz;

import dev.striate.DeviceNameFuzz;
import dev.striate.ShapeFuzz;
import dev.striate.backend.opencl.ProgramCacheFuzz;
import dev.striate.backend.opencl.TuningFileFuzz;
import dev.striate.backend.opencl.TuningTableFuzz;
import dev.striate.cli.ClassNamesFuzz;
import dev.striate.cli.CommandLineFuzz;
import dev.striate.cli.RunArgumentsFuzz;
import dev.striate.cli.ShellFuzz;
import dev.striate.data.CifarFuzz;
import dev.striate.data.DownloadFuzz;
import dev.striate.data.IdxFuzz;
import dev.striate.data.PickleFuzz;
import dev.striate.data.TarFuzz;
import dev.striate.disk.PrintableTextFuzz;
import dev.striate.io.ImageFuzz;
import dev.striate.io.SafetensorsFuzz;
import dev.striate.io.StateFuzz;
import dev.striate.models.ModelDescriptionFuzz;
import dev.striate.models.ModelFuzz;
import dev.striate.plot.RunPageFuzz;
import dev.striate.train.CheckpointFuzz;
import dev.striate.train.HistoryFuzz;
import dev.striate.train.ResumeFuzz;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** Every parser of untrusted input by the name of its folder in {@code src/test/corpus}. */
final class FuzzTargets {

    static final Map<String, Supplier<FuzzTarget>> ALL = new TreeMap<>(Map.ofEntries(
            Map.entry("bmp", ImageFuzz::new),
            Map.entry("checkpoint", CheckpointFuzz::new),
            Map.entry("cifar-archive", CifarFuzz::archive),
            Map.entry("cifar-binary", CifarFuzz::binary),
            Map.entry("cifar-python", CifarFuzz::python),
            Map.entry("class-names", ClassNamesFuzz::new),
            Map.entry("command-line", CommandLineFuzz::new),
            Map.entry("device-name", DeviceNameFuzz::new),
            Map.entry("download", DownloadFuzz::new),
            Map.entry("gif", ImageFuzz::new),
            Map.entry("history", HistoryFuzz::new),
            Map.entry("idx", IdxFuzz::new),
            Map.entry("jpeg", ImageFuzz::new),
            Map.entry("model-description", ModelDescriptionFuzz::new),
            Map.entry("pickle", PickleFuzz::new),
            Map.entry("png", ImageFuzz::new),
            Map.entry("printable-text", PrintableTextFuzz::new),
            Map.entry("program-cache", ProgramCacheFuzz::new),
            Map.entry("resume", ResumeFuzz::new),
            Map.entry("run-arguments", RunArgumentsFuzz::new),
            Map.entry("run-page", RunPageFuzz::new),
            Map.entry("safetensors", SafetensorsFuzz::new),
            Map.entry("model", ModelFuzz::new),
            Map.entry("shape", ShapeFuzz::new),
            Map.entry("shell", ShellFuzz::new),
            Map.entry("state", StateFuzz::new),
            Map.entry("tar", TarFuzz::new),
            Map.entry("tuning-file", TuningFileFuzz::new),
            Map.entry("tuning-table", TuningTableFuzz::new)));

    /** A fault that a search has to find, or it finds nothing at all. */
    private static final FuzzTarget PLANTED = input -> {
        if (new String(input, StandardCharsets.ISO_8859_1).startsWith("fault")) {
            throw new IllegalStateException("the planted fault");
        }
    };

    private FuzzTargets() {}

    static FuzzTarget named(String name) {
        if (name.equals("planted")) {
            return PLANTED;
        }
        Supplier<FuzzTarget> target = ALL.get(name);
        if (target == null) {
            throw new IllegalArgumentException("there is no fuzz target " + name + "; there are " + ALL.keySet());
        }
        return target.get();
    }
}
