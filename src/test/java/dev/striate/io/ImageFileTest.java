package dev.striate.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Cost;
import dev.striate.Shape;
import dev.striate.StriateException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files of pictures made by hand: rare ones that are read, and hostile ones that are refused before they cost anything.
 */
class ImageFileTest {

    /** Of 8 x 8 pixels with Adobe's segment, by Pillow: four columns of two pixels each, in CMYK. */
    private static final String CMYK =
            "ffd8ffee000e41646f626500640000000000ffdb0043001b12141714111b1716171e1c1b2028422b2825252851"
                    + "3a3d3042605565645f555d5b6a7899816a7190735b5d85b586909ea3abadab6780bcc9baa6c799a8aba4ffc000140800080008044311004d11"
                    + "005911004b1100ffc4001500010100000000000000000000000000000405ffc4002310000102020b000000000000000000000000010583b202"
                    + "0304333435364182b1f0ffda000e0443004d0059004b00003f005b469ba9e53a8fa58e7185d0a7acd6c112542c3b5c27b743ffd9";

    /** The offset of the transformation in {@link #CMYK}. */
    private static final int ADOBE_TRANSFORM = 17;

    private static final int ADOBE_SEGMENT = 16;

    /** Of 8 x 8 pixels in JFIF, by Pillow. */
    private static final String COLOR =
            "ffd8ffe000104a46494600010100000100010000ffdb0043001b12141714111b1716171e1c1b2028422b2825252"
                    + "8513a3d3042605565645f555d5b6a7899816a7190735b5d85b586909ea3abadab6780bcc9baa6c799a8aba4ffdb0043011c1e1e2823284e2b2b"
                    + "4ea46e5d6e" + "a4".repeat(50)
                    + "ffc00011080008000803011100021101031101ffc40014000100000000000000000000000000000"
                    + "004ffc40017100003010000000000000000000000000000024382ffc4001501010100000000000000000000000000000102ffc4001b11000104"
                    + "0300000000000000000000000000020481b1033334ffda000c03010002110311003f0013c34535d5922c5cf5ae28ffd9";

    private static final int JFIF_SEGMENT = 18;

    /** In LZW codes of 3 bits: clear, 0, 1, end. */
    private static final byte[] TWO_PIXELS = {0x44, 0x0A};

    /** The first bytes of a PNG file and its header's chunk. */
    private static final int PNG_HEADER = 33;

    private static final int SIDE = 7071;

    @TempDir
    Path directory;

    // ---- Colours of JPEG

    /** Expected: the first row of Pillow's {@code convert("RGB")}, for 0 CMYK, for 2 YCCK. */
    @ParameterizedTest
    @CsvSource({
        "0, 3 253 253 0 255 255 255 61 220 251 53 227 181 176 2 191 187 0 79 75 77 85 89 86",
        "2, 77 255 30 77 255 30 0 43 119 0 49 137 138 0 0 153 0 0 14 58 12 23 70 10"
    })
    void inksBecomePillowsColors(byte transform, String firstRow) {
        byte[] jpeg = HexFormat.of().parseHex(CMYK);
        jpeg[ADOBE_TRANSFORM] = transform;
        assertArrayEquals(numbers(firstRow), firstRow(read(jpeg)));
    }

    @Test
    void inksAreInvertedWithoutAdobesSegmentToo() {
        byte[] jpeg = HexFormat.of().parseHex(CMYK);
        assertEquals(read(jpeg), read(cut(jpeg, 2, ADOBE_SEGMENT)));
    }

    /** The JDK takes components other than 1, 2, 3 for RGB if there is no JFIF segment; libjpeg does not. */
    @Test
    void colorsAreThoseOfLibjpeg() {
        byte[] jfif = HexFormat.of().parseHex(COLOR);
        int[] expected = numbers("255 1 13 244 11 0 25 194 53 0 205 58 17 25 211 0 22 255 93 95 81 89 88 104");
        assertArrayEquals(expected, firstRow(read(jfif)));
        byte[] bare = cut(jfif, 2, JFIF_SEGMENT);
        assertArrayEquals(expected, firstRow(read(bare)));
        assertArrayEquals(expected, firstRow(read(withComponents(bare, 0, 1, 2))));
        assertArrayEquals(
                numbers("79 91 255 76 68 248 127 86 55 124 91 33 44 222 109 42 255 95 93 121 128 90 136 127"),
                firstRow(read(withComponents(bare, 'R', 'G', 'B'))));
        assertArrayEquals(expected, firstRow(read(withComponents(jfif, 'R', 'G', 'B'))));
    }

