package dev.striate.plot;

import dev.striate.Shape;
import java.awt.image.BufferedImage;

/** Converts values to pixels. */
final class Pixels {

    private Pixels() {}

    /**
     * Returns an image, in colour if it has three channels, otherwise in grey as the mean of its channels.
     *
     * @param values starting at {@code offset}, row-major; 0 is black, 1 is white, other values are clamped
     * @param shape  {@code (channels, height, width)}
     */
    static BufferedImage image(float[] values, int offset, Shape shape) {
        return image(values, offset, shape, 0, 1);
    }

    /** Returns an image like the method above, with the given values as black and white. */
    static BufferedImage image(float[] values, int offset, Shape shape, float black, float white) {
        int channels = shape.size(0);
        int plane = shape.size(1) * shape.size(2);
        BufferedImage image = new BufferedImage(shape.size(2), shape.size(1), BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < plane; i++) {
            int first = offset + i;
            int rgb;
            if (channels == 3) {
                rgb = level(values[first], black, white) << 16
                        | level(values[first + plane], black, white) << 8
                        | level(values[first + 2 * plane], black, white);
            } else {
                float sum = 0;
                for (int channel = 0; channel < channels; channel++) {
                    sum += values[first + channel * plane];
                }
                rgb = 0x010101 * level(sum / channels, black, white);
            }
            image.setRGB(i % shape.size(2), i / shape.size(2), rgb);
        }
        return image;
    }

    /** A grey level from 0 to 255; NaN is black. */
    private static int level(float value, float black, float white) {
        return Math.max(0, Math.min(255, Math.round(255 * (value - black) / (white - black))));
    }
}
