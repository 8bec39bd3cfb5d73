package dev.striate.backend;

/**
 * A look into a device's pool.
 *
 * @param liveBuffers buffers handed out and not yet released
 * @param liveBytes   their size in bytes
 * @param pooledBytes bytes kept for reuse
 * @param peakBytes   the most that was ever live at once, in bytes
 */
public record MemoryStatistics(int liveBuffers, long liveBytes, long pooledBytes, long peakBytes) {}
