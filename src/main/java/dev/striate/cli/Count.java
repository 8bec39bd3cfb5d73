package dev.striate.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A whole number from 1 to 999999. */
final class Count implements ITypeConverter<Integer> {

    @Override
    public Integer convert(String value) {
        if (!value.matches("0*[1-9]\\d{0,5}")) {
            throw new TypeConversionException("expected a whole number from 1 to 999999, got '" + value + "'");
        }
        return Integer.valueOf(value);
    }
}
