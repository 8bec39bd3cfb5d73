package dev.striate.data;

import dev.striate.fuzz.FuzzFiles;
import dev.striate.fuzz.FuzzTarget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * MNIST's files of images and of labels, the same ones for training and testing. The input starts with a byte whose
 * lowest bits say whether the images and whether the labels are packed, then the size of the file of images in two
 * bytes; both files follow.
 */
public final class IdxFuzz implements FuzzTarget {

    private static final int HEAD = 3;

    private final FuzzFiles[] folders = new FuzzFiles[4];

    /** One folder for each choice of packed files. */
    public IdxFuzz() {
        for (int packed = 0; packed < folders.length; packed++) {
            FuzzFiles folder = new FuzzFiles();
            String images = "images-idx3-ubyte" + ((packed & 1) != 0 ? ".gz" : "");
            String labels = "labels-idx1-ubyte" + ((packed & 2) != 0 ? ".gz" : "");
            folder.link(folder.path("images"), "train-" + images, "t10k-" + images);
            folder.link(folder.path("labels"), "train-" + labels, "t10k-" + labels);
            folders[packed] = folder;
        }
    }

    @Override
    public void run(byte[] input) throws IOException {
        byte[] head = Arrays.copyOf(input, HEAD);
        int middle = Math.min(input.length, HEAD + (ByteBuffer.wrap(head).getShort(1) & 0xFFFF));
        Path folder = folders[head[0] & 3].directory();
        Files.write(folder.resolve("images"), Arrays.copyOfRange(input, Math.min(HEAD, middle), middle));
        Files.write(folder.resolve("labels"), Arrays.copyOfRange(input, middle, input.length));
        DatasetCheck.check(Mnist.read(folder));
    }

    /** Deflate packs up to 1,032 bytes into one. */
    @Override
    public long mostAllocated(int length) {
        return (16L << 20) + 8 * 1032L * length;
    }
}
