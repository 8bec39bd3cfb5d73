package dev.striate.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunPageTest {

    @Test
    void tablesKeepTheirOrderAndPicturesAndFilesAreLinked(@TempDir Path directory) throws IOException {
        Map<String, String> rows = new LinkedHashMap<>();
        rows.put("Test accuracy", "99.1 %");
        rows.put("Epochs", "10");
        new RunPage("LeNet-5 on MNIST")
                .table("Result", rows)
                .picture("curves.png", "Curves", "Loss and accuracy.")
                .file("result.json", "the figures")
                .write(directory.resolve("index.html"));
        String html = Files.readString(directory.resolve("index.html"));
        assertTrue(html.startsWith("<!DOCTYPE html>"), html);
        assertTrue(html.contains("<title>LeNet-5 on MNIST</title>"), html);
        assertTrue(html.indexOf("Test accuracy") < html.indexOf("Epochs"), html);
        assertTrue(html.contains("<th scope=\"row\">Epochs</th><td>10</td>"), html);
        assertTrue(html.contains("<source srcset=\"./curves.png 2x\"><img src=\"./curves.png\""), html);
        assertTrue(html.contains("alt=\"Curves: Loss and accuracy.\">"), html);
        assertTrue(html.contains("<a href=\"./result.json\">result.json</a>: the figures"), html);
        assertFalse(html.contains("http") || html.contains("<script") || html.contains("@import"), html);
    }

    @Test
    void textIsEscapedAndPercentSignsAreLeftAlone() {
        String html = new RunPage("<b>&\"")
                .table("100 %s", Map.of("<i>", "\"><script>alert(1)</script> 99 %d"))
                .picture("a.png", "\" onerror=\"x", "<u>")
                .file("b", "<s>")
                .html();
        for (String tag : new String[] {"<b>", "<i>", "<u>", "<s>", "<script>", "\" onerror"}) {
            assertFalse(html.contains(tag), html);
        }
        assertTrue(html.contains("<title>&lt;b&gt;&amp;&quot;</title>"), html);
        assertTrue(html.contains("100 %s") && html.contains("99 %d"), html);
    }

    @Test
    void linksAreRelativeWhateverTheFileIsCalled() {
        String html = new RunPage("Run")
                .file("mean 50 %/\u00fc\"#?.png", "")
                .file("javascript:alert(1)", "")
                .html();
        assertTrue(html.contains("href=\"./mean%2050%20%25/%C3%BC%22%23%3F.png\""), html);
        assertTrue(html.contains("href=\"./javascript%3Aalert%281%29\""), html);
    }

    @Test
    void aPageWithoutFilesHasNoListOfThem() {
        assertEquals(-1, new RunPage("Run").html().indexOf("<ul>"));
    }
}
