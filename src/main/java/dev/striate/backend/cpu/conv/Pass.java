package dev.striate.backend.cpu.conv;

import dev.striate.backend.cpu.CpuBuffer;

/**
 * The operands of a convolution or of its input gradient.
 *
 * @param images {@code x}, or {@code dy} for the gradient
 * @param output {@code y}, or {@code dx} for the gradient
 */
public record Pass(CpuBuffer images, CpuBuffer weights, Epilogue epilogue, CpuBuffer output) {}
