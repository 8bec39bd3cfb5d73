package dev.striate.cli;

import dev.striate.io.Image;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The option that limits the size of pictures. */
final class PictureOptions {

    @Option(
            names = "--max-pixels",
            paramLabel = "N",
            converter = Pixels.class,
            description =
                    "Refuse pictures of more than N pixels, width times height; time and memory grow with N (default:"
                            + " ${DEFAULT-VALUE}).")
    private int maxPixels = Image.DEFAULT_MAX_PIXELS;

    int maxPixels() {
        return maxPixels;
    }

    private static final class Pixels implements ITypeConverter<Integer> {

        @Override
        public Integer convert(String value) {
            if (!value.matches("0*[1-9]\\d{0,8}") || Integer.parseInt(value) > Image.HIGHEST_MAX_PIXELS) {
                throw new TypeConversionException(
                        "expected a whole number from 1 to " + Image.HIGHEST_MAX_PIXELS + ", got '" + value + "'");
            }
            return Integer.valueOf(value);
        }
    }
}
