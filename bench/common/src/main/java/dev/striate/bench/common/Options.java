package dev.striate.bench.common;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A command line. The usage text defines the options: {@code --threads N (1)} takes a value and has a default, {@code
 * --quick} takes none.
 */
public final class Options {

    private static final Pattern OPTION = Pattern.compile("(--[a-z0-9-]+)( [A-Z]\\S*)?(?: \\((.*?)\\))?");

    private final Map<String, String> values = new LinkedHashMap<>();
    private final List<String> operands = new ArrayList<>();

    private Options() {}

    /** Parses a command line, or prints what is wrong and exits with 2. */
    public static Options parse(String[] args, String usage) {
        Options options = new Options();
        Map<String, Boolean> takesValue = new LinkedHashMap<>();
        Matcher m = OPTION.matcher(usage);
        while (m.find()) {
            takesValue.put(m.group(1), m.group(2) != null);
            if (m.group(3) != null) {
                options.values.put(m.group(1), m.group(3));
            }
        }
        for (int i = 0; i < args.length; i++) {
            if (!args[i].startsWith("--")) {
                options.operands.add(args[i]);
            } else if (!takesValue.containsKey(args[i])) {
                fail("unknown option '" + args[i] + "'; options: " + usage);
            } else if (!takesValue.get(args[i])) {
                options.values.put(args[i], "");
            } else if (i + 1 == args.length) {
                fail(args[i] + " needs a value; options: " + usage);
            } else {
                options.values.put(args[i], args[++i]);
            }
        }
        return options;
    }

    /** Prints a message and exits with 2. */
    public static void fail(String message) {
        System.err.println(message);
        System.exit(2);
    }

    /** Returns the arguments that are not options. */
    public List<String> operands() {
        return operands;
    }

    public boolean has(String name) {
        return values.containsKey(name);
    }

    /** Returns a value, or null if it is missing and has no default. */
    public @Nullable String get(String name) {
        return values.get(name);
    }

    public double seconds(String name) {
        double value = -1;
        try {
            value = Double.parseDouble(values.get(name));
        } catch (NumberFormatException e) {
            // Reported below.
        }
        if (!(value >= 0)) {
            fail(name + ": expected a number of seconds, got \"" + values.get(name) + "\"");
        }
        return value;
    }

    public int integer(String name) {
        return integer(name, values.get(name), 1);
    }

    /** Parses an integer in the value of an option. */
    public static int integer(String name, String value, int least) {
        int number = Integer.MIN_VALUE;
        try {
            number = Integer.parseInt(value);
        } catch (NumberFormatException e) {
            // Reported below.
        }
        if (number < least) {
            fail(name + ": expected an integer of at least " + least + ", got \"" + value + "\"");
        }
        return number;
    }

    /** Returns a filter of rows: the regular expression must match a part of the name. */
    public boolean wants(String row) {
        return !has("--only")
                || Pattern.compile(values.get("--only")).matcher(row).find();
    }
}
