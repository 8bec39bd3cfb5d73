package dev.striate.data;

import dev.striate.StriateException;
import dev.striate.disk.AtomicFile;
import dev.striate.disk.PrintableText;
import dev.striate.disk.Sha256;
import dev.striate.disk.UserCache;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Flow;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Downloads published files into a cache directory.
 *
 * <p>A file is downloaded to {@code NAME.part} and renamed atomically when it is complete and its SHA-256 is correct. A
 * later call resumes an incomplete download. Files that are already in the cache are also checked. Sources are tried in
 * order; if a connection breaks, the rest is requested from the same source. If several processes fetch the same file
 * at the same time, one downloads it and the others wait. Redirects are followed, except from https to http. The proxy
 * is set by system properties ({@code https.proxyHost}).
 *
 * <p>Settings take effect with the next {@link #fetch}.
 */
public final class Downloads {

    /** Receives the progress of a download, on the thread that fetches. */
    @FunctionalInterface
    public interface Progress {

        /**
         * Called for each piece that arrives. A piece has a few KiB.
         *
         * @param file   the file that is being downloaded
         * @param source the current source
         * @param bytes  the number of bytes that have arrived, including earlier attempts
         */
        void progress(RemoteFile file, URI source, long bytes);
    }

    /** The system property that names another cache directory; see {@link UserCache}. */
    public static final String CACHE_PROPERTY = UserCache.PROPERTY;

    /** The maximum number of attempts per source. */
    private static final int ATTEMPTS = 5;

    /** Keeps points in time and sums of times within the range of the clock. */
    private static final Duration LONGEST_WAIT = Duration.ofDays(365);

    private static final int OK = 200;
    private static final int PARTIAL_CONTENT = 206;
    private static final int RANGE_NOT_SATISFIABLE = 416;
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d+)-\\d+/(\\d+|\\*)");

    /** One lock per file for the threads of this process, because file locks only work between processes. */
    private static final Map<Path, Object> LOCKS = new ConcurrentHashMap<>();

    private final Path directory;
    private boolean offline;
    private Duration connectTimeout = Duration.ofSeconds(15);
    private Duration stallTimeout = Duration.ofSeconds(30);
    private Progress progress = (file, source, bytes) -> {};

    /** Creates downloads into a cache directory, which is created when needed. */
    public Downloads(Path directory) {
        this.directory = directory.toAbsolutePath().normalize();
    }

    /** Returns downloads into {@linkplain UserCache the user's cache directory}. */
    public static Downloads inUserCache() {
        return new Downloads(UserCache.directory());
    }

    /** Sets whether only the cache is used and nothing is downloaded; false by default. */
    public Downloads offline(boolean offline) {
        this.offline = offline;
        return this;
    }

    /**
     * Sets the time limit for a connection; 15 seconds by default.
     *
     * @throws StriateException unless above 0 and at most 365 days
     */
    public Downloads connectTimeout(Duration timeout) {
        this.connectTimeout = requireWait(timeout);
        return this;
    }

    /**
     * Sets the time limit for the next byte of a response; 30 seconds by default.
     *
     * @throws StriateException unless above 0 and at most 365 days
     */
    public Downloads stallTimeout(Duration timeout) {
        this.stallTimeout = requireWait(timeout);
        return this;
    }

    private static Duration requireWait(Duration timeout) {
        if (timeout.isNegative() || timeout.isZero() || timeout.compareTo(LONGEST_WAIT) > 0) {
            throw new StriateException(
                    "Downloads: a time to wait is above 0 and at most " + LONGEST_WAIT + ", got " + timeout);
        }
        return timeout;
    }

    /** Sets the listener for the progress. */
    public Downloads onProgress(Progress listener) {
        this.progress = listener;
        return this;
    }

    /** Returns the absolute path of the cache directory. */
    public Path directory() {
        return directory;
    }

    /**
     * Returns the path of a file in the cache, after checking its SHA-256. Downloads it if it is missing or different.
     *
     * @throws StriateException if the file is not in the cache and downloads are off, no source has it, or it cannot be
     *     written; the message names the paths, the answer of each source, and how to download the file manually
     */
    public Path fetch(RemoteFile file) {
        Path target = directory.resolve(file.name());
        try {
            if (isThere(target, file)) {
                return target;
            }
            if (offline) {
                throw new StriateException("cannot download in offline mode: " + target
                        + (Files.exists(target) ? " is not the published file" : " is missing") + ". Download it from "
                        + file.sources().stream().map(URI::toString).collect(Collectors.joining(" or "))
                        + manually(file, target));
            }
            Files.createDirectories(target.getParent());
            synchronized (LOCKS.computeIfAbsent(target, path -> new Object())) {
                // The lock file is never deleted: otherwise two processes could lock two different files with this
                // name.
                try (FileChannel channel = FileChannel.open(
                                sibling(target, ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                        FileLock lock = channel.lock()) {
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
            throw new StriateException(
                    "cannot keep " + file.name() + " in the cache " + directory + ": " + e
                            + "; choose another directory with the environment variable " + UserCache.VARIABLE,
                    e);
        }
    }

    private static boolean isThere(Path target, RemoteFile file) throws IOException {
        return Files.isRegularFile(target)
                && Files.size(target) == file.bytes()
                && Sha256.of(target).equals(file.sha256());
    }

    private static Path sibling(Path target, String ending) {
        return target.resolveSibling(target.getFileName() + ending);
    }

    private static String manually(RemoteFile file, Path target) {
        return " (" + file.bytes() + " bytes, SHA-256 " + file.sha256() + ") and save it as " + target
                + "; or use --data DIR if the directory DIR contains the files of the data set";
    }

    private void fetchFromSources(RemoteFile file, Path target) throws IOException {
        Path part = sibling(target, ".part");
        HttpClient client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NORMAL)
                .connectTimeout(connectTimeout)
                .build();
        Map<URI, String> failures = new LinkedHashMap<>();
        for (URI source : file.sources()) {
            for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
                long before = size(part);
                try {
                    complete(client, file, source, part);
                    Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
                    return;
                } catch (SourceFailure e) {
                    failures.merge(
                            source, e.getMessage(), (all, next) -> all.equals(next) ? all : all + ", then " + next);
                    if (!e.again && size(part) <= before) {
                        break;
                    }
                }
            }
        }
        throw new StriateException("cannot download " + file.name() + ": "
                + failures.entrySet().stream()
                        .map(failure -> failure.getKey() + ": " + failure.getValue())
                        .collect(Collectors.joining("; "))
                + ". Try again later, or download it from "
                + (failures.size() == 1 ? "this address" : "one of these addresses")
                + manually(file, target));
    }

    /** Downloads the missing part of a file and checks the whole file. */
    private void complete(HttpClient client, RemoteFile file, URI source, Path part) throws IOException, SourceFailure {
        long have = size(part);
        // The file may be complete already, but unchecked.
        if (have < file.bytes()) {
            receive(client, file, source, part, have);
        }
        String sum = Sha256.of(part);
        if (size(part) != file.bytes() || !sum.equals(file.sha256())) {
            Files.delete(part);
            // The error may be in the part from an earlier attempt, so the whole file is downloaded once more.
            throw new SourceFailure("the download has the SHA-256 " + sum + ", expected " + file.sha256(), have > 0);
        }
    }

    private void receive(HttpClient client, RemoteFile file, URI source, Path part, long have)
            throws IOException, SourceFailure {
        HttpResponse<Flow.Publisher<List<ByteBuffer>>> response;
        try {
            HttpRequest.Builder request = HttpRequest.newBuilder(source)
                    .timeout(connectTimeout.plus(stallTimeout))
                    .header("Accept-Encoding", "identity");
            if (have > 0) {
                request.header("Range", "bytes=" + have + "-");
            }
            response = client.send(request.build(), HttpResponse.BodyHandlers.ofPublisher());
        } catch (HttpTimeoutException e) {
            throw new SourceFailure("there was no answer in time (" + e.getMessage() + ")", false);
        } catch (IOException | IllegalArgumentException e) {
            // An illegal argument is an invalid address, here or in a redirect, or an invalid length.
            throw new SourceFailure(reason(e), false);
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

    /** Returns why a request failed. The exceptions of {@link HttpClient} often have no message of their own. */
    private static String reason(Exception failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
                return "unknown host";
            }
        }
        if (failure instanceof ConnectException) {
            return failure.getMessage() == null ? "connection refused" : PrintableText.excerpt(failure.getMessage());
        }
        return PrintableText.excerpt(failure.getMessage() == null ? failure.toString() : failure.getMessage());
    }

    /** Returns the offset in the file at which the body of a response starts. */
    private static long start(HttpResponse<?> response, RemoteFile file, Path part, long have)
            throws IOException, SourceFailure {
        switch (response.statusCode()) {
            case OK -> {
                // A response of another size is another file, such as a login page, so the existing part is kept.
                String expected = Long.toString(file.bytes());
                String length = response.headers().firstValue("Content-Length").orElse(expected);
                if (!length.equals(expected)) {
                    throw new SourceFailure(
                            "the file has " + PrintableText.excerpt(length) + " bytes there, expected " + expected,
                            false);
                }
                return 0;
            }
            case PARTIAL_CONTENT -> {
                Matcher range = CONTENT_RANGE.matcher(
                        response.headers().firstValue("Content-Range").orElse(""));
                if (range.matches()
                        && range.group(1).equals(Long.toString(have))
                        && (range.group(2).equals("*") || range.group(2).equals(Long.toString(file.bytes())))) {
                    return have;
                }
                Files.deleteIfExists(part);
                throw new SourceFailure("the server sent a different range of bytes than requested", have > 0);
            }
            case RANGE_NOT_SATISFIABLE -> {
                Files.deleteIfExists(part);
                throw new SourceFailure("the server reports that the file has no byte " + have, have > 0);
            }
            default -> {
                String location = response.headers()
                        .firstValue("Location")
                        .map(to -> ", a redirect to " + PrintableText.excerpt(to)
                                + ", not followed (to http, in a loop or not on the web)")
                        .orElse("");
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
            throw new SourceFailure(
                    PrintableText.excerpt(String.valueOf(e.getMessage())) + " after " + written + " of " + file.bytes()
                            + " bytes",
                    false);
        } catch (InterruptedException e) {
            throw interrupted(file);
        }
    }

    private static StriateException interrupted(RemoteFile file) {
        Thread.currentThread().interrupt();
        return new StriateException("interrupted while fetching " + file.name()
                + "; the part that has arrived is kept for the next attempt");
    }

    private static long size(Path file) throws IOException {
        return Files.exists(file) ? Files.size(file) : 0;
    }

    /** The reason why a source failed. */
    private static final class SourceFailure extends Exception {

        /** Whether another attempt from the beginning is useful. */
        final boolean again;

        SourceFailure(String message, boolean again) {
            super(message);
            this.again = again;
        }
    }
}
