package dev.striate.io;

import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.disk.RegularFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Reads pictures, several at the same time if memory allows. {@link Image#read(Path, int)} lists the limits. */
final class ImageFiles {

    private static final int MAGIC_BYTES = 8;
    private static final int PIECE_BYTES = 1 << 20;

    /** The longest Java array, to within a few bytes. */
    private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

    // Threads that read large pictures wait for each other. There are two budgets, because a file is loaded before its
    // header is known. There is no deadlock: a thread that waits for the second budget holds only the first, and
    // threads with both never wait.
    private static final MemoryBudget LOADED =
            new MemoryBudget(Runtime.getRuntime().maxMemory() / 8);
    private static final MemoryBudget DECODED =
            new MemoryBudget(Runtime.getRuntime().maxMemory() / 2);

    private ImageFiles() {}

    /**
     * Reads a picture and returns the result of {@code use}, which runs before the memory budget is released.
     *
     * @throws StriateException if the file cannot be read or exceeds a limit; the message names the file
     */
    static Image read(Path file, int maxPixels, UnaryOperator<Image> use) {
        return parse(file, maxPixels, encoded -> {
            try (MemoryBudget.Share decoded = DECODED.take(encoded.memory())) {
                return use.apply(encoded.decode());
            }
        });
    }

    /**
     * Returns {@code (height, width)} of the picture that {@link #read} returns, without decoding it.
     *
     * @throws StriateException as for {@link #read}, except if only decoding shows that the file is damaged
     */
    static Shape size(Path file, int maxPixels) {
        return parse(file, maxPixels, encoded -> {
            int width = (int) encoded.width;
            int height = (int) encoded.height;
            return ExifOrientation.isTransposed(encoded.orientation)
                    ? Shape.ofPositive(width, height)
                    : Shape.ofPositive(height, width);
        });
    }

    private interface Use<T> {
        T of(EncodedImage encoded) throws IOException;
    }

    private static <T> T parse(Path file, int maxPixels, Use<T> use) {
        if (maxPixels < 1 || maxPixels > Image.HIGHEST_MAX_PIXELS) {
            throw new StriateException(
                    "Image.read: expected maxPixels from 1 to " + Image.HIGHEST_MAX_PIXELS + ", got " + maxPixels);
        }
        try (MemoryBudget.Share loaded = LOADED.take(Files.size(RegularFile.require(file)))) {
            EncodedImage encoded = EncodedImage.parse(load(file, maxPixels));
            encoded.check(maxPixels);
            return use.of(encoded);
        } catch (StriateException e) {
            throw e;
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            // For damaged files, the JDK's readers throw exceptions of all kinds.
            throw new StriateException("cannot read the picture " + file + ": " + reason(file, e), e);
        }
    }

    private static byte[] load(Path file, int maxPixels) throws IOException {
        long most = Math.min(MAX_ARRAY, EncodedImage.maxFileBytes(maxPixels));
        try (InputStream in = Files.newInputStream(file)) {
            byte[] start = in.readNBytes(MAGIC_BYTES);
            if (!EncodedImage.isKnown(start)) {
                throw new IOException("not a PNG, JPEG, GIF or BMP file");
            }
            long size = Files.size(file);
            if (size > most) {
                throw new IOException("the file is larger than " + most + " bytes, the limit for pictures of up to "
                        + maxPixels + " pixels");
            }
            // In pieces, because the JDK copies each read outside of the heap.
            byte[] bytes = Arrays.copyOf(start, (int) Math.max(size, start.length));
            int length = start.length;
            int read = length;
            while (read > 0) {
                read = in.readNBytes(bytes, length, Math.min(PIECE_BYTES, bytes.length - length));
                length += read;
            }
            return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
        }
    }

    private static String reason(Path file, Throwable e) {
        if (e instanceof NoSuchFileException) {
            return Files.isSymbolicLink(file) ? "it is a link to a file that does not exist" : "there is no such file";
        }
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (isOutOfMemory(e) || isOutOfMemory(e.getCause())) {
            return "the Java heap is full; its limit is " + Runtime.getRuntime().maxMemory()
                    + " bytes. Make the picture smaller or" + " start Java with a larger -Xmx";
        }
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }

    private static boolean isOutOfMemory(@Nullable Throwable e) {
        return e instanceof OutOfMemoryError;
    }
}
