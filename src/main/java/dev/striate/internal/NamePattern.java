package dev.striate.internal;

import dev.striate.StriateException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Patterns of parameter names, in which {@code *} stands for any characters. All other characters are literal. */
public final class NamePattern {

    private NamePattern() {}

    /**
     * Returns the values whose names match a pattern.
     *
     * @param owner who has the parameters, for the error
     * @throws StriateException if there are none
     */
    public static <T> List<T> select(Object owner, Map<String, T> parameters, String pattern) {
        Pattern names = Pattern.compile(
                Arrays.stream(pattern.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")));
        List<T> found = parameters.entrySet().stream()
                .filter(entry -> names.matcher(entry.getKey()).matches())
                .map(Map.Entry::getValue)
                .toList();
        if (found.isEmpty()) {
            throw new StriateException(
                    owner + " has no parameter that matches \"" + pattern + "\"; it has " + parameters.keySet());
        }
        return found;
    }
}
