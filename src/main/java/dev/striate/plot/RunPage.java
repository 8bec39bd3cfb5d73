package dev.striate.plot;

import dev.striate.disk.AtomicFile;
import dev.striate.disk.PrintableText;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * An HTML page that reports a training run. It is a single file without scripts, and all its links are relative: it can
 * be opened from disk, and the folder can be moved.
 *
 * <pre>{@code
 * new RunPage("LeNet-5 on MNIST")
 *         .table("Result", Map.of("Test accuracy", "99.1 %"))
 *         .picture("curves.png", "Training curves", "Loss, accuracy and learning rate after each epoch.")
 *         .file("model.safetensors", "the model and checkpoint after the last epoch")
 *         .write(directory.resolve("index.html"));
 * }</pre>
 */
public final class RunPage {

    private static final String STYLE = """
            :root { color-scheme: light dark; --line: #d8d8d8; --faint: #6e6e6e; --link: #0062a3; }
            @media (prefers-color-scheme: dark) { :root { --line: #444; --faint: #a8a8a8; --link: #7cc4ff; } }
            body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
            h1 { font-size: 1.6rem; line-height: 1.25; }
            h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
            p { margin: .25rem 0 .75rem; }
            a { color: var(--link); }
            table { border-collapse: collapse; max-width: 100%; }
            th, td { text-align: left; vertical-align: top; padding: .3rem 1.5rem .3rem 0; border-bottom: 1px solid var(--line); }
            th { font-weight: normal; color: var(--faint); }
            td { overflow-wrap: anywhere; }
            img { max-width: 100%; height: auto; display: block; box-sizing: border-box; background: #fff;
                border: 1px solid var(--line); border-radius: 6px; }
            """;

    private final String title;
    private final StringBuilder body = new StringBuilder();
    private final List<String> files = new ArrayList<>();

    /** Creates an empty page. */
    public RunPage(String title) {
        this.title = title;
    }

    /** Adds a table with two columns, in the order of the map. */
    public RunPage table(String heading, Map<String, String> rows) {
        body.append("<h2>").append(escape(heading)).append("</h2>\n<table>\n");
        rows.forEach((name, value) ->
                body.append("<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n".formatted(escape(name), escape(value))));
        body.append("</table>\n");
        return this;
    }

    /**
     * Adds a picture that lies in the directory of the page or below it.
     *
     * @param file    the path relative to that directory, with slashes
     * @param caption describes the picture
     */
    public RunPage picture(String file, String heading, String caption) {
        String link = link(file);
        // The density of a source element applies on every screen, that of an img's srcset does not. A click shows the
        // full size.
        body.append("""
                <h2>%s</h2>
                <p>%s</p>
                <a href="%s"><picture><source srcset="%s %dx"><img src="%s" alt="%s"></picture></a>
                """.formatted(
                escape(heading), escape(caption), link, link, Canvas.DENSITY, link, escape(heading + ": " + caption)));
        return this;
    }

    /** Adds a link to the list of files at the end of the page. */
    public RunPage file(String file, String description) {
        files.add("<li><a href=\"%s\">%s</a>: %s</li>\n".formatted(link(file), escape(file), escape(description)));
        return this;
    }

    /**
     * Writes the page. The write is atomic and replaces an existing file.
     *
     * @throws dev.striate.StriateException if the file cannot be written
     */
    public void write(Path file) {
        AtomicFile.write(file, html());
    }

    String html() {
        String list = files.isEmpty() ? "" : "<h2>Files</h2>\n<ul>\n" + String.join("", files) + "</ul>\n";
        return """
                <!DOCTYPE html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <title>%s</title>
                <style>
                %s</style>
                </head>
                <body>
                <h1>%s</h1>
                %s%s</body>
                </html>
                """.formatted(escape(title), STYLE, escape(title), body, list);
    }

    /** Escapes text for an element or a quoted attribute. */
    private static String escape(String text) {
        return PrintableText.of(text)
                .replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }

    /** A relative path as a link. All special characters are percent-encoded, so the result needs no HTML escaping. */
    private static String link(String file) {
        StringBuilder link = new StringBuilder("./");
        for (byte octet : file.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (octet & 0xFF);
            boolean plain = c < 128 && (Character.isLetterOrDigit(c) || "-._~/".indexOf(c) >= 0);
            link.append(plain ? Character.toString(c) : String.format("%%%02X", (int) c));
        }
        return link.toString();
    }
}
