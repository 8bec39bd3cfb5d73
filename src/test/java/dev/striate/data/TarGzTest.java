package dev.striate.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.StriateException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TarGzTest {

    @TempDir
    Path directory;

    @Test
    void filesComeInTheirOrderWithTheirContents() throws IOException {
        Path archive = archive(new Tar()
                .entry("a/", "", '5', new byte[0])
                .file("a/x", text("hello"))
                .file("empty", text(""))
                .file("a/block", new byte[512])
                .entry("y", "long/prefix", '0', text("end")));
        Map<String, String> read = read(archive);
        assertEquals(List.of("a/x", "empty", "a/block", "long/prefix/y"), List.copyOf(read.keySet()));
        assertEquals("hello", read.get("a/x"));
        assertEquals("", read.get("empty"));
        assertEquals("end", read.get("long/prefix/y"));
    }

    @Test
    void longNamesOfGnuAndPaxAreKnown() throws IOException {
        String name = "deep/".repeat(40) + "file";
        String path = "path=" + name + "\n";
        String record = path.length() + 4 + " " + path;
        Map<String, String> read = read(archive(new Tar()
                .entry("././@LongLink", "", 'L', text(name + "1\0"))
                .file("cut", text("1"))
                .entry("PaxHeaders/x", "", 'x', text("20 mtime=1234567.89\n" + record + "10 size=3\n"))
                .file("cut", text("abc"))
                .entry("global", "", 'g', text("15 path=nonsense\n"))
                .file("short", text("2"))));
        assertEquals(Map.of(name + "1", "1", name, "abc", "short", "2"), read);
    }

    /** Names are nothing but names: there is no disk that they could lead to. */
    @Test
    void nothingIsWrittenAndNoLinkIsFollowed() throws IOException {
        Path archive = archive(new Tar()
                .file("../outside", text("1"))
                .file("/tmp/absolute", text("2"))
                .entry("link", "", '2', new byte[0])
                .entry("hard", "", '1', new byte[0])
                .entry("device", "", '3', new byte[0])
                .file("link/through", text("3")));
        Map<String, String> read = read(archive);
        assertEquals(List.of("../outside", "/tmp/absolute", "link/through"), List.copyOf(read.keySet()));
        try (var files = Files.list(directory)) {
            assertEquals(List.of(archive), files.toList());
        }
        // A file under a misleading name is not taken for one of the data set.
        Path cifar = directory.resolve("cifar-10-binary.tar.gz");
        new Tar().file("../cifar-10-batches-bin/test_batch.bin", new byte[3073]).writeTo(cifar);
        assertTrue(assertThrows(StriateException.class, () -> Cifar10.read(directory))
                .getMessage()
                .contains("lacks"));
    }

    @Test
    void visitorNeedNotReadAll() throws IOException {
        Path archive = archive(new Tar().file("a", new byte[5000]).file("b", text("hello")));
        StringBuilder seen = new StringBuilder();
        TarGz.forEach(archive, (name, in) -> seen.append(name).append((char) in.readByte("a byte")));
        assertEquals("a\0bh", seen.toString());
    }

    @Test
    void visitorCannotReadBeyondItsFile() throws IOException {
        Path archive = archive(new Tar().file("a", text("hello")).file("b", text("hello")));
        StriateException e = assertThrows(
                StriateException.class,
                () -> TarGz.forEach(archive, (name, in) -> in.readFully(new byte[6], 0, 6, "six bytes")));
        assertEquals(
                archive + "!/a, byte 5: the file ends here, within six bytes, 1 bytes too early; it is truncated",
                e.getMessage());
    }

    @Test
    void truncatedArchivesAreRefused() throws IOException {
        byte[] tar = new Tar().file("a", text("hello")).file("b", new byte[700]).end();
        Path archive = directory.resolve("x.tar.gz");
        for (int length = 0; length <= 3 * 512 + 1024; length += 64) {
            Tar.write(archive, Arrays.copyOf(tar, length));
            assertTrue(
                    refused(archive).contains("truncated") || refused(archive).contains("more than can follow"),
                    length + ": " + refused(archive));
        }
        Tar.write(archive, tar);
        byte[] packed = Files.readAllBytes(archive);
        for (int length = 0; length < packed.length; length++) {
            Files.write(archive, Arrays.copyOf(packed, length));
            assertTrue(refused(archive).contains("truncated"), length + ": " + refused(archive));
        }
        packed[packed.length - 5] ^= 1;
        Files.write(archive, packed);
        assertTrue(refused(archive).contains(archive.toString()));
    }

    @Test
    void malformedHeadersAreRefused() throws IOException {
        Path archive = directory.resolve("x.tar.gz");
        byte[] tar = new Tar().file("a", text("hello")).end();
        tar[0] = 'b';
        Tar.write(archive, tar);
        assertEquals(
                archive + " (unpacked), byte 0: this is no header of tar: its checksum is wrong", refused(archive));
        Tar.write(
                archive, new Tar().entry("a", "", 'L', new byte[(1 << 20) + 1]).end());
        assertTrue(
                refused(archive).contains("byte 512: an extended header of tar has 1048577 bytes"), refused(archive));
        Tar.write(
                archive,
                new Tar()
                        .entry("x", "", 'x', text("12 size=9x9\n"))
                        .file("a", text(""))
                        .end());
        assertTrue(refused(archive).contains("\"9x9\" for a number"), refused(archive));
        Tar.write(
                archive,
                new Tar()
                        .entry("x", "", 'x', text("31 size=9999999999999999999999\n"))
                        .file("a", text(""))
                        .end());
        assertTrue(refused(archive).contains("for a number"), refused(archive));
        Tar.write(
                archive,
                new Tar()
                        .entry("x", "", 'x', text("23 size=99999999999999\n"))
                        .file("a", text(""))
                        .end());
        assertTrue(refused(archive).contains("99999999999999 bytes, more than can follow"), refused(archive));
    }

    @Test
    void emptyMembersOfGzipAreSkipped() throws IOException {
        byte[] archive = Tar.packed(new Tar().file("a", text("hello")).end());
        Path file = directory.resolve("members.tar.gz");
        Files.write(file, concatenated(emptyMembers(50), archive));
        assertEquals(Map.of("a", "hello"), read(file));
        // Java would recurse for each.
        Files.write(file, concatenated(emptyMembers(100_000), archive));
        assertTrue(refused(file).contains("more than 100 empty members"), refused(file));
    }

    @Test
    void archivesThatUnpackToTooMuchAreRefused() throws IOException {
        Path skipped = archive(new Tar().entry("folder", "", '5', new byte[70_000_000]));
        assertTrue(refused(skipped).contains("more than can follow"), refused(skipped));
        Path after = directory.resolve("after.tar.gz");
        Files.write(
                after,
                concatenated(Tar.packed(new Tar().file("a", text("hello")).end()), Tar.packed(new byte[70_000_000])));
        assertTrue(refused(after).contains("unpacks to more than 67108864 bytes"), refused(after));
    }

    private static byte[] emptyMembers(int count) throws IOException {
        byte[] member = Tar.packed(new byte[0]);
        byte[] members = new byte[count * member.length];
        for (int i = 0; i < count; i++) {
            System.arraycopy(member, 0, members, i * member.length, member.length);
        }
        return members;
    }

    private static byte[] concatenated(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private Path archive(Tar tar) throws IOException {
        Path file = directory.resolve("archive.tar.gz");
        tar.writeTo(file);
        return file;
    }

    private static Map<String, String> read(Path archive) {
        Map<String, String> read = new LinkedHashMap<>();
        TarGz.forEach(
                archive,
                (name, in) -> read.put(name, new String(in.read((int) in.most(), "the file"), StandardCharsets.UTF_8)));
        return read;
    }

    private static String refused(Path archive) {
        return assertThrows(StriateException.class, () -> TarGz.forEach(archive, (name, in) -> {}))
                .getMessage();
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
