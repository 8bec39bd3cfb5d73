package dev.striate.bench.gpu;

import java.util.List;

/** One row's work with what it needs on the device. */
interface Work extends AutoCloseable {

    /** Asks for it once, without waiting for the device. */
    void run();

    /** Runs it and reads what came out, of training from the first parameters on. */
    List<Digest> digests();

    @Override
    void close();
}
