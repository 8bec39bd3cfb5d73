package dev.striate.train;

import dev.striate.Device;
import dev.striate.nn.Module;

/**
 * What is about to happen.
 *
 * @param epochs  how many are planned
 * @param batches steps per epoch
 * @param images  images per epoch
 */
public record TrainingStart(Module model, Device device, int epochs, int batches, int images) {}
