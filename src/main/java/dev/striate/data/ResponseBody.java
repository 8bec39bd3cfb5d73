package dev.striate.data;

import java.io.IOException;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The body of an HTTP response, in pieces. Waiting for a piece has a time limit, which an InputStream does not support.
 */
final class ResponseBody implements Flow.Subscriber<List<ByteBuffer>>, AutoCloseable {

    private static final Object END = new Object();

    /**
     * Pieces, then an exception or {@link #END}. There is at most one piece, because the next is requested when one is
     * taken.
     */
    private final BlockingQueue<Object> arrived = new LinkedBlockingQueue<>();

    private volatile Flow.@Nullable Subscription subscription;

    ResponseBody(Flow.Publisher<List<ByteBuffer>> publisher) {
        publisher.subscribe(this);
    }

    /**
     * Returns the next piece, or null at the end.
     *
     * @throws HttpTimeoutException if none arrives within the time limit
     * @throws IOException          if the connection breaks
     */
    @Nullable
    List<ByteBuffer> next(Duration timeout) throws IOException, InterruptedException {
        Object item = arrived.poll(timeout.toMillis(), TimeUnit.MILLISECONDS);
        if (item == null) {
            throw new HttpTimeoutException("nothing came for " + timeout.toMillis() / 1000f + " s");
        }
        if (item instanceof Throwable failure) {
            throw new IOException(failure.getMessage() == null ? failure.toString() : failure.getMessage(), failure);
        }
        if (item == END) {
            return null;
        }
        request();
        @SuppressWarnings("unchecked")
        List<ByteBuffer> piece = (List<ByteBuffer>) item;
        return piece;
    }

    private void request() {
        Flow.Subscription known = subscription;
        if (known != null) {
            known.request(1);
        }
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        subscription = given;
        given.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> piece) {
        arrived.add(piece);
    }

    @Override
    public void onError(Throwable failure) {
        arrived.add(failure);
    }

    @Override
    public void onComplete() {
        arrived.add(END);
    }

    /** Cancels the rest of the response. */
    @Override
    public void close() {
        Flow.Subscription known = subscription;
        if (known != null) {
            known.cancel();
        }
    }
}
