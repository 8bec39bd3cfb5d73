package dev.striate.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.striate.StriateException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DownloadsTest {

    private static final String NAME = "set/raw/file.gz";
    private static final byte[] CONTENT = new byte[200_000];

    static {
        new Random(1).nextBytes(CONTENT);
    }

    private long arrived;

    @TempDir
    Path directory;

    private HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();

    /** The path and range of every request. */
    private final List<String> requests = new CopyOnWriteArrayList<>();

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.start();
        serve("/good", DownloadsTest::whole);
    }

    @AfterEach
    void stop() {
        server.stop(0);
        threads.shutdownNow();
    }

    @Test
    void fileIsFetchedOnce() throws IOException {
        List<Long> heard = new ArrayList<>();
        Downloads downloads = downloads().onProgress((file, source, bytes) -> heard.add(bytes));
        Path fetched = downloads.fetch(file("/good"));
        assertEquals(directory.resolve("set").resolve("raw").resolve("file.gz"), fetched);
        assertArrayEquals(CONTENT, Files.readAllBytes(fetched));
        assertFalse(Files.exists(part()));
        assertEquals(CONTENT.length, heard.get(heard.size() - 1));
        assertEquals(heard.stream().sorted().toList(), heard);
        downloads.fetch(file("/good"));
        downloads.offline(true).fetch(file("/good"));
        assertEquals(List.of("/good"), requests);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 200_000})
    void otherFilesThanThePublishedAreFetchedAgain(int size) throws IOException {
        Path target = downloads().fetch(file("/good"));
        Files.write(target, new byte[size]);
        String message = assertThrows(
                        StriateException.class, () -> downloads().offline(true).fetch(file("/good")))
                .getMessage();
        assertTrue(
                message.startsWith(
                        "cannot download in offline mode: " + target + " is not the published file. Download it"),
                message);
        check(downloads().fetch(file("/good")));
    }

    @Test
    void offlineSaysWhereToPutWhat() {
        StriateException e = assertThrows(
                StriateException.class, () -> downloads().offline(true).fetch(file("/good", "/other")));
        assertEquals(
                "cannot download in offline mode: " + directory.resolve(NAME) + " is missing. Download it from "
                        + uri("/good") + " or " + uri("/other") + " (200000 bytes, SHA-256 " + sha256(CONTENT)
                        + ") and save it as " + directory.resolve(NAME)
                        + "; or use --data DIR if the directory DIR contains the files of the data set",
                e.getMessage());
        assertEquals(List.of(), requests);
    }

    @ParameterizedTest
    @ValueSource(ints = {404, 403, 500, 503, 204})
    void nextSourceIsTriedAfterAnError(int status) throws IOException {
        serve("/bad", exchange -> exchange.sendResponseHeaders(status, -1));
        check(downloads().fetch(file("/bad", "/good")));
        assertEquals(List.of("/bad", "/good"), requests);
    }

    @Test
    void allFailuresAreTold() throws IOException {
        serve("/missing", exchange -> exchange.sendResponseHeaders(404, -1));
        serve("/broken", exchange -> exchange.sendResponseHeaders(500, -1));
        URI nobody;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nobody = URI.create("http://localhost:" + closed.getLocalPort() + "/");
        }
        RemoteFile file = new RemoteFile(
                NAME,
                CONTENT.length,
                sha256(CONTENT),
                List.of(uri("/missing"), uri("/broken"), nobody, URI.create("http://nowhere.invalid/")));
        String message = assertThrows(StriateException.class, () -> downloads().fetch(file))
                .getMessage();
        assertTrue(
                message.startsWith("cannot download " + NAME + ": " + uri("/missing") + ": status 404; "
                        + uri("/broken") + ": status 500; " + nobody
                        + ": connection refused; http://nowhere.invalid/: unknown host. "),
                message);
        assertTrue(
                message.endsWith(". Try again later, or download it from one of these addresses (200000 bytes, SHA-256 "
                        + sha256(CONTENT) + ") and save it as " + directory.resolve(NAME)
                        + "; or use --data DIR if the directory DIR contains the files of the data set"),
                message);
        assertFalse(Files.exists(directory.resolve(NAME)));
    }

    @Test
    void brokenConnectionGoesOnWhereItBroke() throws IOException {
        serve("/breaks", exchange -> {
            String range = exchange.getRequestHeaders().getFirst("Range");
            int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
            if (from > 0) {
                exchange.getResponseHeaders().set("Content-Range", "bytes " + from + "-199999/200000");
            }
            exchange.sendResponseHeaders(from > 0 ? 206 : 200, CONTENT.length - from);
            int sent = Math.min(70_000, CONTENT.length - from);
            exchange.getResponseBody().write(CONTENT, from, sent);
            exchange.getResponseBody().flush();
            awaitArrival(from + sent);
            // Closing before the announced length breaks the connection.
        });
        check(downloads().onProgress(this::arrived).fetch(file("/breaks")));
        assertEquals(List.of("/breaks", "/breaks bytes=70000-", "/breaks bytes=140000-"), requests);
    }

    @Test
    void partialFileOfAnEarlierRunIsContinued() throws IOException {
        leave(Arrays.copyOf(CONTENT, 123_456));
        serve("/ranges", DownloadsTest::rest);
        check(downloads().fetch(file("/ranges")));
        assertEquals(List.of("/ranges bytes=123456-"), requests);
    }

    @Test
    void serverMayIgnoreTheRange() throws IOException {
        leave(new byte[1000]);
        check(downloads().fetch(file("/good")));
        assertEquals(List.of("/good bytes=1000-"), requests);
    }

    /** What was there of an earlier attempt must not stay behind the 500 bytes that came of this one. */
    @Test
    void serverMayIgnoreTheRangeAndBreakOff() throws IOException {
        leave(new byte[1000]);
        serve("/early", exchange -> {
            exchange.sendResponseHeaders(200, CONTENT.length);
            exchange.getResponseBody().write(CONTENT, 0, 500);
            exchange.getResponseBody().flush();
            awaitArrival(500);
        });
        serve("/ranges", DownloadsTest::rest);
        check(downloads().onProgress(this::arrived).fetch(file("/early", "/ranges")));
        assertEquals(List.of("/early bytes=1000-", "/ranges bytes=500-"), requests);
    }

    @Test
    void completeButUncheckedFileNeedsNoServer() throws IOException {
        leave(CONTENT);
        check(downloads().fetch(file("/good")));
        assertEquals(List.of(), requests);
    }

    @Test
    void spoiltPartialFileIsFetchedAgainAsAWhole() throws IOException {
        serve("/ranges", DownloadsTest::rest);
        leave(new byte[1000]);
        check(downloads().fetch(file("/ranges")));
        assertEquals(List.of("/ranges bytes=1000-", "/ranges"), requests);
        Files.delete(directory.resolve(NAME));
        leave(new byte[300_000]);
        check(downloads().fetch(file("/ranges")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes 999-199999/200000", "bytes 1000-199999/200001", "nonsense", ""})
    void otherRangesThanAskedForAreNotUsed(String range) throws IOException {
        leave(Arrays.copyOf(CONTENT, 1000));
        serve("/odd", exchange -> {
            if (exchange.getRequestHeaders().containsKey("Range")) {
                exchange.getResponseHeaders().set("Content-Range", range);
                exchange.sendResponseHeaders(206, 3);
                exchange.getResponseBody().write(new byte[3]);
            } else {
                whole(exchange);
            }
        });
        check(downloads().fetch(file("/odd")));
        assertEquals(List.of("/odd bytes=1000-", "/odd"), requests);
    }

    @Test
    void unsatisfiableRangeStartsAgain() throws IOException {
        leave(Arrays.copyOf(CONTENT, 1000));
        serve("/short", exchange -> {
            if (exchange.getRequestHeaders().containsKey("Range")) {
                exchange.sendResponseHeaders(416, -1);
            } else {
                whole(exchange);
            }
        });
        check(downloads().fetch(file("/short")));
    }

    @Test
    void corruptContentIsNeverUsed() throws IOException {
        byte[] corrupt = CONTENT.clone();
        corrupt[100_000] ^= 1;
        serve("/corrupt", exchange -> send(exchange, corrupt));
        String message = refused("/corrupt");
        assertTrue(
                message.contains("the download has the SHA-256 " + sha256(corrupt) + ", expected " + sha256(CONTENT)),
                message);
        assertFalse(Files.exists(directory.resolve(NAME)));
        assertFalse(Files.exists(part()));
        assertEquals(List.of("/corrupt"), requests);
        check(downloads().fetch(file("/corrupt", "/good")));
    }

    /** A hotel's page that asks for a password, say; what was there before stays. */
    @Test
    void wrongLengthIsNotReceived() throws IOException {
        leave(Arrays.copyOf(CONTENT, 1000));
        serve("/page", exchange -> send(exchange, "please log in".getBytes(StandardCharsets.US_ASCII)));
        assertTrue(refused("/page").contains("/page: the file has 13 bytes there, expected 200000"), refused("/page"));
        assertEquals(1000, Files.size(part()));
    }

    /** Without a length the file could go on for ever. */
    @Test
    void endlessAnswersAreCutOff() throws IOException {
        serve("/endless", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            try (OutputStream out = exchange.getResponseBody()) {
                while (true) {
                    out.write(new byte[10_000]);
                }
            }
        });
        assertTrue(refused("/endless").contains("SHA-256"));
        assertFalse(Files.exists(part()));
    }

    @Test
    void shortAnswersWithoutALengthAreNoticed() throws IOException {
        serve("/chunked", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(CONTENT, 0, 5000);
            exchange.close();
        });
        String message = refused("/chunked");
        assertTrue(message.contains("it ended after 5000 of 200000 bytes"), message);
        assertEquals(
                message.indexOf("/chunked"), message.lastIndexOf("/chunked"), "the address is given once: " + message);
    }

    @Test
    void stalledAnswersAreGivenUp() throws IOException {
        CountDownLatch end = new CountDownLatch(1);
        serve("/stalls", exchange -> {
            exchange.sendResponseHeaders(200, CONTENT.length);
            exchange.getResponseBody().write(CONTENT, 0, 5000);
            exchange.getResponseBody().flush();
            await(end);
        });
        Downloads impatient = downloads().stallTimeout(Duration.ofMillis(150));
        String message = assertThrows(StriateException.class, () -> impatient.fetch(file("/stalls")))
                .getMessage();
        assertTrue(message.contains("nothing came for 0.15 s after 5000 of 200000 bytes"), message);
        assertEquals(5000, Files.size(part()));
        check(impatient.fetch(file("/stalls", "/good")));
        end.countDown();
    }

    @Test
    void serverThatNeverAnswersIsGivenUp() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            RemoteFile file = new RemoteFile(
                    NAME,
                    CONTENT.length,
                    sha256(CONTENT),
                    List.of(URI.create("http://localhost:" + silent.getLocalPort() + "/"), uri("/good")));
            // Long enough for the other server on a busy machine.
            check(downloads()
                    .connectTimeout(Duration.ofSeconds(5))
                    .stallTimeout(Duration.ofSeconds(1))
                    .fetch(file));
        }
    }

    /** Whatever a server answers, the next one is asked. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "SSH-2.0-OpenSSH\r\n",
                "HTTP/1.1 \0\0\0\177OK\r\n\r\n",
                "HTTP/1.1 99999999999 OK\r\n\r\n",
                "HTTP/1.1 301 M\r\nLocation: file:///nection: close\r\n\r\n",
                "HTTP/1.1 302 M\r\nLocation: http://a b/\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 307 M\r\nLocation: http:///\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 308 M\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 303 M\r\nLocation: http://localhost:99999999/\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 302 M\r\nLocation: \r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 302 M\r\nLocation: %zz\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 302 M\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: many\r\n\r\nzz\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\nx",
                "HTTP/1.1 206 OK\r\nContent-Range: bytes 99999999999999999999-1/2\r\n\r\n",
                "HTTP/1.1 401 U\r\nWWW-Authenticate: \r\n\r\n"
            })
    void answersThatAreWrongAreAFailureOfTheSource(String answer) throws Exception {
        try (ServerSocket odd = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            var unused = threads.submit(() -> {
                while (true) {
                    try (Socket socket = odd.accept()) {
                        socket.getInputStream().read(new byte[4096]);
                        socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
                    }
                }
            });
            RemoteFile file = new RemoteFile(
                    NAME,
                    CONTENT.length,
                    sha256(CONTENT),
                    List.of(URI.create("http://localhost:" + odd.getLocalPort() + "/"), uri("/good")));
            check(downloads().fetch(file));
        }
    }

    @Test
    void addressesWithoutAHostAreAFailureOfTheSource() throws IOException {
        check(downloads()
                .fetch(new RemoteFile(
                        NAME,
                        CONTENT.length,
                        sha256(CONTENT),
                        List.of(URI.create("https:///file"), URI.create("http:file"), uri("/good")))));
    }

    /** Of what a server sends, an error shows only what cannot harm a terminal, and not all of it. */
    @Test
    void answersAreShownInPart() throws Exception {
        String noise = "\u001b[31m".repeat(100);
        for (String answer :
                List.of("HTTP/1.1 " + noise + "\r\n\r\n", "HTTP/1.1 301 M\r\nLocation: " + noise + "\r\n\r\n")) {
            try (ServerSocket odd = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
                var unused = threads.submit(() -> {
                    try (Socket socket = odd.accept()) {
                        socket.getInputStream().read(new byte[4096]);
                        socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
                    }
                    return null;
                });
                RemoteFile file = new RemoteFile(
                        NAME,
                        CONTENT.length,
                        sha256(CONTENT),
                        List.of(URI.create("http://localhost:" + odd.getLocalPort() + "/")));
                String message = assertThrows(
                                StriateException.class, () -> downloads().fetch(file))
                        .getMessage();
                assertTrue(message.length() < 700 && message.indexOf('\u001b') < 0, message);
            }
        }
    }

    @Test
    void redirectsAreFollowed() throws IOException {
        redirect("/moved", "/further");
        redirect("/further", "/good");
        check(downloads().fetch(file("/moved")));
        assertEquals(List.of("/moved", "/further", "/good"), requests);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/moved", "file:///etc/hostname", "ftp://localhost/x", "jar:file:/x.jar!/y"})
    void loopsAndOtherSchemesAreNotFollowed(String to) throws IOException {
        redirect("/moved", to);
        String message = refused("/moved");
        assertTrue(message.contains("/moved: ") && message.contains("redirect to " + to), message);
        assertTrue(requests.size() <= 10, requests.toString());
    }

    @Test
    void httpsIsNotLeftForHttp() throws Exception {
        SSLContext before = SSLContext.getDefault();
        SSLContext own = selfSigned();
        HttpsServer secure = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        secure.setHttpsConfigurator(new HttpsConfigurator(own));
        secure.createContext("/good", exchange -> {
            try (exchange) {
                whole(exchange);
            }
        });
        secure.createContext("/moved", exchange -> {
            exchange.getResponseHeaders().set("Location", uri("/good").toString());
            exchange.sendResponseHeaders(302, -1);
            exchange.close();
        });
        secure.start();
        try {
            SSLContext.setDefault(own);
            URI https = URI.create("https://localhost:" + secure.getAddress().getPort() + "/");
            String message = assertThrows(
                            StriateException.class,
                            () -> downloads()
                                    .fetch(new RemoteFile(
                                            NAME, CONTENT.length, sha256(CONTENT), List.of(https.resolve("/moved")))))
                    .getMessage();
            assertTrue(
                    message.contains("/moved: status 302, a redirect to " + uri("/good") + ", not followed"), message);
            assertEquals(List.of(), requests);
            redirect("/upgrade", https.resolve("/good").toString());
            check(downloads().fetch(file("/upgrade")));
        } finally {
            SSLContext.setDefault(before);
            secure.stop(0);
        }
    }

    private SSLContext selfSigned() throws Exception {
        Path store = directory.resolve("keys");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "localhost",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "san=dns:localhost",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        "changeit")
                .redirectErrorStream(true)
                .start();
        keytool.getInputStream().transferTo(OutputStream.nullOutputStream());
        assertEquals(0, keytool.waitFor());
        KeyStore keys = KeyStore.getInstance(store.toFile(), "changeit".toCharArray());
        KeyManagerFactory ours = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        ours.init(keys, "changeit".toCharArray());
        TrustManagerFactory trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trusted.init(keys);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(ours.getKeyManagers(), trusted.getTrustManagers(), null);
        return context;
    }

    @Test
    void twoAtOnceFetchOnce() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        serve("/slow", exchange -> {
            asked.countDown();
            await(go);
            whole(exchange);
        });
        List<Future<Path>> both = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            both.add(threads.submit(() -> downloads().fetch(file("/slow"))));
        }
        asked.await();
        go.countDown();
        for (Future<Path> one : both) {
            check(one.get());
        }
        assertEquals(List.of("/slow"), requests);
    }

    /** The server answers when both processes are there, so that the second meets the first's lock. */
    @Test
    void twoProcessesAtOnceFetchOnce() throws Exception {
        CountDownLatch both = new CountDownLatch(2);
        serve("/ready", exchange -> {
            exchange.sendResponseHeaders(204, -1);
            both.countDown();
        });
        serve("/slow", exchange -> {
            await(both);
            whole(exchange);
        });
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            processes.add(new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xshare:auto",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Fetch.class.getName(),
                            directory.toString(),
                            uri("/").toString(),
                            sha256(CONTENT))
                    .inheritIO()
                    .start());
        }
        for (Process process : processes) {
            assertEquals(0, process.waitFor());
        }
        assertEquals(1, requests.stream().filter("/slow"::equals).count(), requests.toString());
        check(directory.resolve(NAME));
    }

    static final class Fetch {
        public static void main(String[] arguments) throws IOException {
            URI server = URI.create(arguments[1]);
            server.resolve("/ready").toURL().openStream().close();
            new Downloads(Path.of(arguments[0]))
                    .fetch(new RemoteFile(NAME, 200_000, arguments[2], List.of(server.resolve("/slow"))));
        }
    }

    @Test
    void anInterruptFromBeforeIsNamed() throws IOException {
        Thread.currentThread().interrupt();
        StriateException e =
                assertThrows(StriateException.class, () -> downloads().fetch(file("/good")));
        assertTrue(Thread.interrupted());
        assertTrue(e.getMessage().startsWith("interrupted while fetching " + NAME), e.getMessage());
        check(downloads().fetch(file("/good")));
    }

    @Test
    void interruptionKeepsWhatIsThere() throws Exception {
        CountDownLatch sent = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        serve("/stalls", exchange -> {
            exchange.sendResponseHeaders(200, CONTENT.length);
            exchange.getResponseBody().write(CONTENT, 0, 5000);
            exchange.getResponseBody().flush();
            await(end);
        });
        Thread[] fetching = new Thread[1];
        Future<StriateException> failure = threads.submit(() -> {
            fetching[0] = Thread.currentThread();
            return assertThrows(
                    StriateException.class,
                    () -> downloads()
                            .onProgress((file, source, bytes) -> sent.countDown())
                            .fetch(file("/stalls")));
        });
        sent.await();
        fetching[0].interrupt();
        assertTrue(failure.get().getMessage().startsWith("interrupted while fetching " + NAME));
        assertEquals(5000, Files.size(part()));
        end.countDown();
    }

    @Test
    void cacheThatCannotBeWrittenIsNamed() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        String message = assertThrows(StriateException.class, () -> new Downloads(file).fetch(file("/good")))
                .getMessage();
        assertTrue(message.startsWith("cannot keep " + NAME + " in the cache " + file), message);
        assertTrue(message.endsWith("choose another directory with the environment variable STRIATE_CACHE"), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/etc/x", "../x", "a/../x", "a//b", "a\\b", "C:x", ".", "a/"})
    void namesDoNotLeadOutOfTheCache(String name) {
        assertThrows(StriateException.class, () -> new RemoteFile(name, 1, sha256(CONTENT), List.of()));
    }

    @Test
    void remoteFilesAreChecked() {
        assertThrows(StriateException.class, () -> new RemoteFile("a", 0, sha256(CONTENT), List.of()));
        assertThrows(StriateException.class, () -> new RemoteFile("a", 1, "abc", List.of()));
        assertThrows(
                StriateException.class, () -> new RemoteFile("a", 1, sha256(CONTENT), List.of(URI.create("file:/x"))));
    }

    /** The way of MNIST, with files of its own. */
    @Test
    void dataSetIsFetchedAndRead() throws IOException {
        Path source = directory.resolve("source");
        MnistTest.writeAll(source, ".gz");
        List<RemoteFile> published = new ArrayList<>();
        for (String name : List.of(
                "train-images-idx3-ubyte.gz",
                "train-labels-idx1-ubyte.gz",
                "t10k-images-idx3-ubyte.gz",
                "t10k-labels-idx1-ubyte.gz")) {
            byte[] bytes = Files.readAllBytes(source.resolve(name));
            serve("/two/" + name, exchange -> send(exchange, bytes));
            published.add(IdxFiles.file(
                    "SET",
                    name,
                    bytes.length,
                    sha256(bytes),
                    List.of(uri("/one/").toString(), uri("/two/").toString())));
        }
        List<String> names = List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");
        Splits splits = new IdxFiles("SET", names, published).download(downloads());
        assertEquals(3, splits.train().size());
        assertTrue(Files.exists(directory.resolve("SET/raw/train-images-idx3-ubyte.gz")));
        for (StriateException e : List.of(
                assertThrows(
                        StriateException.class, () -> Mnist.download(downloads().offline(true))),
                assertThrows(
                        StriateException.class,
                        () -> FashionMnist.download(downloads().offline(true))),
                assertThrows(
                        StriateException.class,
                        () -> Cifar10.download(downloads().offline(true))),
                assertThrows(
                        StriateException.class,
                        () -> Cifar100.download(downloads().offline(true))),
                assertThrows(
                        StriateException.class,
                        () -> Cifar100.downloadCoarse(downloads().offline(true))))) {
            assertTrue(e.getMessage().startsWith("cannot download in offline mode: " + directory), e.getMessage());
        }
    }

    private Downloads downloads() {
        return new Downloads(directory);
    }

    private synchronized void arrived(RemoteFile file, URI source, long bytes) {
        arrived = bytes;
        notifyAll();
    }

    /** A connection that breaks may take along what is still under way: waits until the client has this much. */
    private synchronized void awaitArrival(long bytes) throws IOException {
        long end = System.nanoTime() + 30_000_000_000L;
        try {
            while (arrived < bytes && System.nanoTime() < end) {
                wait(1000);
            }
        } catch (InterruptedException e) {
            throw new IOException("interrupted", e);
        }
    }

    private RemoteFile file(String... paths) {
        return new RemoteFile(
                NAME,
                CONTENT.length,
                sha256(CONTENT),
                Arrays.stream(paths).map(this::uri).toList());
    }

    private URI uri(String path) {
        return URI.create("http://localhost:" + server.getAddress().getPort() + path);
    }

    private String refused(String path) {
        return assertThrows(StriateException.class, () -> downloads().fetch(file(path)))
                .getMessage();
    }

    private Path part() {
        return directory.resolve(NAME + ".part");
    }

    private void leave(byte[] bytes) throws IOException {
        Files.createDirectories(part().getParent());
        Files.write(part(), bytes);
    }

    @Test
    void timesThatAreNoneAreRefused() {
        Downloads downloads = downloads();
        for (Duration time : List.of(Duration.ZERO, Duration.ofMillis(-1), Duration.ofSeconds(Long.MAX_VALUE))) {
            assertEquals(
                    "Downloads: a time to wait is above 0 and at most " + Duration.ofDays(365) + ", got " + time,
                    assertThrows(StriateException.class, () -> downloads.connectTimeout(time))
                            .getMessage());
            assertThrows(StriateException.class, () -> downloads.stallTimeout(time));
        }
    }

    private static void check(Path fetched) throws IOException {
        assertArrayEquals(CONTENT, Files.readAllBytes(fetched));
    }

    private void serve(String path, HttpHandler handler) {
        server.createContext(path, exchange -> {
            String range = exchange.getRequestHeaders().getFirst("Range");
            requests.add(exchange.getRequestURI().getPath() + (range == null ? "" : " " + range));
            try (exchange) {
                handler.handle(exchange);
            }
        });
    }

    private void redirect(String path, String to) {
        serve(path, exchange -> {
            exchange.getResponseHeaders().set("Location", to);
            exchange.sendResponseHeaders(302, -1);
        });
    }

    private static void whole(HttpExchange exchange) throws IOException {
        send(exchange, CONTENT);
    }

    private static void rest(HttpExchange exchange) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        if (range == null) {
            whole(exchange);
            return;
        }
        int from = Integer.parseInt(range.replaceAll("\\D", ""));
        exchange.getResponseHeaders().set("Content-Range", "bytes " + from + "-199999/200000");
        exchange.sendResponseHeaders(206, CONTENT.length - from);
        exchange.getResponseBody().write(CONTENT, from, CONTENT.length - from);
    }

    private static void send(HttpExchange exchange, byte[] bytes) throws IOException {
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
