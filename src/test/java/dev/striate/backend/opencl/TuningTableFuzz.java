package dev.striate.backend.opencl;

import dev.striate.fuzz.FuzzTarget;
import java.nio.charset.StandardCharsets;

/** The table of parameters by kind of device. */
public final class TuningTableFuzz implements FuzzTarget {

    private static final OpenClTuningTable.Traits DEVICE =
            new OpenClTuningTable.Traits("NVIDIA Corporation", "GPU", "sm_90", "A");

    @Override
    public void run(byte[] input) {
        OpenClTuningTable table = OpenClTuningTable.parse(new String(input, StandardCharsets.UTF_8));
        for (KernelShape shape : KernelShape.values()) {
            table.values(DEVICE, shape).forEach((parameter, value) -> {
                if (!parameter.choices(shape).contains(value)) {
                    throw new AssertionError(parameter + "=" + value);
                }
            });
        }
    }
}
