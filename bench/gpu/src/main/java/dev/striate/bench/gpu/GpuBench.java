package dev.striate.bench.gpu;

import dev.striate.Device;
import dev.striate.StriateException;
import dev.striate.backend.DeviceInfo;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jocl.CLException;
import org.jspecify.annotations.Nullable;

/**
 * Measures an OpenCL device: {@code GpuBench OUT [--device gpu:N] [--quick] [--only REGEX] [--python PYTHON --peer
 * SCRIPT]}. Writes {@code table.md} and {@code result.json} to the directory OUT. The exit status is 1 if the sides'
 * results differ or a row failed.
 */
public final class GpuBench {

    private final Device device;
    private final boolean quick;
    private final @Nullable Torch torch;
    private final PrintStream log = System.err;

    private GpuBench(Device device, boolean quick, @Nullable Torch torch) {
        this.device = device;
        this.quick = quick;
        this.torch = torch;
    }

    public static void main(String[] args) throws IOException {
        Map<String, String> options = new LinkedHashMap<>();
        for (int i = 1; i < args.length; i++) {
            options.put(args[i], args[i].equals("--quick") ? "" : args[++i]);
        }
        Path out = Files.createDirectories(Path.of(args[0]));
        boolean quick = options.containsKey("--quick");
        Device device = Device.parse(options.getOrDefault("--device", "gpu"));
        String only = options.getOrDefault("--only", ".*");
        List<Row> rows =
                Suite.of(quick).stream().filter(row -> row.name().matches(only)).toList();
        try (Torch torch = torch(options, out)) {
            boolean right = new GpuBench(device, quick, torch).run(rows, out);
            System.exit(right ? 0 : 1);
        }
    }

    private static @Nullable Torch torch(Map<String, String> options, Path out) {
        if (!options.containsKey("--python")) {
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

    private boolean run(List<Row> rows, Path out) throws IOException {
        double peak = peak();
        List<String> modes = torch == null ? List.of() : torch.modes();
        List<Result> results = new ArrayList<>();
        File json = out.resolve("result.json").toFile();
        for (Row row : rows) {
            Result result = measure(row);
            results.add(result);
            log.println(progress(result, modes));
            // After every row: a machine that is lent may go at any time.
            Report report = new Report(facts(), peak, modes, results);
            report.writeJson(json);
            Files.writeString(out.resolve("table.md"), report.markdown());
        }
        System.out.print(Files.readString(out.resolve("table.md")));
        return results.stream().allMatch(Result::isRight);
    }

    /** FLOP/s, or NaN if it cannot be measured on this device. */
    private double peak() {
        try {
            return DevicePeak.measure(device.info());
        } catch (CLException e) {
            log.println(
                    "peak: not measured (" + e.getMessage().lines().findFirst().orElse("" + e) + ")");
            return Double.NaN;
        }
    }

    private static String progress(Result result, List<String> modes) {
        StringBuilder text = new StringBuilder(result.row().name());
        if (result.failure() != null) {
            return text.append(": ").append(result.failure()).toString();
        }
        text.append(String.format(Locale.ROOT, ": %.4g ms", 1e3 * result.seconds(Result.STRIATE)));
        modes.forEach(mode ->
                text.append(String.format(Locale.ROOT, ", PyTorch %s %.4g ms", mode, 1e3 * result.seconds(mode))));
        return text.append(result.isRight() ? "" : ", results differ").toString();
    }

    /** A row that fails is told and does not end the run. */
    private Result measure(Row row) {
        Map<String, List<Double>> samples = new LinkedHashMap<>();
        List<Result.Check> checks = new ArrayList<>();
        double seconds = quick ? 0.02 : 0.1;
        int rounds = quick ? 3 : 9;
        try (Work work = row.work().apply(device)) {
            List<Digest> digests = work.digests();
            if (torch != null) {
                checks.addAll(compare(row, digests, torch.prepare(row.request())));
            }
            Clock clock = new Clock(device, work, seconds);
            clock.warmUp();
            for (int round = 0; round < rounds; round++) {
                samples.computeIfAbsent(Result.STRIATE, side -> new ArrayList<>())
                        .add(clock.sample());
                for (String mode : torch == null ? List.<String>of() : torch.modes()) {
                    samples.computeIfAbsent(mode, side -> new ArrayList<>()).add(torch.sample(mode, seconds));
                }
            }
            return new Result(row, samples, checks, null);
        } catch (StriateException | IOException e) {
            return new Result(
                    row,
                    samples,
                    checks,
                    String.valueOf(e.getMessage()).lines().findFirst().orElse("" + e));
        }
    }

    private static List<Result.Check> compare(Row row, List<Digest> striate, List<Digest> torch) throws IOException {
        List<String> names = striate.stream().map(Digest::name).toList();
        if (!names.equals(torch.stream().map(Digest::name).toList())) {
            throw new IOException("PyTorch reports " + torch + ", expected " + names);
        }
        List<Result.Check> checks = new ArrayList<>();
        for (int i = 0; i < striate.size(); i++) {
            checks.add(
                    new Result.Check(striate.get(i), torch.get(i), row.bounds().get(names.get(i))));
        }
        return checks;
    }

    private Map<String, String> facts() {
        DeviceInfo info = device.info();
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("date", Instant.now().toString());
        facts.put("device", device + ", " + info.name() + ", " + info.detail());
        facts.put("driver", info.driver() + ", " + info.platform());
        facts.put(
                "java",
                System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version") + ", "
                        + Runtime.getRuntime().availableProcessors() + " cores");
        facts.put("pytorch", torch == null ? "not measured" : torch.versions());
        facts.put("sizes", quick ? "quick (functional check; the figures mean little)" : "full");
        return facts;
    }
}
