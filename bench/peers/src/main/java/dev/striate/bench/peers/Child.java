package dev.striate.bench.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * A process of its own that trains a net on one side for some steps, for what only such a process can show: the time from its
 * start to the end of the first step, and its peak resident memory.
 */
final class Child {

    private static final String STARTED = "peers.started";

    /**
     * What a process reports.
     *
     * @param firstStep seconds from just before the process was started to the end of the first training step
     * @param peakBytes resident at most, VmHWM of /proc/self/status, after the last step
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
        Duration firstStep = Duration.between(Instant.parse(System.getProperty(STARTED)), Instant.now());
        for (int step = 1; step < Integer.parseInt(args[4]); step++) {
            work.step(step % Side.BATCHES);
        }
        System.out.println(firstStep.toNanos() + " " + peakBytes() + " " + loss);
    }

    private static long peakBytes() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmHWM:")) {
                return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new IOException("/proc/self/status has no VmHWM");
    }

    /** Runs one, with the flags that a user of that side needs, those that Striate's README recommends, and no others. */
    static Report run(String side, Net net, int batch, int threads, int steps) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        if (side.equals("striate")) {
            command.addAll(List.of("--add-modules", "jdk.incubator.vector", "-XX:+UseSerialGC", "-Xmn16m"));
        }
        for (String name : new String[] {"ai.djl.offline", "OPT_OUT_TRACKING", "DJL_CACHE_DIR", "ENGINE_CACHE_DIR"}) {
            command.add("-D" + name + "=" + System.getProperty(name));
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        // The last thing before the start: the clock that both processes share is the wall's.
        command.add("-D" + STARTED + "=" + Instant.now());
        command.addAll(List.of(Child.class.getName(), side, net.name(), Integer.toString(batch), Integer.toString(threads),
                Integer.toString(steps)));
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String output = new String(process.getInputStream().readAllBytes()).strip();
        int code = process.waitFor();
        String[] fields = output.substring(output.lastIndexOf('\n') + 1).split(" ");
        if (code != 0 || fields.length != 3) {
            throw new IOException("the process for " + side + " " + net.name() + " ended with " + code + " and said: " + output);
        }
        return new Report(Long.parseLong(fields[0]) * 1e-9, Long.parseLong(fields[1]), Float.parseFloat(fields[2]));
    }
}
