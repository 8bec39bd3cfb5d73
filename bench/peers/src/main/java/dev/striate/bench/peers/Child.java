package dev.striate.bench.peers;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** An {@link OwnProcess} that trains a net on one side for some steps. */
final class Child {

    /**
     * What a process reports.
     *
     * @param firstStep seconds from just before the process was started to the end of the first training step
     * @param peakBytes resident at most, after the last step
     * @param firstLoss the first step's loss
     */
    record Report(double firstStep, long peakBytes, float firstLoss) {}

    private Child() {}

    /** Arguments: side, net, batch size, threads, steps. Prints one line. */
    public static void main(String[] args) throws IOException {
        int threads = Integer.parseInt(args[3]);
        Side side = args[0].equals("striate") ? new StriateSide(threads) : new TorchSide(threads);
        TrainingWork work = side.training(Net.named(args[1]), Integer.parseInt(args[2]));
        work.restart();
        float loss = work.step(0);
        double firstStep = OwnProcess.seconds();
        for (int step = 1; step < Integer.parseInt(args[4]); step++) {
            work.step(step % Side.BATCHES);
        }
        System.out.println(firstStep + " " + OwnProcess.peakBytes() + " " + loss);
    }

    /**
     * Runs one, with the flags that a user of that side needs, those that Striate's README recommends, and no others.
     */
    static Report run(String side, Net net, int batch, int threads, int steps)
            throws IOException, InterruptedException {
        List<String> flags = side.equals("striate")
                ? Stream.of(OwnProcess.VECTORS, OwnProcess.FRUGAL)
                        .flatMap(List::stream)
                        .toList()
                : List.of();
        String line = OwnProcess.run(
                Child.class,
                flags,
                Map.of(),
                List.of(side, net.name(), Integer.toString(batch), Integer.toString(threads), Integer.toString(steps)));
        String[] fields = line.split(" ");
        if (fields.length != 3) {
            throw new IOException("the process for " + side + " " + net.name() + " said: " + line);
        }
        return new Report(Double.parseDouble(fields[0]), Long.parseLong(fields[1]), Float.parseFloat(fields[2]));
    }
}
