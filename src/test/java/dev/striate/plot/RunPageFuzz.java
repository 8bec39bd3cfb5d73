package dev.striate.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.striate.fuzz.FuzzTarget;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Names that get into a run's page: they are text there, whatever characters they have. */
public final class RunPageFuzz implements FuzzTarget {

    @Override
    public void run(byte[] input) {
        String given = new String(input, StandardCharsets.UTF_8);
        String page = page(given);
        String plain = page("plain");
        for (char mark : new char[] {'<', '>', '"'}) {
            assertEquals(count(plain, mark), count(page, mark), () -> "the page's number of " + mark);
        }
    }

    private static String page(String text) {
        return new RunPage(text)
                .table(text, Map.of(text, text))
                .picture(text, text, text)
                .file(text, text)
                .html();
    }

    private static long count(String text, char mark) {
        return text.chars().filter(c -> c == mark).count();
    }
}
