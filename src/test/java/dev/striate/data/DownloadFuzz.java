package dev.striate.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.striate.fuzz.FuzzFiles;
import dev.striate.fuzz.FuzzTarget;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The answers of a web server, separated by {@code ====} on a line of its own; the last one is repeated. A local server
 * stands in for every host by being the proxy, so that no redirect leaves the machine.
 */
public final class DownloadFuzz implements FuzzTarget {

    private static final byte[] CONTENT = "hello".getBytes(StandardCharsets.US_ASCII);
    private static final String SHA256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    private static final RemoteFile FILE = new RemoteFile(
            "file",
            CONTENT.length,
            SHA256,
            List.of(URI.create("http://one.example/file"), URI.create("http://two.example/file")));
    private static final String SEPARATOR = "\n====\n";

    private final FuzzFiles files = new FuzzFiles();
    private final Path target = files.path("file");
    private final Path part = files.path("file.part");
    private final ServerSocket server;
    private volatile String[] answers = {};
    private final AtomicInteger next = new AtomicInteger();

    /** Starts the server, which runs as long as the JVM. */
    public DownloadFuzz() {
        files.path("file.lock");
        try {
            server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread thread = new Thread(this::serve, "fuzz server");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void run(byte[] input) throws IOException {
        // Latin 1 keeps every byte.
        answers = new String(input, StandardCharsets.ISO_8859_1).split(SEPARATOR, -1);
        next.set(0);
        Files.deleteIfExists(target);
        Files.deleteIfExists(part);
        ProxySelector usual = ProxySelector.getDefault();
        ProxySelector.setDefault(ProxySelector.of((InetSocketAddress) server.getLocalSocketAddress()));
        try {
            Downloads downloads = new Downloads(files.directory())
                    .connectTimeout(Duration.ofSeconds(2))
                    .stallTimeout(Duration.ofSeconds(2));
            assertEquals(target, downloads.fetch(FILE));
            assertArrayEquals(CONTENT, Files.readAllBytes(target));
        } finally {
            ProxySelector.setDefault(usual);
        }
    }

    private void serve() {
        while (true) {
            try (Socket socket = server.accept()) {
                readHead(socket.getInputStream());
                String[] all = answers;
                String answer = all[Math.min(next.getAndIncrement(), all.length - 1)];
                socket.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
                socket.shutdownOutput();
            } catch (IOException e) {
                // The client gave up on this connection.
            }
        }
    }

    /** Reads a request to its empty line: a socket that is closed on unread bytes would lose the answer. */
    private static void readHead(InputStream in) throws IOException {
        int last = 0;
        while (last != ('\r' << 24 | '\n' << 16 | '\r' << 8 | '\n')) {
            int b = in.read();
            if (b < 0) {
                return;
            }
            last = last << 8 | b;
        }
    }
}