    @Test
    void otherSegmentsOfJpegAreDropped() throws IOException {
        byte[] jpeg = HexFormat.of().parseHex(COLOR);
        byte[] more = insert(
                jpeg,
                2,
                HexFormat.of()
                        .parseHex("ffff" + "ffe20012" + hex("ICC_PROFILE\0\1\1zz") + "ffe1000a" + hex("http://x")
                                + "fffe0003" + hex("x")));
        assertEquals(read(jpeg), read(Arrays.copyOf(more, more.length + 9)));
        assertEquals(jpeg.length - JFIF_SEGMENT, kept(more));
    }

    // ---- Exif

    /** After fill bytes, after another APP1 segment, and as a LONG. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "4d4d002a00000008000101120003000000010006000000000000",
                "49492a0008000000010012010300010000000600000000000000",
                "4d4d002a00000008000101120004000000010000000600000000"
            })
    void orientationIsFound(String tiff) throws IOException {
        byte[] jpeg = HexFormat.of().parseHex(COLOR);
        Image upright = read(jpeg);
        byte[] exif =
                HexFormat.of().parseHex("ffe1" + String.format("%04x", 8 + tiff.length() / 2) + hex("Exif\0\0") + tiff);
        byte[] other = HexFormat.of().parseHex("ffe1000a" + hex("http://x"));
        Image turned = upright.upright(6);
        assertEquals(turned, read(insert(jpeg, 2, exif)));
        assertEquals(turned, read(insert(jpeg, 2, HexFormat.of().parseHex("ffffff"), exif)));
        assertEquals(turned, read(insert(jpeg, 2, other, HexFormat.of().parseHex("ff"), exif)));
        assertEquals(turned, read(insert(jpeg, 2 + JFIF_SEGMENT, exif)));
        // Too late for libjpeg and Pillow, too.
        assertEquals(upright, read(insert(jpeg, jpeg.length - 2, exif)));

        Image picture = ImageTest.pattern(3, 2, 3);
        Path file = directory.resolve("exif.png");
        picture.write(file);
        byte[] png = Files.readAllBytes(file);
        assertEquals(
                picture.upright(6),
                read(insert(png, PNG_HEADER, chunk("eXIf", HexFormat.of().parseHex(tiff)))));
        assertEquals(
                picture.upright(6),
                read(insert(png, png.length - 12, chunk("eXIf", HexFormat.of().parseHex(tiff)))));
    }

    // ---- GIF

    /** Expected: the frame's two pixels at (1, 1) of a screen of 4 x 3, the rest white. */
    @Test
    void firstFrameIsPutOnItsScreen() {
        Image image = read(gif(4, 3, 1, 1, 2, 1, TWO_PIXELS));
        assertEquals(Shape.of(3, 3, 4), image.shape());
        int[] red = {255, 255, 255, 255, 255, 10, 20, 255, 255, 255, 255, 255};
        assertArrayEquals(
                red, IntStream.range(0, 12).map(i -> image.pixels()[i] & 0xFF).toArray());
    }

    @Test
    void screenGrowsToItsFirstFrame() {
        assertEquals(Shape.of(3, 3, 6), read(gif(1, 1, 4, 2, 2, 1, TWO_PIXELS)).shape());
        assertEquals(Shape.of(3, 1, 2), read(gif(0, 0, 0, 0, 2, 1, TWO_PIXELS)).shape());
    }

    /** The JDK's reader would fill the rest with colour 0. */
    @Test
    void shortFramesAreRefused() {
        String reason = "the file is truncated or damaged: the first frame has 2 of 3 pixels";
        assertTrue(refused(() -> read(gif(3, 1, 0, 0, 3, 1, TWO_PIXELS))).endsWith(reason));
        assertTrue(refused(() -> read(gif(5, 1, 0, 0, 5, 1, new byte[] {0x44, 0x00})))
                .endsWith("has 4 of 5 pixels"));
        assertTrue(refused(() -> read(gif(3, 1, 0, 0, 3, 1, new byte[] {(byte) 0xC4, 0x01})))
                .endsWith("the file is damaged: code 7 of the first frame is not defined"));
    }

    /** The table is full after 4090 pixels and never cleared. After the end, there may be more data. */
    @Test
    void fullTablesOfGifAreRead() {
        byte[] codes = onePixelCodes(5_000);
        Image image = read(gif(5_000, 1, 0, 0, 5_000, 1, codes));
        assertArrayEquals(
                IntStream.range(0, 5_000).map(i -> 10 + i % 4 * 10).toArray(),
                IntStream.range(0, 5_000).map(i -> image.pixels()[i] & 0xFF).toArray());
        assertEquals(image, read(gif(5_000, 1, 0, 0, 5_000, 1, Arrays.copyOf(codes, codes.length + 300))));
        assertTrue(refused(() -> read(gif(5_001, 1, 0, 0, 5_001, 1, codes))).endsWith("has 5000 of 5001 pixels"));
    }

