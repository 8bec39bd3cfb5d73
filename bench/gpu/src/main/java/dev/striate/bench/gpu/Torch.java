package dev.striate.bench.gpu;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The other side: {@code torch_peer.py} as a process of its own, asked a line at a time. It answers {@code ok ...} or
 * {@code error WHY}; the head of the script tells the requests.
 */
final class Torch implements AutoCloseable {

    private final Process process;
    private final BufferedReader answers;
    private final OutputStream requests;
    private final String versions;
    private final List<String> modes;

    private Torch(Process process) throws IOException {
        this.process = process;
        answers = process.inputReader(StandardCharsets.UTF_8);
        requests = process.getOutputStream();
        String[] hello = ask("hello").split("\t");
        versions = hello[0];
        modes = List.of(hello[1].split(","));
    }

    /**
     * Starts it.
     *
     * @param log takes what it says besides
     * @throws IOException if there is no such Python, or it has no torch
     */
    static Torch start(String python, Path script, File log) throws IOException {
        return new Torch(new ProcessBuilder(python, "-u", script.toString())
                .redirectError(log)
                .start());
    }

    /** What it runs on. */
    String versions() {
        return versions;
    }

    /** {@code eager}, and with CUDA {@code graph}, {@code tf32-eager} and {@code tf32-graph}. */
    List<String> modes() {
        return modes;
    }

    /** Prepares a row's work, and returns what came out of it in float32. */
    List<Digest> prepare(String request) throws IOException {
        String[] words = ask(request).split(" ");
        List<Digest> digests = new ArrayList<>();
        for (int i = 0; i + 2 < words.length; i += 3) {
            digests.add(new Digest(words[i], Double.parseDouble(words[i + 1]), Double.parseDouble(words[i + 2])));
        }
        return digests;
    }

    /** Seconds of one call, over as many as fill a time. */
    double sample(String mode, double seconds) throws IOException {
        return Double.parseDouble(ask("sample " + mode + " " + seconds));
    }

    private String ask(String request) throws IOException {
        requests.write((request + "\n").getBytes(StandardCharsets.UTF_8));
        requests.flush();
        String answer = answers.readLine();
        if (answer == null || !answer.startsWith("ok")) {
            throw new IOException(answer == null ? "PyTorch exited; see its log" : "PyTorch: " + answer);
        }
        return answer.substring(2).strip();
    }

    /** Ends it. */
    @Override
    public void close() {
        process.destroy();
    }
}
