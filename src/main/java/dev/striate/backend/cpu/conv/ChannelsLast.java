package dev.striate.backend.cpu.conv;

import dev.striate.backend.cpu.simd.ConvKernels;
import dev.striate.backend.cpu.simd.ConvKernels.Frame;
import java.util.Arrays;

/** Copies of images whose channels are neighbours, so that vectors can run along them. */
final class ChannelsLast {

    private ChannelsLast() {}

    /**
     * Copies an image into a frame of pixels of {@code width} elements, of which the first are its channels and the
     * others anything. Outside of the image there are zeros.
     *
     * @param from as in {@link ConvKernels#copyFrames}
     */
    static void copy(
            ConvKernels kernels,
            Frame frame,
            int channels,
            int width,
            float[] source,
            int from,
            int channelStep,
            float[] target,
            int at) {
        int line = frame.width() * width;
        int first = at + frame.firstLine() * line;
        int end = at + frame.endLine() * line;
        int length = frame.endX() - frame.firstX();
        Arrays.fill(target, at, first, 0f);
        Arrays.fill(target, end, at + frame.lines() * line, 0f);
        int read = from + frame.firstX();
        for (int to = first; to < end; to += line, read += frame.lineStep()) {
            int start = to + frame.firstX() * width;
            int last = to + frame.endX() * width;
            Arrays.fill(target, to, start, 0f);
            Arrays.fill(target, last, to + line, 0f);
            kernels.packAcross(channels, length, source, read, channelStep, target, start, width);
        }
    }
}
