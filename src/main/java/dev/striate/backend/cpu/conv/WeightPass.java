package dev.striate.backend.cpu.conv;

import dev.striate.backend.cpu.CpuBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The operands of a weight gradient.
 *
 * @param dbias for each output channel the sum of {@code dy}, or null if it is not needed
 */
public record WeightPass(
        CpuBuffer x, CpuBuffer dy, CpuBuffer dw, @Nullable CpuBuffer dbias) {}
