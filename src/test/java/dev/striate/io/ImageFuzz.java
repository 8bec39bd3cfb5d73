package dev.striate.io;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.striate.fuzz.FuzzFiles;
import dev.striate.fuzz.FuzzTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** A picture of any format: what can be read comes back from a PNG file that was written with it. */
public final class ImageFuzz implements FuzzTarget {

    /** Writing larger pictures would take longer than reading them. */
    private static final int SMALL = 1 << 20;

    private final FuzzFiles files = new FuzzFiles();
    private final Path given = files.path("given.img");
    private final Path written = files.path("written.png");

    @Override
    public void run(byte[] input) throws IOException {
        Files.write(given, input);
        Image image = Image.read(given);
        if (image.pixels().length <= SMALL) {
            image.write(written);
            assertEquals(image, Image.read(written));
        }
        image.fit(8, 8);
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
