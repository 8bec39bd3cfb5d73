package dev.striate.data;

import dev.striate.StriateException;
import dev.striate.disk.AtomicFile;
import dev.striate.disk.PrintableText;
import dev.striate.disk.Sha256;
import dev.striate.disk.UserCache;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Flow;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Fetches published files once into a cache directory.
 *
 * <p>A file gets its name there when it is complete and its SHA-256 is right, by an atomic rename. Until then its bytes are in
 * {@code NAME.part}, from where a later call goes on. A file that is there already is checked as well, whoever put it there.
 * Sources are tried in order, and one whose connection breaks is asked for the rest. Several processes may fetch the same file
 * at once: one does, the others wait for it. Redirects are followed, but not from https to http. The proxy is that of the system
 * properties ({@code https.proxyHost}).
 *
 * <p>Settings count from the next {@link #fetch} on.
 */
public final class Downloads {

    /** Hears how a download goes on, on the thread that fetches. */
    @FunctionalInterface
    public interface Progress {

        /**
         * Some more bytes are there. Called for every piece that arrives, some KiB each.
         *
         * @param file   what is being fetched
         * @param source from where
         * @param bytes  how many of its bytes are there, those of an earlier attempt included
         */
        void progress(RemoteFile file, URI source, long bytes);
    }

    /** The system property that names another cache directory; see {@link UserCache}. */
    public static final String CACHE_PROPERTY = UserCache.PROPERTY;

    /** How often in a row a source may break off before the next one is tried. */
    private static final int ATTEMPTS = 5;

    /** So that points in time and sums of times stay within what the clock can say. */
    private static final Duration LONGEST_WAIT = Duration.ofDays(365);

    private static final int OK = 200;
    private static final int PARTIAL_CONTENT = 206;
    private static final int RANGE_NOT_SATISFIABLE = 416;
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d+)-\\d+/(\\d+|\\*)");

    /** One per file within this process, as file locks are for processes only. */
    private static final Map<Path, Object> LOCKS = new ConcurrentHashMap<>();

    private final Path directory;
    private boolean offline;
    private Duration connectTimeout = Duration.ofSeconds(15);
    private Duration stallTimeout = Duration.ofSeconds(30);
    private Progress progress = (file, source, bytes) -> {};

    /** With a cache directory of one's own, which is made when it is needed. */
    public Downloads(Path directory) {
        this.directory = directory.toAbsolutePath().normalize();
    }

    /** With {@linkplain UserCache the user's cache directory}. */
    public static Downloads inUserCache() {
        return new Downloads(UserCache.directory());
    }

    /** Whether to use only what is in the cache; off by default. */
    public Downloads offline(boolean offline) {
        this.offline = offline;
        return this;
    }

    /**
     * How long to wait for a connection, 15 seconds by default.
     *
     * @throws StriateException unless above 0 and at most 365 days
     */
    public Downloads connectTimeout(Duration timeout) {
        this.connectTimeout = requireWait(timeout);
        return this;
    }

    /**
     * How long to wait for the next byte of an answer, 30 seconds by default.
     *
     * @throws StriateException unless above 0 and at most 365 days
     */
    public Downloads stallTimeout(Duration timeout) {
        this.stallTimeout = requireWait(timeout);
        return this;
    }

    private static Duration requireWait(Duration timeout) {
        if (timeout.isNegative() || timeout.isZero() || timeout.compareTo(LONGEST_WAIT) > 0) {
            throw new StriateException("Downloads: a time to wait is above 0 and at most " + LONGEST_WAIT + ", got " + timeout);
        }
        return timeout;
    }

    /** Who hears of the progress. */
    public Downloads onProgress(Progress listener) {
        this.progress = listener;
        return this;
    }

    /** The cache directory, absolute. */
    public Path directory() {
        return directory;
    }

    /**
     * The path of a file in the cache, its SHA-256 checked; fetches it if it is not there or is another.
     *
     * @throws StriateException if it is not there and offline, no source has it, or it cannot be written; the message says where
     *                          it was looked for, what each source answered, and how to fetch it by hand
     */
    public Path fetch(RemoteFile file) {
        Path target = directory.resolve(file.name());
        try {
            if (isThere(target, file)) {
                return target;
            }
            if (offline) {
                throw new StriateException("offline, and " + target + (Files.exists(target) ? " is not the published file; "
                        : " is not there; ") + byHand(file, target));
            }
            Files.createDirectories(target.getParent());
            synchronized (LOCKS.computeIfAbsent(target, path -> new Object())) {
                // The lock's file stays: to remove it would let two processes hold locks on two files of that name.
                try (FileChannel channel = FileChannel.open(sibling(target, ".lock"), StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE); FileLock lock = channel.lock()) {
                    if (!isThere(target, file)) {
                        fetchFromSources(file, target);
                    }
                }
            }
            return target;
        } catch (IOException e) {
            if (AtomicFile.isInterrupt(e)) {
                throw interrupted(file);
            }
            throw new StriateException("cannot keep " + file.name() + " in the cache " + directory + ": " + e
                    + "; choose another directory with the environment variable " + UserCache.VARIABLE, e);
        }
    }

    private static boolean isThere(Path target, RemoteFile file) throws IOException {
        return Files.isRegularFile(target) && Files.size(target) == file.bytes() && Sha256.of(target).equals(file.sha256());
    }

    private static Path sibling(Path target, String ending) {
        return target.resolveSibling(target.getFileName() + ending);
    }

    private static String byHand(RemoteFile file, Path target) {
        return "to do it by hand, fetch " + file.sources().stream().map(URI::toString).collect(Collectors.joining(" or "))
                + " (" + file.bytes() + " bytes, SHA-256 " + file.sha256() + ") and save it as " + target;
    }

    private void fetchFromSources(RemoteFile file, Path target) throws IOException {
        Path part = sibling(target, ".part");
        HttpClient client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NORMAL)
                .connectTimeout(connectTimeout)
                .build();
        List<String> failures = new ArrayList<>();
        for (URI source : file.sources()) {
            for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
                long before = size(part);
                try {
                    complete(client, file, source, part);
                    Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
                    return;
                } catch (SourceFailure e) {
                    failures.add(source + ": " + e.getMessage());
                    if (!e.again && size(part) <= before) {
                        break;
                    }
                }
            }
        }
        throw new StriateException("cannot fetch " + file.name() + "; " + String.join("; ", failures) + ". Try again later, or "
                + byHand(file, target));
    }

    /** Fetches what is missing of a file and checks the whole. */
    private void complete(HttpClient client, RemoteFile file, URI source, Path part) throws IOException, SourceFailure {
        long have = size(part);
        // All of it may be there already, unchecked.
        if (have < file.bytes()) {
            receive(client, file, source, part, have);
        }
        String sum = Sha256.of(part);
        if (size(part) != file.bytes() || !sum.equals(file.sha256())) {
            Files.delete(part);
            // What was there before may be what is wrong, so it is fetched once more as a whole.
            throw new SourceFailure("what came has the SHA-256 " + sum + ", expected " + file.sha256(), have > 0);
        }
    }

    private void receive(HttpClient client, RemoteFile file, URI source, Path part, long have) throws IOException, SourceFailure {
        HttpResponse<Flow.Publisher<List<ByteBuffer>>> response;
        try {
            HttpRequest.Builder request = HttpRequest.newBuilder(source).timeout(connectTimeout.plus(stallTimeout))
                    .header("Accept-Encoding", "identity");
            if (have > 0) {
                request.header("Range", "bytes=" + have + "-");
            }
            response = client.send(request.build(), HttpResponse.BodyHandlers.ofPublisher());
        } catch (HttpTimeoutException e) {
            throw new SourceFailure("there was no answer in time (" + e.getMessage() + ")", false);
        } catch (IOException | IllegalArgumentException e) {
            // An illegal argument is an address that is none, here or in a redirect, or a length that is no number.
            throw new SourceFailure(PrintableText.excerpt(e.getMessage() == null ? e.toString() : e.getMessage()), false);
        } catch (InterruptedException e) {
            throw interrupted(file);
        }
        try (ResponseBody body = new ResponseBody(response.body())) {
            long written = start(response, file, part, have);
            try (FileChannel channel = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                channel.truncate(written).position(written);
                while (written < file.bytes()) {
                    for (ByteBuffer bytes : next(body, file, written)) {
                        while (bytes.hasRemaining()) {
                            written += channel.write(bytes);
                        }
                    }
                    progress.progress(file, source, Math.min(written, file.bytes()));
                }
                channel.force(true);
            }
        }
    }

    /** Where in the file the body of a response starts. */
    private static long start(HttpResponse<?> response, RemoteFile file, Path part, long have) throws IOException, SourceFailure {
        switch (response.statusCode()) {
            case OK -> {
                // What has another size is another file, a page that asks for a password perhaps: keep what is there already.
                String expected = Long.toString(file.bytes());
                String length = response.headers().firstValue("Content-Length").orElse(expected);
                if (!length.equals(expected)) {
                    throw new SourceFailure("the file has " + PrintableText.excerpt(length) + " bytes there, expected " + expected, false);
                }
                return 0;
            }
            case PARTIAL_CONTENT -> {
                Matcher range = CONTENT_RANGE.matcher(response.headers().firstValue("Content-Range").orElse(""));
                if (range.matches() && range.group(1).equals(Long.toString(have))
                        && (range.group(2).equals("*") || range.group(2).equals(Long.toString(file.bytes())))) {
                    return have;
                }
                Files.deleteIfExists(part);
                throw new SourceFailure("it sent another part of the file than was asked for", have > 0);
            }
            case RANGE_NOT_SATISFIABLE -> {
                Files.deleteIfExists(part);
                throw new SourceFailure("it has no byte " + have + " of the file", have > 0);
            }
            default -> {
                String location = response.headers().firstValue("Location").map(
                        to -> ", a redirect to " + PrintableText.excerpt(to) + ", not followed (to http, in a loop or not on the web)").orElse("");
                throw new SourceFailure("status " + response.statusCode() + location, false);
            }
        }
    }

    private List<ByteBuffer> next(ResponseBody body, RemoteFile file, long written) throws SourceFailure {
        try {
            List<ByteBuffer> piece = body.next(stallTimeout);
            if (piece != null) {
                return piece;
            }
            throw new SourceFailure("it ended after " + written + " of " + file.bytes() + " bytes", false);
        } catch (IOException e) {
            throw new SourceFailure(PrintableText.excerpt(String.valueOf(e.getMessage())) + " after " + written + " of " + file.bytes() + " bytes", false);
        } catch (InterruptedException e) {
            throw interrupted(file);
        }
    }

    private static StriateException interrupted(RemoteFile file) {
        Thread.currentThread().interrupt();
        return new StriateException("interrupted while fetching " + file.name() + "; what is there is kept for the next time");
    }

    private static long size(Path file) throws IOException {
        return Files.exists(file) ? Files.size(file) : 0;
    }

    /** Why a source did not give the file. */
    private static final class SourceFailure extends Exception {

        /** Whether it is worth another attempt with nothing to go on from. */
        final boolean again;

        SourceFailure(String message, boolean again) {
            super(message);
            this.again = again;
        }
    }
}
