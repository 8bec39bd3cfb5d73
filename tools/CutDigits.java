import java.io.BufferedReader;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * Makes the data of {@code dev.striate.data.TinyDigits} from scikit-learn's digits.csv.gz. Each row of that file has 64
 * pixels from 0 to 16 and a label. Usage: {@code java tools/CutDigits.java digits.csv.gz
 * src/main/resources/dev/striate/data/tiny-digits.bin.gz}.
 *
 * <p>The rows of each digit are shuffled (Fisher and Yates; {@link Random} with a fixed seed, whose algorithm the Java
 * API specifies). The first 100 are for training, the next 20 for testing. Each part keeps the order of the source
 * file.
 */
public final class CutDigits {

    private static final int PIXELS = 64;
    private static final int DIGITS = 10;
    private static final int TRAIN_PER_DIGIT = 100;
    private static final int TEST_PER_DIGIT = 20;
    private static final long SEED = 1998;

    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 2) {
            System.err.println("usage: java tools/CutDigits.java digits.csv.gz OUTPUT");
            System.exit(2);
        }
        List<byte[]> rows = read(Path.of(arguments[0]));
        TreeSet<Integer> train = new TreeSet<>();
        TreeSet<Integer> test = new TreeSet<>();
        Random random = new Random(SEED);
        for (int digit = 0; digit < DIGITS; digit++) {
            List<Integer> own = shuffledRowsOf(digit, rows, random);
            train.addAll(own.subList(0, TRAIN_PER_DIGIT));
            test.addAll(own.subList(TRAIN_PER_DIGIT, TRAIN_PER_DIGIT + TEST_PER_DIGIT));
        }

        MessageDigest content = MessageDigest.getInstance("SHA-256");
        Path output = Path.of(arguments[1]);
        try (OutputStream file = Files.newOutputStream(output);
                GZIPOutputStream packed = new GZIPOutputStream(file) {
                    {
                        def.setLevel(9);
                    }
                };
                DataOutputStream out = new DataOutputStream(new DigestOutputStream(packed, content))) {
            out.writeBytes("TDIG");
            out.writeInt(train.size());
            out.writeInt(test.size());
            write(out, rows, train);
            write(out, rows, test);
        }
        MessageDigest whole = MessageDigest.getInstance("SHA-256");
        System.out.println("content sha256 " + HexFormat.of().formatHex(content.digest()));
        System.out.println("file    sha256 " + HexFormat.of().formatHex(whole.digest(Files.readAllBytes(output))));
        System.out.println("train rows (from 0): " + train);
        System.out.println("test rows (from 0):  " + test);
    }

    private static List<byte[]> read(Path source) throws IOException {
        List<byte[]> rows = new ArrayList<>();
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(new GZIPInputStream(Files.newInputStream(source)), StandardCharsets.US_ASCII))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] cells = line.split(",");
                if (cells.length != PIXELS + 1) {
                    throw new IOException(
                            "row " + rows.size() + ": expected " + (PIXELS + 1) + " cells, got " + cells.length);
                }
                byte[] row = new byte[PIXELS + 1];
                for (int i = 0; i < row.length; i++) {
                    int value = Integer.parseInt(cells[i]);
                    if (value < 0 || value > (i < PIXELS ? 16 : DIGITS - 1)) {
                        throw new IOException("row " + rows.size() + ", cell " + i + ": got " + value);
                    }
                    row[i] = (byte) value;
                }
                rows.add(row);
            }
        }
        return rows;
    }

    private static List<Integer> shuffledRowsOf(int digit, List<byte[]> rows, Random random) {
        List<Integer> own = new ArrayList<>();
        for (int row = 0; row < rows.size(); row++) {
            if (rows.get(row)[PIXELS] == digit) {
                own.add(row);
            }
        }
        for (int i = own.size() - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            Integer moved = own.get(i);
            own.set(i, own.get(other));
            own.set(other, moved);
        }
        return own;
    }

    private static void write(DataOutputStream out, List<byte[]> rows, TreeSet<Integer> part) throws IOException {
        for (int row : part) {
            out.write(rows.get(row), 0, PIXELS);
        }
        for (int row : part) {
            out.write(rows.get(row)[PIXELS]);
        }
    }
}
