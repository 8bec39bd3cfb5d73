package dev.striate.op;

import dev.striate.Padding;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.WindowOption;
import java.util.Arrays;
import java.util.stream.Collectors;

/** A kernel size with its options, and the sizes derived from them. */
final class Window {

    final String operation;
    final int kernelH;
    final int kernelW;
    int strideH = 1;
    int strideW = 1;
    int dilationH = 1;
    int dilationW = 1;
    int outputPaddingH;
    int outputPaddingW;
    int groups = 1;
    boolean ceilMode;
    boolean countIncludePad = true;
    Padding padding = Padding.VALID;

    private Window(String operation, int kernelH, int kernelW) {
        this.operation = operation;
        this.kernelH = kernelH;
        this.kernelW = kernelW;
    }

    /**
     * @throws ShapeException if the kernel is empty or too large, or if an option does not apply to the operation or
     *     was given twice
     */
    static Window of(String operation, int kernelH, int kernelW, WindowOption[] options, WindowOption.Kind... allowed) {
        if (kernelH < 1 || kernelW < 1) {
            throw new ShapeException(
                    operation + ": expected a kernel of at least 1 by 1, got " + kernelH + " by " + kernelW);
        }
        if ((long) kernelH * kernelW > Integer.MAX_VALUE) {
            throw new ShapeException(
                    operation + ": expected a kernel with fewer than 2^31 elements, got " + kernelH + " by " + kernelW);
        }
        Window window = new Window(operation, kernelH, kernelW);
        int seen = 0;
        for (WindowOption option : options) {
            if (!contains(allowed, option.kind())) {
                throw new ShapeException(operation + " has no option " + option.kind() + "; it has "
                        + Arrays.stream(allowed)
                                .map(WindowOption.Kind::toString)
                                .collect(Collectors.joining(", ")));
            }
            int bit = 1 << option.kind().ordinal();
            if ((seen & bit) != 0) {
                throw new ShapeException(operation + ": the option " + option.kind() + " was given twice");
            }
            seen |= bit;
            window.set(option);
        }
        return window;
    }

    /**
     * Creates a window like {@link #of} for pooling, with the size of the window as the default stride.
     *
     * @throws ShapeException as for {@link #of}, and if the padding is not smaller than the window
     */
    static Window pooling(
            String operation, int kernelH, int kernelW, WindowOption[] options, WindowOption.Kind... allowed) {
        Window window = of(operation, kernelH, kernelW, options, allowed);
        window.requireSmallPadding();
        for (WindowOption option : options) {
            if (option.kind() == WindowOption.Kind.STRIDE) {
                return window;
            }
        }
        window.strideH = kernelH;
        window.strideW = kernelW;
        return window;
    }

    /** Padding by a rule counts as 0 here, because a rule never exceeds the limit. */
    private void requireSmallPadding() {
        if (Math.max(padding.top(), padding.bottom()) >= extentH()
                || Math.max(padding.left(), padding.right()) >= extentW()) {
            throw new ShapeException(
                    operation + ": padding must be smaller than the window, otherwise some windows would contain"
                            + " only padding; got a window of " + extentH() + " by " + extentW() + " and padding of "
                            + padding.top()
                            + ", " + padding.bottom() + ", " + padding.left() + ", " + padding.right());
        }
    }

    /**
     * Plain loops, because every call of an operation runs this, and streams and sets cost more than a small kernel.
     */
    private static boolean contains(WindowOption.Kind[] kinds, WindowOption.Kind wanted) {
        for (WindowOption.Kind kind : kinds) {
            if (kind == wanted) {
                return true;
            }
        }
        return false;
    }

    private void set(WindowOption option) {
        switch (option.kind()) {
            case STRIDE -> {
                strideH = option.height();
                strideW = option.width();
            }
            case PADDING -> padding = option.padding();
            case OUTPUT_PADDING -> {
                outputPaddingH = option.height();
                outputPaddingW = option.width();
            }
            case DILATION -> {
                dilationH = option.height();
                dilationW = option.width();
            }
            case GROUPS -> groups = option.height();
            case CEIL_MODE -> ceilMode = true;
            case COUNT_INCLUDE_PAD -> countIncludePad = option.height() == 1;
        }
    }

    /** The height of the dilated kernel, from its first to its last row. */
    int extentH() {
        return Sizes.require(operation, "the window's height", dilationH * (kernelH - 1L) + 1);
    }

    /** The width of the dilated kernel, from its first to its last column. */
    int extentW() {
        return Sizes.require(operation, "the window's width", dilationW * (kernelW - 1L) + 1);
    }

    /** Returns the padding in numbers for an image of the given size. */
    Padding resolve(int height, int width) {
        return switch (padding.rule()) {
            case GIVEN -> padding;
            case FULL -> Padding.of(extentH() - 1, extentW() - 1);
            case SAME -> {
                int totalH = samePadding(height, extentH(), strideH);
                int totalW = samePadding(width, extentW(), strideW);
                yield Padding.of(totalH / 2, totalH - totalH / 2, totalW / 2, totalW - totalW / 2);
            }
        };
    }

    /**
     * The total padding of {@link Padding#SAME}. It is less than the extent, because the last window starts inside the
     * image.
     */
    private static int samePadding(int size, int extent, int stride) {
        int lastStart = (size - 1) / stride * stride;
        return Math.max(extent - (size - lastStart), 0);
    }

    int outHeight(Shape image, int size, Padding resolved) {
        return outSize(image, "height", size, resolved.top(), resolved.bottom(), extentH(), strideH);
    }

    int outWidth(Shape image, int size, Padding resolved) {
        return outSize(image, "width", size, resolved.left(), resolved.right(), extentW(), strideW);
    }

    private int outSize(Shape image, String side, int size, int before, int after, int extent, int stride) {
        int room = Sizes.require(operation, "the padded " + side, (long) size + before + after) - extent;
        if (room < 0) {
            throw new ShapeException(
                    operation + ": the window's " + side + " of " + extent + " exceeds that of the input " + image
                            + ", " + size + " plus padding of " + before + " and " + after);
        }
        int windows = room / stride + 1;
        // In ceil mode there may be one more window, but it has to start inside the image or the padding before it.
        if (ceilMode && room % stride != 0 && (long) windows * stride < (long) size + before) {
            windows++;
            Sizes.require(operation, "the end of the last window along the " + side, (windows - 1L) * stride + extent);
        }
        return windows;
    }

    /** @throws ShapeException if the groups do not divide both numbers of channels */
    void requireGroupsDivide(int inChannels, long outChannels) {
        if (inChannels % groups != 0 || outChannels % groups != 0) {
            throw new ShapeException(operation + ": " + groups + " groups must divide the " + inChannels
                    + " input channels and the " + outChannels + " output channels");
        }
    }

    /** @throws ShapeException if the input is not {@code (N, C, H, W)}, or if the images have no channels or pixels */
    static void requireImages(String operation, Shape x) {
        if (x.rank() != 4 || x.elements() == 0 && x.with(0, 1).elements() == 0) {
            throw new ShapeException(operation + ": expected images (N, C, H, W), got a tensor of shape " + x);
        }
    }
}
