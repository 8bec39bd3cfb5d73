package dev.striate.generator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes the loops of {@code backend/cpu/simd}, each in a vector and a scalar version. The build runs it before it
 * compiles the library; {@code Generate SOURCES TARGET} reads the interfaces below SOURCES and writes below TARGET.
 */
public final class Generate {

    private static final String FOLDER = "dev/striate/backend/cpu/simd";

    private Generate() {}

    public static void main(String[] arguments) throws IOException {
        Path sources = Path.of(arguments[0], FOLDER);
        Path target = Files.createDirectories(Path.of(arguments[1], FOLDER));

        Loops elementwise = new Loops("ElementwiseKernels");
        Functions.write(elementwise);
        Updates.write(elementwise);
        write(target, elementwise, null, null);

        Loops products = new Loops("ProductKernels");
        Tiles.writeProducts(products);
        Sums.writeDots(products);
        write(target, products, null, "ScalarProductTiles");

        Loops convolution = new Loops("ConvKernels");
        Tiles.writeConvolution(convolution);
        Copies.write(convolution);
        write(target, convolution, "VectorCopies", null);

        Loops dots = new Loops("DotTiles");
        Tiles.writeDots(dots);
        write(target, dots, null, null);

        Loops flat = new Loops("FlatKernels");
        Sums.write(flat);
        write(target, flat, "VectorPooling", "ScalarPooling");

        Loops winograd = new Loops("WinogradKernels");
        Winograd.write(winograd);
        Tiles.writeWinograd(winograd);
        write(target, winograd, "WinogradLoops", "ScalarWinogradTiles");

        for (String name : new String[] {
            "ElementwiseKernels", "ProductKernels", "ConvKernels", "DotTiles", "FlatKernels", "WinogradKernels"
        }) {
            String source = Files.readString(sources.resolve(name + ".java"));
            write(target.resolve("Warming" + name + ".java"), Warming.write(name, source));
        }
    }

    private static void write(Path target, Loops loops, String vectorSuperclass, String scalarSuperclass)
            throws IOException {
        write(target.resolve(loops.vectorName() + ".java"), loops.vectorSource(vectorSuperclass));
        if (loops.hasScalar()) {
            write(target.resolve(loops.scalarName() + ".java"), loops.scalarSource(scalarSuperclass));
        }
    }

    /** A file that would not change is left alone, so that nothing is compiled again. */
    private static void write(Path file, String text) throws IOException {
        if (!Files.exists(file) || !Files.readString(file).equals(text)) {
            Files.writeString(file, text);
        }
    }
}
