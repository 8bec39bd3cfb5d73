package dev.striate.data;

import dev.striate.Shape;
import dev.striate.StriateException;
import org.jspecify.annotations.Nullable;

/**
 * Augmentation that mixes each image of a batch with another image of the batch, its partner, and their targets alike.
 * {@link DataLoader#mix} applies it.
 *
 * <p>The partners are a random permutation of the batch, so an image may be its own partner; it then stays as it is.
 * The share of the image's own pixels is drawn once per batch. Labels are not mixed: a batch has the labels of the
 * images and those of their partners, see {@link LabelMix}.
 */
public final class Mix {

    /** Separates the random numbers of mixing from others with the same seed: "mix" in ASCII. */
    static final long PURPOSE = 0x6D6978L;

    /** Draws how a batch of images of this height and width is mixed. */
    private interface Rule {
        Share draw(Draws draws, int height, int width);
    }

    /** Rows {@code top .. bottom - 1} and columns {@code left .. right - 1} of an image. */
    private record Box(int top, int left, int bottom, int right) {}

    /**
     * @param own the share of an image's own pixels
     * @param box the pixels that are the partner's; null if all pixels are blended
     */
    private record Share(float own, @Nullable Box box) {}

    /**
     * @param partners the position in the batch of each image's partner
     * @param share    the share of the image's own pixels
     */
    record Mixed(int[] partners, float share) {}

    private final Rule rule;

    private Mix(Rule rule) {
        this.rule = rule;
    }

    /**
     * Returns mixup (Zhang et al., 2018): an image x with the partner x' becomes {@code lambda x + (1 - lambda) x'},
     * with lambda from the distribution Beta(alpha, alpha). Targets become {@code lambda t + (1 - lambda) t'}.
     *
     * @param alpha the larger, the more likely are equal shares; 0.1 to 0.4 are usual for classification
     * @throws StriateException unless alpha is finite and above 0
     */
    public static Mix mixup(float alpha) {
        requireAlpha("Mix.mixup", alpha);
        return new Mix((draws, height, width) -> new Share((float) SymmetricBeta.draw(alpha, draws), null));
    }

    /**
     * Returns CutMix (Yun et al., 2019): a box of an image is replaced by the pixels of the partner in the same place.
     * With lambda from the distribution Beta(alpha, alpha), the sides of the box are those of the image times {@code
     * sqrt(1 - lambda)}, rounded down to even numbers. Its centre is uniformly distributed over the image. What lies
     * outside the image is cut off, and the share of the image is that of the pixels that remain its own. In targets
     * that are images of the same height and width, the same box is replaced; other targets are blended by the share.
     *
     * @param alpha the larger, the more likely are equal shares; 1, the uniform distribution, is usual
     * @throws StriateException unless alpha is finite and above 0
     */
    public static Mix cutMix(float alpha) {
        requireAlpha("Mix.cutMix", alpha);
        return new Mix((draws, height, width) -> {
            double side = Math.sqrt(1 - SymmetricBeta.draw(alpha, draws));
            int halfHeight = (int) (side * height / 2);
            int halfWidth = (int) (side * width / 2);
            int y = draws.below(height);
            int x = draws.below(width);
            Box box = new Box(
                    Math.max(0, y - halfHeight),
                    Math.max(0, x - halfWidth),
                    Math.min(height, y + halfHeight),
                    Math.min(width, x + halfWidth));
            double area = (double) (box.bottom - box.top) * (box.right - box.left);
            return new Share((float) (1 - area / ((double) height * width)), box);
        });
    }

    /** Returns the mix that applies one of two to each batch, both with probability 1/2. */
    public static Mix either(Mix first, Mix second) {
        return new Mix(
                (draws, height, width) -> (draws.uniform() < 0.5f ? first : second).rule.draw(draws, height, width));
    }

    private static void requireAlpha(String method, float alpha) {
        if (!(alpha > 0 && alpha < Float.POSITIVE_INFINITY)) {
            throw new StriateException(method + ": expected a finite alpha above 0, got " + alpha);
        }
    }

    /** Mixes the images of a batch, and its targets if it has any, in place. */
    Mixed apply(float[] images, Shape shape, float @Nullable [] targets, @Nullable Shape targetShape, Draws draws) {
        Share share = rule.draw(draws, shape.size(2), shape.size(3));
        int[] partners = draws.permutation(shape.size(0));
        apply(share, share.box, partners, images, shape);
        if (targets != null && targetShape != null) {
            boolean alike = targetShape.rank() == 4
                    && targetShape.size(2) == shape.size(2)
                    && targetShape.size(3) == shape.size(3);
            apply(share, alike ? share.box : null, partners, targets, targetShape);
        }
        return new Mixed(partners, share.own);
    }

    /**
     * Follows each cycle of the permutation, so that a partner is read before it is overwritten. Only the first image
     * of a cycle is overwritten earlier and needs a copy.
     */
    private static void apply(Share share, @Nullable Box box, int[] partners, float[] values, Shape shape) {
        int elements = shape.elements() / partners.length;
        float[] first = new float[elements];
        boolean[] done = new boolean[partners.length];
        for (int start = 0; start < partners.length; start++) {
            // An image that is its own partner is left alone, as blending would round it.
            if (done[start] || partners[start] == start) {
                continue;
            }
            System.arraycopy(values, start * elements, first, 0, elements);
            for (int i = start; !done[i]; i = partners[i]) {
                done[i] = true;
                int partner = partners[i];
                float[] from = partner == start ? first : values;
                int fromOffset = partner == start ? 0 : partner * elements;
                if (box == null) {
                    blend(values, i * elements, from, fromOffset, elements, share.own);
                } else {
                    paste(values, i * elements, from, fromOffset, shape, box);
                }
            }
        }
    }

    private static void blend(float[] values, int offset, float[] from, int fromOffset, int elements, float share) {
        for (int i = 0; i < elements; i++) {
            values[offset + i] = share * values[offset + i] + (1 - share) * from[fromOffset + i];
        }
    }

    private static void paste(float[] values, int offset, float[] from, int fromOffset, Shape shape, Box box) {
        int width = shape.size(3);
        int plane = shape.size(2) * width;
        for (int c = 0; c < shape.size(1); c++) {
            for (int y = box.top; y < box.bottom; y++) {
                int start = c * plane + y * width + box.left;
                System.arraycopy(from, fromOffset + start, values, offset + start, box.right - box.left);
            }
        }
    }
}
