package dev.striate.bench.gpu;

import dev.striate.Device;
import dev.striate.DeviceInfo;
import dev.striate.StriateException;
import dev.striate.bench.common.Check;
import dev.striate.bench.common.Facts;
import dev.striate.bench.common.Json;
import dev.striate.bench.common.Measured;
import dev.striate.bench.common.Options;
import dev.striate.bench.common.Row;
import dev.striate.bench.common.Striate;
import dev.striate.bench.common.Table;
import dev.striate.bench.common.Turns;
import dev.striate.bench.common.Work;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jocl.CLException;
import org.jspecify.annotations.Nullable;

/**
 * Measures an OpenCL device, with PyTorch in turn if a Python is given. Writes {@code table.md} and {@code result.json}.
 * The exit status is 1 if the sides' results differ or a row failed.
 */
public final class GpuBench {

    private static final String USAGE =
            "--out DIR  --device GPU:N (gpu)  --quick  --only REGEX  --python PYTHON  --peer SCRIPT";

    private final Device device;
    private final boolean quick;
    private final @Nullable Torch torch;

    /** The content of the JSON file. */
    private record Results(Map<String, String> facts, double peakFlops, List<Measured> rows) {}

    private GpuBench(Device device, boolean quick, @Nullable Torch torch) {
        this.device = device;
        this.quick = quick;
        this.torch = torch;
    }

    public static void main(String[] args) throws IOException {
        Options options = Options.parse(args, USAGE);
        Path out = Files.createDirectories(Path.of(options.get("--out")));
        boolean quick = options.has("--quick");
        Device device = Device.parse(options.get("--device"));
        List<Job> jobs = Suite.of(device, quick).stream()
                .filter(job -> options.wants(job.row().name()))
                .toList();
        try (Torch torch = torch(options, out)) {
            System.exit(new GpuBench(device, quick, torch).run(jobs, out) ? 0 : 1);
        }
    }

    private static @Nullable Torch torch(Options options, Path out) {
        if (!options.has("--python")) {
            return null;
        }
        try {
            return Torch.start(
                    options.get("--python"),
                    Path.of(options.get("--peer")),
                    out.resolve("torch.log").toFile());
        } catch (IOException e) {
            System.err.println("without PyTorch: " + e.getMessage());
            return null;
        }
    }

    private boolean run(List<Job> jobs, Path out) throws IOException {
        double peak = peak();
        Map<String, String> facts = facts();
        facts.put(
                "peak of float32 multiply-adds",
                Double.isNaN(peak) ? "not measured" : Table.format("%.1f GFLOP/s, measured", peak / 1e9));
        List<String> modes = torch == null ? List.of() : torch.modes();
        List<Measured> rows = new ArrayList<>();
        for (Job job : jobs) {
            Measured row = measure(job);
            rows.add(row);
            System.err.println(row.name() + ": "
                    + (row.failure() == null ? Table.millis(row.seconds(Measured.STRIATE)) + " ms" : row.failure())
                    + (row.isRight() ? "" : ", wrong"));
            // After every row: a machine that is lent may go at any time.
            Json.write(new Results(facts, peak, rows), out.resolve("result.json"));
            Files.writeString(
                    out.resolve("table.md"),
                    Table.facts(facts)
                            + Table.measured(rows, peak, modes)
                            + (modes.size() > 1 ? "\nTF32 rounds factors to 10 bits.\n" : ""));
        }
        System.out.print(Files.readString(out.resolve("table.md")));
        return rows.stream().allMatch(Measured::isRight);
    }

    /** Returns FLOP/s, or NaN if it cannot be measured on this device. */
    private double peak() {
        try {
            return DevicePeak.measure(device.info());
        } catch (CLException e) {
            System.err.println(
                    "peak: not measured (" + e.getMessage().lines().findFirst().orElse("" + e) + ")");
            return Double.NaN;
        }
    }

    /** Measures a row; if it fails, the run continues. */
    private Measured measure(Job job) {
        Row row = job.row();
        List<Check> checks = new ArrayList<>();
        double seconds = quick ? 0.02 : 0.1;
        try (Work work = row.work().apply(new Striate(device, false, Suite::weights))) {
            Map<String, float[]> outcome = work.outcome();
            Map<String, Turns.Sampler> sides = new LinkedHashMap<>();
            sides.put(Measured.STRIATE, new Turns.Clock(work, device::synchronize, seconds));
            if (torch != null) {
                List<Digest> digests = torch.prepare(job.request());
                if (digests.size() != outcome.size()) {
                    throw new IOException("PyTorch reports " + digests + ", expected " + outcome.keySet());
                }
                for (Digest theirs : digests) {
                    checks.add(Digest.of(theirs.name(), outcome.get(theirs.name()))
                            .check(theirs, row.allowed().get(theirs.name())));
                }
                torch.modes().forEach(mode -> sides.put(mode, () -> torch.sample(mode, seconds)));
            }
            Turns turns = new Turns(seconds, 0, quick ? 3 : 9);
            return new Measured(row.name(), row.cost(), turns.measure(sides), checks, null);
        } catch (StriateException | IOException e) {
            String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("" + e);
            return new Measured(row.name(), row.cost(), Map.of(), checks, reason);
        }
    }

    private Map<String, String> facts() throws IOException {
        DeviceInfo info = device.info();
        Map<String, String> facts = Facts.of(device);
        facts.put("driver", info.driver() + ", " + info.platform());
        facts.put("pytorch", torch == null ? "not measured" : torch.versions());
        facts.put("sizes", quick ? "quick (functional check; the figures mean little)" : "full");
        return facts;
    }
}
