package dev.striate.data;

import dev.striate.fuzz.FuzzFiles;
import dev.striate.fuzz.FuzzTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;

/** CIFAR-10 in one of its forms. */
public final class CifarFuzz implements FuzzTarget {

    private final FuzzFiles files = new FuzzFiles();
    private final Path file = files.path("input");
    private final Function<byte[], byte[]> packing;
    private final int mostAllocatedPerByte;

    private CifarFuzz(Function<byte[], byte[]> packing, int mostAllocatedPerByte, String... names) {
        this.packing = packing;
        this.mostAllocatedPerByte = mostAllocatedPerByte;
        files.link(file, names);
    }

    /** A binary file that stands for all six. */
    public static CifarFuzz binary() {
        return new CifarFuzz(
                bytes -> bytes,
                256,
                "data_batch_1.bin",
                "data_batch_2.bin",
                "data_batch_3.bin",
                "data_batch_4.bin",
                "data_batch_5.bin",
                "test_batch.bin");
    }

    /** A pickle that stands for all six. */
    public static CifarFuzz python() {
        return new CifarFuzz(
                bytes -> bytes,
                256,
                "data_batch_1",
                "data_batch_2",
                "data_batch_3",
                "data_batch_4",
                "data_batch_5",
                "test_batch");
    }

    /** The tar file in an archive of the binary version; its checksums are made right. */
    public static CifarFuzz archive() {
        return new CifarFuzz(TarFuzz::pack, 8 * 1032, "cifar-10-binary.tar.gz");
    }

    @Override
    public void run(byte[] input) throws IOException {
        Files.write(file, packing.apply(input));
        DatasetCheck.check(Cifar10.read(files.directory()));
    }

    @Override
    public long mostAllocated(int length) {
        return (16L << 20) + (long) mostAllocatedPerByte * length;
    }
}