    /** The JDK's reader would concatenate the comment's blocks in quadratic time. */
    @Test
    void commentsOfGifAreDropped() throws IOException {
        byte[] gif = gif(4, 3, 1, 1, 2, 1, TWO_PIXELS);
        byte[] commented = insert(
                gif,
                13 + 12,
                HexFormat.of().parseHex("21fe" + "0378787802787800"),
                HexFormat.of().parseHex("21f9040000000000"));
        assertEquals(read(gif), read(commented));
        assertEquals(kept(gif) + 8, kept(commented));
    }

    // ---- PNG

    /** Some versions of the JDK inflate these chunks, or parts of them. */
    @Test
    void compressedMetadataIsDropped() throws IOException {
        byte[] bomb = deflated(1 << 20);
        for (int type : new int[] {BufferedImage.TYPE_BYTE_INDEXED, BufferedImage.TYPE_INT_RGB}) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ImageIO.write(new BufferedImage(3, 2, type), "png", out);
            byte[] png = out.toByteArray();
            byte[] more = insert(
                    png,
                    PNG_HEADER,
                    chunk("zTXt", join(new byte[] {'a', 0, 0}, bomb)),
                    chunk("iCCP", join(new byte[] {'a', 0, 0}, bomb)),
                    chunk("iTXt", join(new byte[] {'a', 0, 1, 0, 0, 0}, bomb)));
            assertEquals(read(png), read(more));
            assertEquals(png.length, kept(more));
        }
    }

    /** Otherwise the JDK's decoder makes other pixels of them, without a word. */
    @Test
    void flippedBitsOfPngAreFound() {
        byte[] intact = png(3, 2, 8, 0, 0, deflated(2 * 4));
        Image image = Image.read(write(intact));
        int found = 0;
        for (int i = 8; i < intact.length; i++) {
            for (int bit = 0; bit < 8; bit++) {
                byte[] flipped = intact.clone();
                flipped[i] ^= (byte) (1 << bit);
                Path file = write(flipped);
                try {
                    // What follows the pixels may be missing.
                    assertEquals(image, Image.read(file), "byte " + i + ", bit " + bit);
                } catch (StriateException e) {
                    found++;
                }
            }
        }
        assertTrue(found > 8 * (intact.length - 8 - 2 * 12), found + " found");
    }

    @Test
    void transparentColorBecomesWhite() throws IOException {
        Path file = directory.resolve("a.png");
        new Image(new byte[] {1, 9, 2, 9, 3, 9}, Shape.of(3, 1, 2)).write(file);
        byte[] png = insert(Files.readAllBytes(file), PNG_HEADER, chunk("tRNS", new byte[] {0, 1, 0, 2, 0, 3}));
        assertArrayEquals(new int[] {255, 255, 255, 9, 9, 9}, firstRow(read(png)));
    }

    /** Expected: the samples scaled to 255, except the transparent one, the second. */
    @ParameterizedTest
    @CsvSource({
        "1, 40, 0, 255 255 255 255",
        "2, 18, 1, 0 255 170 0",
        "2, 18, 65533, 0 255 170 0",
        "4, 0102, 1, 0 255 0 34",
        "8, 00010002, 1, 0 255 0 2",
        "16, 0000010000000201, 256, 0 255 0 2"
    })
    void transparentGreyBecomesWhite(int depth, String row, int key, String expected) {
        byte[] png = png(4, 1, depth, 0, 0, zlib(HexFormat.of().parseHex("00" + row)));
        byte[] keyed = insert(png, PNG_HEADER, chunk("tRNS", new byte[] {(byte) (key >> 8), (byte) key}));
        assertArrayEquals(numbers(expected), firstPlane(read(keyed)));
    }

    /** The JDK's decoder is slow with many chunks. */
    @Test
    void dataOfPngBecomeOneChunk() throws IOException {
        byte[] data = zlib(new byte[] {0, 10, 20, 30, 40});
        byte[] png = png(4, 1, 8, 0, 0, data);
        byte[] empty = chunk("IDAT", new byte[0]);
        ByteArrayOutputStream pieces = new ByteArrayOutputStream();
        pieces.writeBytes(Arrays.copyOf(png, PNG_HEADER));
        pieces.writeBytes(empty);
        for (byte each : data) {
            pieces.writeBytes(chunk("IDAT", new byte[] {each}));
            pieces.writeBytes(empty);
        }
        byte[] file = join(pieces.toByteArray(), chunk("IEND", new byte[0]));
        assertEquals(read(png), read(file));
        assertEquals(png.length, kept(file));
        byte[] noEnd = pieces.toByteArray();
        assertEquals(read(png), read(noEnd));
        assertEquals(read(png), read(Arrays.copyOf(noEnd, noEnd.length - empty.length - 3)));
    }

    // ---- BMP

    /** The length of the data is that of the file, and there is no colour profile, in this file or another. */
    @Test
    void lengthsAndProfilesOfBmpAreReplaced() {
        byte[] bmp = bmp(124, 2, 1, 8, 1, 4);
        ByteBuffer header = ByteBuffer.wrap(bmp).order(ByteOrder.LITTLE_ENDIAN);
        header.put(bmp.length - 4, HexFormat.of().parseHex("02010001"));
        Image image = read(bmp);
        assertEquals(Shape.of(1, 1, 2), image.shape());
        header.putInt(2, -1).putInt(34, Integer.MAX_VALUE).putInt(46, Integer.MAX_VALUE);
        header.putInt(70, 0x4D424544).putInt(126, 124).putInt(130, 100);
        assertEquals(image, read(bmp));
    }

    /** Runs and literal pixels of 3 x 2 pixels in 8 and 4 bits, also with pixels that are skipped or not mentioned. */
    @ParameterizedTest
    @CsvSource({
        "8, 0301 0000 0301 0001",
        "8, 0003010203ff 0000 0201 0101 0000",
        "8, 0002 0101 0201 0001",
        "8, 0301 0001",
        "4, 0301 0000 0301 0001",
        "4, 00031230 0000 0301 0001"
    })
    void runLengthsAreRead(int bits, String codes) {
        assertEquals(
                Shape.of(1, 2, 3),
                read(runs(3, 2, bits, codes.replace(" ", ""))).shape());
    }

    /** The JDK's reader would cut them off, or fill the rest with colour 0. */
    @ParameterizedTest
    @CsvSource({
        "8, 0401 0000 0301 0001, exceed the picture of 3 x 2 pixels",
                "8, 0301 0000 0201 000301020300, exceed the picture",
        "8, 0301 0000 0301 0000 0101 0001, exceed the picture", "8, 0002 c8c8 0301 0001, exceed the picture",
        "4, 00041234 0001, exceed the picture", "8, 0301 0000 0301, its run lengths end in row 1 of 2",
        "8, 0301 00, its run lengths end in row 0 of 2", "8, 0301 0002, its run lengths end in row 0 of 2"
    })
    void wrongRunLengthsAreRefused(int bits, String codes, String reason) {
        assertTrue(refused(() -> read(runs(3, 2, bits, codes.replace(" ", "")))).contains(reason));
    }

    // ---- Bounds

    @Test
    void pixelsAreLimited() throws IOException {
        Image image = ImageTest.pattern(3, 20, 30);
        Path file = directory.resolve("a.png");
        image.write(file);
        assertEquals(image, Image.read(file, 600));
        assertEquals(
                "cannot read the picture " + file
                        + ": it has 30 x 20 pixels; make it smaller or raise the limit of 599 pixels"
                        + " (--max-pixels, or maxPixels of Image.read)",
                refused(() -> Image.read(file, 599)));
        assertEquals(
                image.fit(4, 4).grey().shape(),
                Image.read(file, Shape.of(1, 4, 4), 600).shape());
        assertTrue(refused(() -> Image.read(file, Shape.of(1, 4, 4), 599)).contains("30 x 20"));
        assertTrue(refused(() -> Image.read(file, 0)).contains("from 1 to 500000000, got 0"));
    }

    /**
     * Each is a few bytes of a correct file; refused are those that would take more pixels, memory or time than
     * allowed.
     */
    @Test
    void oversizedPicturesAreRefusedBeforeDecoding() {
        byte[] row = new byte[100];
        for (byte[] file : List.of(
                png(100_000, 100_000, 8, 2, 0, row),
                png(50_000_001, 1, 8, 2, 0, row),
                gif(0xFFFF, 0xFFFF, 0, 0, 1, 1, new byte[3]),
                gif(1, 1, 0, 0, 16_397, 5_122, new byte[20_000]),
                bmp(40, 10_000, 10_000, 24, 0, 10),
                bmp(40, Integer.MAX_VALUE, Integer.MIN_VALUE, 24, 0, 10),
                jpeg(0xC0, 0xFFFF, 0xFFFF, 1, 100))) {
            assertTrue(refusedCheaply(file).contains("limit of 50000000 pixels (--max-pixels"), refusedCheaply(file));
        }
        assertTrue(refusedCheaply(png(1, 1_000_001, 8, 2, 0, row)).endsWith("a side may have at most 1000000"));
        assertTrue(refusedCheaply(png(SIDE, SIDE, 16, 6, 0, row)).contains("would take too long"));
        byte[] scans = jpeg(0xC2, SIDE, SIDE, 100, 20_000);
        assertTrue(refusedCheaply(scans).contains("would take too long"), refusedCheaply(scans));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void pngClaimsAreComparedWithTheData(int interlaced) {
        byte[] data = deflated(1_000 * (3 * 1_000 + 1) + 20_000);
        assertEquals(
                Shape.of(3, 1_000, 1_000),
                read(png(1_000, 1_000, 8, 2, interlaced, data)).shape());
        assertTrue(refusedCheaply(png(2_000, 1_000, 8, 2, interlaced, data))
                .contains("it claims 2000 x 1000 pixels, which take"));
    }

    @Test
    void claimsAreComparedWithTheData() {
        for (byte[] file : List.of(
                gif(7_000, 7_000, 0, 0, 7_000, 7_000, new byte[17_000]),
                gif(7_000, 7_000, 0, 0, 1, 1, new byte[3]),
                bmp(40, 7_000, 7_000, 24, 0, 7_000),
                bmp(40, 7_000, -7_000, 1, 0, 6_000_000),
                bmp(40, 7_000, 7_000, 8, 1, 300_000),
                bmp(40, 7_000, 7_000, 4, 2, 300_000),
                bmp(12, 7_000, 7_000, 8, 0, 7_000),
                jpeg(0xC0, 7_000, 7_000, 1, 190_000),
                jpeg(0xC2, 7_000, 7_000, 1, 90_000))) {
            assertTrue(
                    refusedCheaply(file).contains("claims 7000 x 7000 pixels, which take at least"),
                    refusedCheaply(file));
        }
        assertTrue(refusedCheaply(bmp(40, -7, 1, 24, 0, 100)).contains("the file is damaged: it claims -7 x 1 pixels"));
        assertTrue(refusedCheaply(gif(7, 7, 0, 0, 0, 7, new byte[9])).contains("the first frame has 0 x 7 pixels"));
        assertTrue(refusedCheaply(png(0, 7, 8, 2, 0, new byte[9])).contains("it claims 0 x 7 pixels"));
        assertTrue(refusedCheaply(jpeg(0xC0, 0, 7, 1, 9)).contains("it claims 0 x 7 pixels"));
    }

    /** The JDK's decoder copies run lengths, and visits each. */
    @Test
    void runLengthsAreLimited() {
        int most = 4 * 7 * 5 + 4 * 5 + (16 << 20);
        byte[] bmp =
                runs(7, 5, 8, "0701" + "0000" + "0702" + "0000" + "0703" + "0000" + "0704" + "0000" + "0705" + "0001");
        int data = bmp.length - 20;
        assertEquals(Shape.of(1, 5, 7), read(Arrays.copyOf(bmp, data + most)).shape());
        assertEquals(
                "cannot read the picture " + directory.resolve("picture")
                        + ": the file is damaged: the run lengths of 7 x 5" + " pixels take at most " + most
                        + " bytes, and it has " + (most + 1) + " bytes of them",
                refusedCheaply(Arrays.copyOf(bmp, data + most + 1)));
    }

    @Test
    void jpegMayHaveHundredScans() {
        assertEquals(Shape.of(1, 64, 64), read(jpeg(0xC2, 64, 64, 100, 8)).shape());
        assertTrue(refusedCheaply(jpeg(0xC2, 64, 64, 101, 8)).contains("it has 101 scans, more than the limit of 100"));
    }

    @Test
    void bitMasksOfBmpAreChecked() {
        assertArrayEquals(new int[] {255, 130, 0}, pixel(masked(16, 0xF800, 0x7E0, 0x1F, 0, 0xFC00)));
        assertArrayEquals(new int[] {255, 170, 1}, pixel(masked(32, 0x3FF00000, 0xFFC00, 0x3FF, 0, 0x3FFAB004)));
        assertArrayEquals(new int[] {255, 127, 127}, pixel(masked(32, 0xFF0000, 0xFF00, 0xFF, 0xFF000000, 0x80FF0000)));
        String expected = "is not supported: expected 1 to 16 adjacent bits of ";
        for (int mask : new int[] {0, 0xF0F000, 0x1FFFF, 0xFFFFFFF, 0x7FFFFFFF, -1}) {
            assertTrue(refusedCheaply(masked(32, mask, 0xFF00, 0xFF, 0, 0))
                    .contains(String.format("the bit mask %08x for red ", mask) + expected + 32));
            assertTrue(refusedCheaply(masked(32, 0xFF00, mask, 0xFF, 0, 0)).contains("for green " + expected));
            assertTrue(refusedCheaply(masked(32, 0xFF00, 0xFF, mask, 0, 0)).contains("for blue " + expected));
        }
        assertTrue(refusedCheaply(masked(16, 0x1F, 0x10000, 0x7E0, 0, 0)).contains("for green " + expected + 16));
        assertTrue(refusedCheaply(masked(32, 0x1F, 0x7E0, 0xF800, 0xFFFFF8, 0)).contains("for alpha " + expected));
    }

    private int[] pixel(byte[] bmp) {
        Image image = read(bmp);
        assertEquals(Shape.of(3, 1, 1), image.shape());
        byte[] pixels = image.pixels();
        return new int[] {pixels[0] & 0xFF, pixels[1] & 0xFF, pixels[2] & 0xFF};
    }

    /** One pixel whose samples are where the masks say. */
    private static byte[] masked(int bits, int red, int green, int blue, int alpha, int pixel) {
        byte[] bmp = bmp(108, 1, 1, bits, 3, 4);
        ByteBuffer out = ByteBuffer.wrap(bmp).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(54, red).putInt(58, green).putInt(62, blue).putInt(66, alpha).putInt(bmp.length - 4, pixel);
        return bmp;
    }

    @Test
    void rareKindsAreRefusedByName() {
        assertTrue(refusedCheaply(bmp(40, 8, 8, 0, 5, 100)).contains("a BMP file that contains a JPEG or PNG picture"));
        assertTrue(
                refusedCheaply(bmp(40, 8, 8, 24, 4, 100)).contains("a BMP file that contains a JPEG or PNG picture"));
        assertTrue(refusedCheaply(bmp(40, 8, 8, 2, 0, 100)).contains("2 bits per pixel"));
        assertTrue(refusedCheaply(bmp(64, 8, 8, 8, 0, 100))
                .endsWith("an OS/2 2.x bitmap is not supported; save the picture as PNG"));
        assertTrue(refusedCheaply(bmp(12, 40_000, 1, 1, 0, 5_000))
                .endsWith("an OS/2 bitmap of 40000 x 1 pixels is not supported; save the picture as PNG"));
        assertTrue(refusedCheaply(bmp(12, 1, 32_768, 8, 0, 140_000)).contains("of 1 x 32768 pixels is not supported"));
        assertEquals(
                Shape.of(1, 32_767, 1), read(bmp(12, 1, 32_767, 8, 0, 140_000)).shape());
        assertTrue(refusedCheaply(jpeg(0xC9, 8, 8, 1, 9)).contains("arithmetic-coded"));
        assertTrue(refusedCheaply(jpeg(0xC3, 8, 8, 1, 9)).contains("lossless"));
    }

    /** TIFF, WBMP, WebP: the JDK reads the first two. */
    @ParameterizedTest
    @ValueSource(strings = {"49492a0008000000", "4d4d002a00000008", "0000ce10ce10", "524946460000000057454250"})
    void otherFormatsAreRefused(String start) {
        assertTrue(refusedCheaply(Arrays.copyOf(HexFormat.of().parseHex(start), 300))
                .contains("not a PNG, JPEG, GIF or BMP file"));
    }

    /** Beyond the longest Java array; the file takes no room on disk. */
    @Test
    void hugeFilesAreNotLoaded() throws IOException {
        Path file = directory.resolve("a.bmp");
        Files.write(file, bmp(40, 8, 8, 24, 0, 300));
        try (RandomAccessFile longer = new RandomAccessFile(file.toFile(), "rw")) {
            longer.setLength(3L << 30);
        }
        assertTrue(refused(() -> Image.read(file, 100)).contains("the file is larger than 16778016 bytes"));
    }

    @Test
    void filesAreLoadedOnce() {
        byte[] tooLong = Arrays.copyOf(runs(7, 5, 8, "0001"), 20 << 20);
        Path file = write(tooLong);
        long allocated = Cost.bytes(() -> refused(() -> Image.read(file)));
        assertTrue(allocated < tooLong.length + (1 << 20), allocated + " bytes allocated");
    }

    @Test
    void danglingLinksAreNamed() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("a.png"), directory.resolve("nowhere.png"));
        assertTrue(refused(() -> Image.read(link)).endsWith("a.png: it is a link to a file that does not exist"));
    }

    @Test
    @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no mkfifo")
    void pipesAreRefused() throws IOException, InterruptedException {
        Path pipe = directory.resolve("a.png");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        Path link = Files.createSymbolicLink(directory.resolve("b.png"), pipe);
        assertEquals("cannot read the picture " + link + ": it is not a regular file", refused(() -> Image.read(link)));
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void openFilesAreReadByTheirDescriptor() throws IOException, InterruptedException {
        Path file = directory.resolve("a.png");
        ImageTest.pattern(3, 2, 3).write(file);
        Process holder =
                new ProcessBuilder("sleep", "60").redirectInput(file.toFile()).start();
        try {
            assertEquals(Image.read(file), Image.read(Path.of("/proc/" + holder.pid() + "/fd/0")));
        } finally {
            holder.destroy();
        }
    }

    // ---- Files

    private static byte[] png(int width, int height, int depth, int colorType, int interlaced, byte[] data) {
        byte[] header = ByteBuffer.allocate(13)
                .putInt(width)
                .putInt(height)
                .put(new byte[] {(byte) depth, (byte) colorType, 0, 0, (byte) interlaced})
                .array();
        return join(
                HexFormat.of().parseHex("89504e470d0a1a0a"),
                chunk("IHDR", header),
                chunk("IDAT", data),
                chunk("IEND", new byte[0]));
    }

    private static byte[] chunk(String type, byte[] data) {
        byte[] content = join(type.getBytes(StandardCharsets.US_ASCII), data);
        CRC32 sum = new CRC32();
        sum.update(content);
        return ByteBuffer.allocate(content.length + 8)
                .putInt(data.length)
                .put(content)
                .putInt((int) sum.getValue())
                .array();
    }

    /** So many zeros. */
    private static byte[] deflated(int length) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (DeflaterOutputStream deflater = new DeflaterOutputStream(out, new Deflater(9))) {
            byte[] zeros = new byte[1 << 16];
            for (int left = length; left > 0; left -= zeros.length) {
                deflater.write(zeros, 0, Math.min(left, zeros.length));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static byte[] zlib(byte[] data) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (DeflaterOutputStream deflater = new DeflaterOutputStream(out)) {
            deflater.write(data);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    /** Four colours, red 10, 20, 30 and 40; LZW codes start with 3 bits. */
    private static byte[] gif(
            int screenWidth, int screenHeight, int left, int top, int width, int height, byte[] codes) {
        ByteBuffer out =
                ByteBuffer.allocate(100 + codes.length + codes.length / 255).order(ByteOrder.LITTLE_ENDIAN);
        out.put("GIF89a".getBytes(StandardCharsets.US_ASCII))
                .putShort((short) screenWidth)
                .putShort((short) screenHeight)
                .put(HexFormat.of().parseHex("810000" + "0a0000" + "140000" + "1e0000" + "280000" + "2c"))
                .putShort((short) left)
                .putShort((short) top)
                .putShort((short) width)
                .putShort((short) height)
                .put(HexFormat.of().parseHex("0002"));
        for (int i = 0; i < codes.length; i += 255) {
            int length = Math.min(255, codes.length - i);
            out.put((byte) length).put(codes, i, length);
        }
        out.put(HexFormat.of().parseHex("003b"));
        return Arrays.copyOf(out.array(), out.position());
    }

    private static byte[] onePixelCodes(int pixels) {
        BitSet bits = new BitSet();
        int at = 0;
        int width = 3;
        int entries = 6;
        for (int i = -1; i <= pixels; i++) {
            int code = i < 0 ? 4 : i < pixels ? i % 4 : 5;
            for (int bit = 0; bit < width; bit++) {
                bits.set(at++, (code >> bit & 1) != 0);
            }
            if (i > 0 && entries < 4096 && ++entries == 1 << width && width < 12) {
                width++;
            }
        }
        return bits.toByteArray();
    }

    private static byte[] bmp(int headerBytes, int width, int height, int bits, int compression, int dataBytes) {
        int offset = 14 + headerBytes + (bits <= 8 ? 1024 : 0);
        ByteBuffer out = ByteBuffer.allocate(offset + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        out.put((byte) 'B')
                .put((byte) 'M')
                .putInt(offset + dataBytes)
                .putInt(0)
                .putInt(offset)
                .putInt(headerBytes);
        if (headerBytes == 12) {
            out.putShort((short) width)
                    .putShort((short) height)
                    .putShort((short) 1)
                    .putShort((short) bits);
        } else {
            out.putInt(width)
                    .putInt(height)
                    .putShort((short) 1)
                    .putShort((short) bits)
                    .putInt(compression);
        }
        return out.array();
    }

    /** A bitmap with run lengths, whose colours are all black. */
    private static byte[] runs(int width, int height, int bits, String codes) {
        byte[] header = Arrays.copyOf(bmp(40, width, height, bits, bits == 8 ? 1 : 2, 0), 54 + (4 << bits));
        header[10] = (byte) header.length;
        header[11] = (byte) (header.length >> 8);
        return join(header, HexFormat.of().parseHex(codes));
    }

    /**
     * Grey; the first scan is of means, each 0 in one bit, the others refine them or, if not progressive, there is one
     * only.
     */
    private static byte[] jpeg(int frame, int width, int height, int scans, int scanBytes) {
        String tables = "ffdb0043" + "00" + "01".repeat(64) + "ffc4001400" + "01" + "00".repeat(15) + "00";
        byte[][] parts = new byte[scans + 2][];
        parts[0] = HexFormat.of()
                .parseHex("ffd8" + tables + String.format("ff%02x000b08%04x%04x01011100", frame, height, width));
        for (int i = 0; i < scans; i++) {
            byte[] scan = HexFormat.of()
                    .parseHex("ffda0008010100" + (frame != 0xC2 ? "003f00" : i == 0 ? "000001" : "000010"));
            parts[i + 1] = Arrays.copyOf(scan, scan.length + scanBytes);
        }
        parts[scans + 1] = HexFormat.of().parseHex("ffd9");
        return join(parts);
    }

    /** Replaces the identifiers of the components in the header of {@link #COLOR} and in its scan's. */
    private static byte[] withComponents(byte[] jpeg, int... ids) {
        byte[] changed = jpeg.clone();
        String text = HexFormat.of().formatHex(jpeg);
        int frame = text.indexOf("ffc0") / 2;
        int scan = text.indexOf("ffda") / 2;
        for (int i = 0; i < ids.length; i++) {
            changed[frame + 10 + 3 * i] = (byte) ids[i];
            changed[scan + 5 + 2 * i] = (byte) ids[i];
        }
        return changed;
    }

    private static byte[] insert(byte[] file, int at, byte[]... parts) {
        return join(Arrays.copyOf(file, at), join(parts), Arrays.copyOfRange(file, at, file.length));
    }

    private static byte[] cut(byte[] file, int from, int length) {
        return join(Arrays.copyOf(file, from), Arrays.copyOfRange(file, from + length, file.length));
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    private static String hex(String text) {
        return HexFormat.of().formatHex(text.getBytes(StandardCharsets.US_ASCII));
    }

    // ---- Reading

    private Path write(byte[] bytes) {
        try {
            return Files.write(directory.resolve("picture"), bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How many bytes the decoder would get. */
    private static int kept(byte[] bytes) throws IOException {
        return EncodedImage.parse(bytes.clone()).kept;
    }

    private Image read(byte[] bytes) {
        return Image.read(write(bytes));
    }

    /** The error's text, after checking that little was allocated besides the file's bytes. */
    private String refusedCheaply(byte[] bytes) {
        Path file = write(bytes);
        String[] message = new String[1];
        long allocated = Cost.bytes(() -> message[0] = refused(() -> Image.read(file)));
        assertTrue(allocated < 4L * bytes.length + (1 << 20), allocated + " bytes allocated: " + message[0]);
        assertTrue(message[0].startsWith("cannot read the picture " + file + ": "), message[0]);
        return message[0];
    }

    private static String refused(Runnable reading) {
        return assertThrows(StriateException.class, reading::run).getMessage();
    }

    /** Red, green and blue of each pixel of the first row. */
    private static int[] firstRow(Image image) {
        int plane = image.height() * image.width();
        return IntStream.range(0, 3 * image.width())
                .map(i -> image.pixels()[i % 3 * plane + i / 3] & 0xFF)
                .toArray();
    }

    private static int[] firstPlane(Image image) {
        return IntStream.range(0, image.height() * image.width())
                .map(i -> image.pixels()[i] & 0xFF)
                .toArray();
    }

    private static int[] numbers(String text) {
        return Arrays.stream(text.split(" ")).mapToInt(Integer::parseInt).toArray();
    }
}
