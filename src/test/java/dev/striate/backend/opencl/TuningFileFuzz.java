package dev.striate.backend.opencl;

import dev.striate.StriateException;
import dev.striate.fuzz.FuzzFiles;
import dev.striate.fuzz.FuzzTarget;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;

/**
 * What a search for parameters has found. The input is the file without its last line, the digest, which is made right;
 * the word {@code KEY} stands for the key of a family's sources.
 */
public final class TuningFileFuzz implements FuzzTarget {

    private final Path path = new FuzzFiles().path("tuning.txt");
    private final OpenClTuningFile file =
            new OpenClTuningFile(path, "device fuzz", KernelShape.VECTOR, new OpenClFamily.Limits(1024, 48 << 10));
    private final Map<OpenClFamily, String> keys = new EnumMap<>(OpenClFamily.class);

    /** The keys are those of this version's sources. */
    public TuningFileFuzz() {
        for (OpenClFamily family : OpenClFamily.values()) {
            keys.put(family, family.sourceKey());
        }
    }

    @Override
    public void run(byte[] input) throws IOException {
        String text = new String(input, StandardCharsets.UTF_8);
        for (Map.Entry<OpenClFamily, String> key : keys.entrySet()) {
            text = text.replace(key.getKey() + " KEY ", key.getKey() + " " + key.getValue() + " ");
        }
        Files.writeString(path, text + "sha256 " + OpenClProgramCache.key(text) + "\n");
        OpenClTuningFile.Content content = file.read();
        content.values().forEach((parameter, value) -> {
            if (!parameter.choices(KernelShape.VECTOR).contains(value)) {
                throw new AssertionError(parameter + "=" + value);
            }
        });
        if (content.problem() != null) {
            throw new StriateException(content.problem());
        }
    }
}
