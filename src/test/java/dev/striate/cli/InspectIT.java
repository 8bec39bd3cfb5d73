package dev.striate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Shape;
import dev.striate.io.Image;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code striate inspect} on what {@code striate digits} writes. */
class InspectIT {

    @TempDir
    static Path directory;

    @BeforeAll
    static void train() throws Exception {
        StriateProcess digits = StriateProcess.run("digits", "--device=cpu", "--epochs=1", "--out=" + directory);
        assertEquals(0, digits.status(), digits.err());
    }

    private static StriateProcess inspect(String... arguments) throws Exception {
        // A screen that is not there is not asked for.
        return StriateProcess.run(
                List.of(),
                Map.of("DISPLAY", ":77"),
                Stream.concat(Stream.of("inspect", "--device=cpu"), Stream.of(arguments))
                        .toArray(String[]::new));
    }

    @Test
    void theTableIsPrintedAndPicturesAreDrawn() throws Exception {
        Path picture = directory.resolve("grey.png");
        new Image(new byte[12 * 9], Shape.of(1, 12, 9)).write(picture);
        StriateProcess run =
                inspect(directory.resolve("cnn.safetensors").toString(), "--image=" + picture, "--layer=conv2");
        assertEquals(0, run.status(), run.err());
        assertEquals("", run.err());
        // Layer, type, shape, parameters, multiply-adds, field, stride, centre.
        assertTrue(
                run.out()
                        .lines()
                        .map(line -> line.replaceAll(" +", " "))
                        .anyMatch("conv2 Conv2d(8, 16, 3x3) (1, 16, 4, 4) 1,168 18,432 8 2 0.5"::equals),
                run.out());
        assertTrue(run.out().contains("1,898         23,680"), run.out());
        for (String name : List.of("filters.png", "patches.png", "features.png")) {
            BufferedImage image =
                    ImageIO.read(directory.resolve("inspect").resolve(name).toFile());
            assertTrue(image.getWidth() > 300, name);
        }
    }

    @Test
    void aModelWithoutConvolutionsHasATableOnly() throws Exception {
        Path out = directory.resolve("mlp");
        StriateProcess run = inspect(directory.resolve("mlp.safetensors").toString(), "--out=" + out);
        assertEquals(0, run.status(), run.err());
        assertTrue(run.out().contains("Linear(64, 32)"), run.out());
        assertFalse(Files.exists(out));
    }

    @Test
    void aLayerThatIsNoConvolutionIsRefusedWithThoseThatAre() throws Exception {
        StriateProcess run = inspect(directory.resolve("cnn.safetensors").toString(), "--layer=pool1");
        assertEquals(1, run.status());
        assertTrue(run.err().contains("--layer: expected conv1 or conv2, got 'pool1'"), run.err());
        assertEquals("", run.out());
    }

    @Test
    void aFileThatIsNotThereIsNamed() throws Exception {
        StriateProcess run = inspect(directory.resolve("missing.safetensors").toString());
        assertEquals(1, run.status());
        assertTrue(run.err().contains("missing.safetensors"), run.err());
    }
}
