package dev.striate.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.striate.Generator;
import dev.striate.StriateException;
import dev.striate.disk.PrintableText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Parses the metadata of a checkpoint. Invalid values of any kind cause a {@link StriateException}. */
record CheckpointFields(Path file, Map<String, String> all) {

    private static final String SEPARATOR = "/";

    String text(String key) {
        String value = all.get(key);
        if (value == null) {
            throw new StriateException(file + " is a damaged checkpoint: it lacks " + key);
        }
        return value;
    }

    void expect(String key, String... values) {
        if (!List.of(values).contains(text(key))) {
            throw wrong(key, String.join(" or ", values) + "; it may be of a newer version");
        }
    }

    /** Returns a whole number of at least 0. */
    long whole(String key) {
        try {
            long value = Long.parseLong(text(key));
            if (value >= 0) {
                return value;
            }
        } catch (NumberFormatException e) {
            // The same message.
        }
        throw wrong(key, "a whole number of at least 0");
    }

    int whole(String key, int least, int most) {
        long value = whole(key);
        if (value < least || value > most) {
            throw wrong(key, least == most ? "" + least : least + " to " + most);
        }
        return (int) value;
    }

    /** Returns a finite number of at least 0. */
    double number(String key) {
        double value = finite(key);
        if (value >= 0) {
            return value;
        }
        throw wrong(key, "a finite number of at least 0");
    }

    double finite(String key) {
        double value = anyNumber(key);
        if (Double.isFinite(value)) {
            return value;
        }
        throw wrong(key, "a finite number");
    }

    /** Returns a number, which may be infinite or NaN. */
    double anyNumber(String key) {
        try {
            return Double.parseDouble(text(key));
        } catch (NumberFormatException e) {
            throw wrong(key, "a number");
        }
    }

    boolean has(String key) {
        return all.containsKey(key);
    }

    /** Returns a boolean; false if the key is missing, as in files of older versions. */
    boolean flag(String key) {
        String value = all.getOrDefault(key, "false");
        if (!value.equals("true") && !value.equals("false")) {
            throw wrong(key, "true or false");
        }
        return value.equals("true");
    }

    List<EpochEnd> history(String key) {
        try {
            return HistoryJson.read(text(key));
        } catch (JsonProcessingException e) {
            throw wrong(key, "a list of epochs (" + PrintableText.excerpt(e.getOriginalMessage()) + ")");
        } catch (IOException e) {
            throw new AssertionError("reading a string cannot fail", e);
        }
    }

    static String text(Generator generator) {
        return generator.seed() + SEPARATOR + generator.stream();
    }

    Generator generator(String key) {
        String[] parts = text(key).split(SEPARATOR, 3);
        if (parts.length == 2) {
            try {
                return new Generator(Long.parseLong(parts[0]), Long.parseLong(parts[1]));
            } catch (NumberFormatException e) {
                // The same message.
            }
        }
        throw wrong(key, "a seed and a stream");
    }

    /** Returns the keys that start with a prefix, mapped to their remainders. */
    Map<String, String> startingWith(String prefix) {
        Map<String, String> found = new LinkedHashMap<>();
        for (String key : all.keySet()) {
            if (key.startsWith(prefix)) {
                found.put(key, key.substring(prefix.length()));
            }
        }
        return found;
    }

    private StriateException wrong(String key, String expected) {
        return new StriateException(file + " is a damaged checkpoint: " + PrintableText.excerpt(key) + " is "
                + PrintableText.excerpt(String.valueOf(all.get(key))) + ", expected " + expected);
    }
}
