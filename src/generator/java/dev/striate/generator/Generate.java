package dev.striate.generator;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes the loops of {@code backend/cpu/simd}: their vector versions, and the scalar versions of most. The build runs
 * it before it compiles the library; {@code Generate SOURCES TARGET} reads the interfaces below SOURCES and writes
 * below TARGET.
 */
public final class Generate {

    private static final String FOLDER = "dev/striate/backend/cpu/simd";

    private final Path sources;
    private final Path target;
    private final Set<Path> written = new HashSet<>();

    private Generate(Path sources, Path target) {
        this.sources = sources;
        this.target = target;
    }

    public static void main(String[] arguments) throws IOException {
        Path sources = Path.of(arguments[0], FOLDER);
        Path target = Files.createDirectories(Path.of(arguments[1], FOLDER));
        Generate to = new Generate(sources, target);
        to.write("ElementwiseKernels", null, null, Functions::write, Updates::write);
        to.write("ProductKernels", null, "ScalarProductTiles", Tiles::writeProducts, Sums::writeDots);
        to.write("ConvKernels", "VectorCopies", null, Tiles::writeConvolution, Copies::write);
        to.write("DotTiles", null, null, Tiles::writeDots);
        to.write("ReductionKernels", "VectorPooling", "ScalarPooling", Sums::write);
        to.write("WinogradKernels", "WinogradLoops", "ScalarWinogradTiles", Winograd::write, Tiles::writeWinograd);
        to.deleteOthers();
    }

    /** Deletes the files of families that were renamed or removed since the last build. */
    private void deleteOthers() throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(target)) {
            for (Path file : files) {
                if (!written.contains(file)) {
                    Files.delete(file);
                }
            }
        }
    }

    /**
     * Writes a family of loops: the two versions of the interface {@code name}, and the class that switches from one to
     * the other.
     *
     * @param vectorSuperclass the class that has what is written by hand, or null for none; so for the scalar version
     */
    @SafeVarargs
    private void write(
            String name,
            @Nullable String vectorSuperclass,
            @Nullable String scalarSuperclass,
            Consumer<Loops>... descriptions)
            throws IOException {
        Contract contract = new Contract(sources.resolve(name + ".java"));
        List<Contract> contracts = new ArrayList<>(List.of(contract));
        if (vectorSuperclass != null) {
            contracts.add(new Contract(sources.resolve(vectorSuperclass + ".java")));
        }
        Loops loops = new Loops(name, contracts);
        for (Consumer<Loops> description : descriptions) {
            description.accept(loops);
        }
        write(loops.vectorName(), loops.vectorSource(vectorSuperclass));
        if (loops.hasScalar()) {
            write(loops.scalarName(), loops.scalarSource(scalarSuperclass));
        }
        write("Warming" + name, Warming.write(name, contract));
    }

    /** A file that would not change is left alone, so that nothing is compiled again. */
    private void write(String className, String text) throws IOException {
        Path file = target.resolve(className + ".java");
        written.add(file);
        if (!Files.exists(file) || !Files.readString(file).equals(text)) {
            Files.writeString(file, text);
        }
    }
}
