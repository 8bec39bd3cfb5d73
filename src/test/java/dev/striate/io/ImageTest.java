package dev.striate.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageTest {

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void whatIsWrittenIsReadBack(int channels) {
        Image image = pattern(channels, 7, 11);
        Path file = directory.resolve("a.png");
        image.write(file);
        assertEquals(image, Image.read(file));
        assertEquals(Shape.of(channels, 7, 11), Image.read(file).shape());
    }

    @ParameterizedTest
    @ValueSource(strings = {"gif", "bmp"})
    void otherLosslessFormatsAreRead(String format) throws IOException {
        BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_INT_RGB);
        image.setRGB(0, 0, 0x102030);
        image.setRGB(1, 0, 0xFF8001);
        Path file = directory.resolve("a." + format);
        ImageIO.write(image, format, file.toFile());
        assertArrayEquals(
                bytes(0x10, 0xFF, 0x20, 0x80, 0x30, 0x01), Image.read(file).pixels());
    }

    @Test
    void jpegIsReadAsItLooks() throws IOException {
        Path file = directory.resolve("a.jpg");
        ImageIO.write(halves(), "jpg", file.toFile());
        Image read = Image.read(file);
        assertEquals(Shape.of(3, 8, 16), read.shape());
        // Red to the left, blue to the right, each in its plane, as exactly as JPEG keeps them.
        assertEquals(255, read.pixels()[0] & 0xFF, 3);
        assertEquals(0, read.pixels()[15] & 0xFF, 3);
        assertEquals(255, read.pixels()[2 * 128 + 15] & 0xFF, 3);
    }

    /** Expected are the four corners: the stored ones are A B / C D, and the standard says where each belongs. */
    @ParameterizedTest
    @CsvSource({"1,ABCD", "2,BADC", "3,DCBA", "4,CDAB", "5,ACBD", "6,CADB", "7,DBCA", "8,BDAC", "9,ABCD", "0,ABCD"})
    void jpegsAreTurnedUpright(int orientation, String corners) throws IOException {
        BufferedImage stored = new BufferedImage(16, 8, BufferedImage.TYPE_BYTE_GRAY);
        int[] levels = {0, 80, 160, 240};
        for (int y = 0; y < 8; y++) {
            for (int x = 0; x < 16; x++) {
                stored.getRaster().setSample(x, y, 0, levels[y / 4 * 2 + x / 8]);
            }
        }
        for (boolean littleEndian : new boolean[] {true, false}) {
            Path file = directory.resolve(littleEndian + ".jpg");
            Files.write(file, withOrientation(jpeg(stored), orientation, littleEndian));
            Image read = Image.read(file);
            boolean transposed = orientation >= 5 && orientation <= 8;
            assertEquals(Shape.of(read.height(), read.width()), Image.readSize(file));
            assertEquals(transposed ? Shape.of(1, 16, 8) : Shape.of(1, 8, 16), read.shape());
            int last = read.pixels().length - 1;
            int[] found = {0, read.width() - 1, last - read.width() + 1, last};
            for (int i = 0; i < 4; i++) {
                assertEquals(levels[corners.charAt(i) - 'A'], read.pixels()[found[i]] & 0xFF, 3, "corner " + i);
            }
        }
    }

    @Test
    void brokenExifIsPassedOver() throws IOException {
        byte[] jpeg = withOrientation(jpeg(halves()), 6, true);
        for (int i = 6; i < 38; i++) {
            byte[] broken = jpeg.clone();
            Arrays.fill(broken, i, 38, (byte) 0xFF);
            Path file = directory.resolve("a.jpg");
            Files.write(file, broken);
            assertEquals(128, Image.read(file).pixels().length / 3);
        }
    }

    @Test
    void transparencyIsLaidOverWhite() throws IOException {
        BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_INT_ARGB);
        image.setRGB(0, 0, 0xFF0A141E);
        image.setRGB(1, 0, 0x000A141E);
        image.setRGB(2, 0, 0x80000000);
        Path file = directory.resolve("a.png");
        ImageIO.write(image, "png", file.toFile());
        assertArrayEquals(
                bytes(10, 255, 127, 20, 255, 127, 30, 255, 127),
                Image.read(file).pixels());
    }

    /** {@code getRGB} would give 188 for 128. */
    @Test
    void greyStaysAsItIs() throws IOException {
        BufferedImage wide = new BufferedImage(3, 1, BufferedImage.TYPE_USHORT_GRAY);
        wide.getRaster().setPixels(0, 0, 3, 1, new int[] {0, 0x8034, 65535});
        Path file = directory.resolve("16.png");
        ImageIO.write(wide, "png", file.toFile());
        assertArrayEquals(bytes(0, 128, 255), Image.read(file).pixels());
    }

    @Test
    void palettesAreResolved() throws IOException {
        byte[] red = bytes(0, 9, 200);
        byte[] same = bytes(0, 9, 100);
        Path file = directory.resolve("a.png");
        ImageIO.write(indexed(new IndexColorModel(8, 3, red, same, same)), "png", file.toFile());
        assertArrayEquals(
                bytes(0, 9, 200, 0, 9, 100, 0, 9, 100), Image.read(file).pixels());
        ImageIO.write(indexed(new IndexColorModel(8, 3, same, same, same)), "png", file.toFile());
        assertArrayEquals(bytes(0, 9, 100), Image.read(file).pixels());
    }

    @Test
    void brokenFilesGiveErrorsThatNameThem() throws IOException {
        Path file = directory.resolve("a.png");
        assertTrue(refused(file).contains("there is no such file"));
        Files.write(file, new byte[0]);
        assertEquals("cannot read the picture " + file + ": not a PNG, JPEG, GIF or BMP file", refused(file));
        Files.writeString(file, "hello");
        assertTrue(refused(file).contains("not a PNG"));
        assertTrue(refused(directory).contains(directory.toString()));
        for (String format : new String[] {"png", "jpg", "bmp", "gif"}) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ImageIO.write(noise(), format, out);
            for (int length : new int[] {20, out.size() / 2, out.size() - 30}) {
                Files.write(file, Arrays.copyOf(out.toByteArray(), length));
                assertTrue(refused(file).contains("a.png"), format + " of " + length + " bytes");
            }
        }
    }

    /** Expected: Pillow 12, {@code Image.fromarray(a).resize((w, h), Image.BILINEAR)}. */
    @Test
    void resizedBytesArePillows() {
        Image image = pattern(1, 7, 11);
        assertArrayEquals(
                bytes(29, 114, 139, 133, 65, 128, 114, 120, 100, 136, 107, 144),
                image.resize(3, 4).pixels());
        assertArrayEquals(
                bytes(
                        8, 58, 170, 149, 132, 24, 80, 137, 131, 172, 39, 101, 165, 91, 67, 55, 122, 80, 126, 107, 70,
                        143, 108, 160, 148, 85, 165, 126, 88, 188, 101, 133, 93, 102, 119),
                image.resize(7, 5).pixels());
        assertArrayEquals(
                bytes(
                        21, 27, 38, 56, 82, 113, 150, 157, 139, 100, 129, 135, 125, 120, 124, 131, 57, 68, 85, 109, 141,
                        163, 169, 98, 86, 132, 114, 104, 107, 161, 152, 122),
                image.resize(2, 16).pixels());
        assertArrayEquals(bytes(112), image.resize(1, 1).pixels());
        assertEquals("8400701b9985feb3fe747c9846e92407f5ca6212e7f06ed3c0257ce8985f3282", sha256(image.resize(10, 11)));
        assertEquals("ea13705e4f75e9018c8fde3c8afd31b86e3da611ce39d44f4599769a54fea84f", sha256(image.resize(15, 23)));
        assertEquals(
                "a4a36b19aaaa2b933b3317ebb4d9bfa2f17647222598189706318cf615d891b3",
                sha256(pattern(3, 37, 53).resize(9, 16)));
    }

    /** Expected: Pillow's {@code convert("L")}. */
    @Test
    void greyIsPillows() {
        Image image = pattern(3, 37, 53);
        assertEquals("72a8a9c60c0ef7980cacbbcc4292b8fc027693c206550e0106e9e19ac58f2133", sha256(image.grey()));
        assertEquals(image.grey(), image.withChannels(1));
        // Colours that are one step off if any weight is.
        Image sensitive = new Image(
                bytes(244, 111, 147, 231, 92, 197, 8, 130, 54, 131, 95, 125, 218, 0, 25, 31, 195, 230),
                Shape.of(3, 1, 6));
        assertArrayEquals(bytes(103, 109, 79, 149, 106, 158), sensitive.grey().pixels());
        Image white = new Image(bytes(255, 255, 255), Shape.of(3, 1, 1));
        assertArrayEquals(bytes(255), white.grey().pixels());
    }

    @Test
    void rgbRepeatsGrey() {
        Image grey = new Image(bytes(1, 200), Shape.of(1, 1, 2));
        assertEquals(new Image(bytes(1, 200, 1, 200, 1, 200), Shape.of(3, 1, 2)), grey.rgb());
        assertEquals(grey, grey.rgb().grey());
        assertEquals(grey, grey.withChannels(1));
        assertThrows(ShapeException.class, () -> grey.withChannels(2));
    }

    @Test
    void cropTakesTheMiddle() {
        Image image = new Image(bytes(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), Shape.of(1, 3, 4));
        assertArrayEquals(bytes(5, 6), image.centerCrop(1, 2).pixels());
        assertArrayEquals(bytes(4, 5, 6), image.centerCrop(1, 3).pixels());
        assertEquals(
                "Image.centerCrop: cannot cut 4 x 4 out of (1, 3, 4)",
                assertThrows(ShapeException.class, () -> image.centerCrop(4, 4)).getMessage());
    }

    @Test
    void fitKeepsProportionsAndTheMiddle() {
        Image image = pattern(3, 40, 100);
        assertEquals(image.resize(32, 80).centerCrop(32, 32), image.fit(32, 32));
        assertEquals(image.resize(40, 100).centerCrop(40, 20), image.fit(40, 20));
        assertEquals(image.resize(20, 50).centerCrop(10, 50), image.fit(10, 50));
        assertEquals(Shape.of(3, 3, 5), pattern(3, 1, 1000).fit(3, 5).shape());
        assertEquals(Shape.of(1, 28, 28), pattern(1, 29, 28).fit(28, 28).shape());
        assertThrows(ShapeException.class, () -> image.fit(0, 5));
    }

    @Test
    void fitComputesTheMiddleOfWhatResizeComputes() {
        int[] sides = {1, 2, 5, 7, 8, 19, 40};
        for (int height : sides) {
            for (int width : sides) {
                Image image = pattern(3, height, width);
                for (int to : new int[] {1, 3, 8, 20}) {
                    double scale = Math.max((double) to / height, (double) (to + 1) / width);
                    Image whole = image.resize(Math.max(to, (int) Math.round(scale * height)), Math.max(to + 1, (int)
                            Math.round(scale * width)));
                    assertEquals(
                            whole.centerCrop(to, to + 1), image.fit(to, to + 1), height + " x " + width + " to " + to);
                }
            }
        }
    }

    /** Scaled as a whole these would be larger than an array, in pixels and even in the length of a side. */
    @Test
    void fitTakesPicturesOfAnyLength() {
        for (int length : new int[] {20_000, 10_000_000}) {
            Image wide = pattern(1, 1, length);
            assertEquals(wide.centerCrop(1, 10).fit(224, 224), wide.fit(224, 224));
            Image high = pattern(1, length, 1);
            assertEquals(high.centerCrop(10, 1).fit(224, 224), high.fit(224, 224));
        }
    }

    @Test
    void floatsAreBytesOver255() {
        assertArrayEquals(new float[] {0, 51 / 255f, 1}, new Image(bytes(0, 51, 255), Shape.of(1, 1, 3)).toFloats());
    }

    @Test
    void shapesThatDoNotFitAreRefused() {
        assertThrows(ShapeException.class, () -> new Image(new byte[4], Shape.of(2, 1, 2)));
        assertThrows(ShapeException.class, () -> new Image(new byte[4], Shape.of(1, 4)));
        assertThrows(ShapeException.class, () -> new Image(new byte[0], Shape.of(1, 0, 4)));
        assertThrows(ShapeException.class, () -> new Image(new byte[3], Shape.of(1, 2, 2)));
    }

    private static String refused(Path file) {
        return assertThrows(StriateException.class, () -> Image.read(file)).getMessage();
    }

    static Image pattern(int channels, int height, int width) {
        byte[] pixels = new byte[channels * height * width];
        for (int i = 0; i < pixels.length; i++) {
            int x = i % width;
            int y = i / width % height;
            pixels[i] = (byte) (x * x * 7 + y * 13 + i / width / height * 50 + x * y * 3);
        }
        return new Image(pixels, Shape.of(channels, height, width));
    }

    private static BufferedImage halves() {
        BufferedImage image = new BufferedImage(16, 8, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 128; i++) {
            image.setRGB(i % 16, i / 16, i % 16 < 8 ? 0xFF0000 : 0x0000FF);
        }
        return image;
    }

    private static BufferedImage noise() {
        BufferedImage image = new BufferedImage(40, 40, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 1600; i++) {
            image.setRGB(i % 40, i / 40, i * 0x9E3779B9 >>> 8);
        }
        return image;
    }

    private static BufferedImage indexed(IndexColorModel palette) {
        BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_BYTE_INDEXED, palette);
        image.getRaster().setPixels(0, 0, 3, 1, new int[] {0, 1, 2});
        return image;
    }

    private static byte[] jpeg(BufferedImage image) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(image, "jpg", out);
        return out.toByteArray();
    }

    /** With an APP1 segment: "Exif", the TIFF header, and a directory of one entry. */
    private static byte[] withOrientation(byte[] jpeg, int orientation, boolean littleEndian) {
        String tiff = littleEndian
                ? "49492a0008000000" + "0100" + "120103000100000" + "0" + String.format("%02x000000", orientation)
                        + "00000000"
                : "4d4d002a00000008" + "0001" + "011200030000000" + "1" + String.format("00%02x0000", orientation)
                        + "00000000";
        byte[] segment = HexFormat.of()
                .parseHex("ffe1" + String.format("%04x", 2 + 6 + tiff.length() / 2)
                        + HexFormat.of().formatHex("Exif\0\0".getBytes(StandardCharsets.US_ASCII)) + tiff);
        byte[] marked = Arrays.copyOf(jpeg, jpeg.length + segment.length);
        System.arraycopy(segment, 0, marked, 2, segment.length);
        System.arraycopy(jpeg, 2, marked, 2 + segment.length, jpeg.length - 2);
        return marked;
    }

    private static String sha256(Image image) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(image.pixels()));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }
}
