package dev.striate.io;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.striate.fuzz.FuzzFiles;
import dev.striate.fuzz.FuzzTarget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.zip.CRC32;

/** A picture of any format: what can be read comes back from a PNG file that was written with it. */
public final class ImageFuzz implements FuzzTarget {

    /** Writing larger pictures would take longer than reading them. */
    private static final int SMALL = 1 << 20;

    private final FuzzFiles files = new FuzzFiles();
    private final Path given = files.path("given.img");
    private final Path written = files.path("written.png");

    @Override
    public void run(byte[] input) throws IOException {
        Files.write(given, withChecksums(input));
        Image image = Image.read(given);
        if (image.pixels().length <= SMALL) {
            image.write(written);
            assertEquals(image, Image.read(written));
        }
        image.fit(8, 8);
    }

    /** A PNG file's checksums are corrected, or no changed file would be read beyond the first one. */
    private static byte[] withChecksums(byte[] input) {
        byte[] corrected = input.clone();
        ByteBuffer png = ByteBuffer.wrap(corrected);
        if (input.length < 8 || png.getLong() != 0x89504E470D0A1A0AL) {
            return input;
        }
        CRC32 sum = new CRC32();
        while (png.remaining() >= 12
                && png.getInt(png.position()) >= 0
                && png.getInt(png.position()) <= png.remaining() - 12) {
            ByteBuffer content = png.slice(png.position() + 4, 4 + png.getInt());
            png.position(png.position() + content.limit());
            sum.reset();
            sum.update(content);
            png.putInt((int) sum.getValue());
        }
        return corrected;
    }

    /** The bound for pictures that are accepted. */
    @Override
    public Duration mostTime() {
        return Duration.ofSeconds(10);
    }

    /** All formats are compressed: LZW and progressive JPEG by more than a thousand to one. */
    @Override
    public long mostAllocated(int length) {
        return (32L << 20) + (16L << 10) * length;
    }
}
