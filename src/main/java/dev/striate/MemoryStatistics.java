package dev.striate;

/**
 * The state of the memory pool of a device.
 *
 * @param liveBuffers the number of allocated buffers
 * @param liveBytes   their size in bytes
 * @param pooledBytes bytes kept for reuse
 * @param peakBytes   the largest value of {@code liveBytes} so far
 */
public record MemoryStatistics(int liveBuffers, long liveBytes, long pooledBytes, long peakBytes) {}
