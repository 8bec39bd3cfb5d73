package dev.striate.bench.peers;

import dev.striate.bench.common.Json;
import dev.striate.bench.common.Net;
import dev.striate.bench.common.OwnProcess;
import dev.striate.bench.common.Side;
import dev.striate.bench.common.TrainingWork;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;

/** An {@link OwnProcess} that trains a net on one side for some steps. */
final class Child {

    /**
     * The result of a process.
     *
     * @param firstStep seconds from just before the start of the process to the end of the first training step
     * @param peakBytes the greatest resident memory, after the last step
     * @param firstLoss the loss of the first step
     */
    record Report(double firstStep, long peakBytes, float firstLoss) {}

    private Child() {}

    /** Arguments: side, net, batch size, threads, steps. Prints the report as JSON. */
    public static void main(String[] args) throws IOException {
        Side side = Sides.named(args[0], Integer.parseInt(args[3]));
        TrainingWork work = side.training(Net.named(args[1]), Integer.parseInt(args[2]), 1);
        work.restart();
        float loss = work.step(0);
        double firstStep = OwnProcess.seconds();
        for (int step = 1; step < Integer.parseInt(args[4]); step++) {
            work.step(step % TrainingWork.BATCHES);
        }
        System.out.println(Json.line(new Report(firstStep, OwnProcess.peakBytes(), loss)));
        // Also ends libtorch's threads, which are no daemons.
        System.exit(0);
    }

    /** Runs one with the flags that a user of that side needs, those that Striate's README recommends, and no others. */
    static Report run(String side, Net net, int batch, int threads, int steps)
            throws IOException, InterruptedException {
        List<String> flags = side.equals(Sides.STRIATE)
                ? Stream.of(OwnProcess.VECTORS, OwnProcess.FRUGAL)
                        .flatMap(List::stream)
                        .toList()
                : List.of();
        List<String> arguments =
                List.of(side, net.name(), Integer.toString(batch), Integer.toString(threads), Integer.toString(steps));
        return Json.parse(OwnProcess.run(Child.class, flags, arguments), Report.class);
    }
}
