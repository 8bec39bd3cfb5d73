package dev.striate.data;

import dev.striate.fuzz.FuzzTarget;
import java.io.ByteArrayInputStream;

/** A pickle. */
public final class PickleFuzz implements FuzzTarget {

    @Override
    public void run(byte[] input) {
        Pickle.read(new DataFile("pickle", new ByteArrayInputStream(input), input.length));
    }

    @Override
    public long mostAllocated(int length) {
        return (1L << 20) + 256L * length;
    }
}
