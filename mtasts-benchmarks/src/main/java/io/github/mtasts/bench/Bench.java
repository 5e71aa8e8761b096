package io.github.mtasts.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Runs the parts, each in a process of its own, and writes {@code docs/performance.md} and its chart. Used by {@code tools/bench}. */
public final class Bench {
    private static final Path PARTS = Path.of("mtasts-benchmarks", "target", "parts");

    private final boolean quick;

    private Bench(boolean quick) {
        this.quick = quick;
    }

    private record Job(Supplier<Part> part, List<String> jvm) {}

    private static final Map<String, Job> JOBS = jobs();

    private static Map<String, Job> jobs() {
        Map<String, Job> jobs = new LinkedHashMap<>();
        jobs.put("micro", new Job(Micro::new, List.of("-Xmx512m")));
        jobs.put("memory", new Job(MemoryPart::new, List.of("-Xmx4g", "-XX:+UseSerialGC")));
        jobs.put("growth", new Job(GrowthPart::new, List.of("-Xmx4g", "-XX:+UseSerialGC")));
        jobs.put("cold", new Job(ColdPart::new, List.of("-Xmx1g")));
        jobs.put("crowd", new Job(CrowdPart::new, List.of("-Xmx2g", "-XX:+UseSerialGC")));
        jobs.put("latency", new Job(LatencyPart::new, List.of("-Xmx512m")));
        jobs.put("start", new Job(StartPart::new, List.of("-Xmx512m")));
        jobs.put("sending", new Job(SendingPart::new, List.of("-Xmx1g")));
        jobs.put("socketmap", new Job(SocketmapPart::new, List.of("-Xmx512m")));
        return jobs;
    }

    /**
     * Measures.
     *
     * @param args {@code [quick] [PART…]}: those parts anew, the others as they were measured last
     */
    public static void main(String[] args) throws Exception {
        if (args.length == 3 && args[0].equals("--part")) {
            Job job = JOBS.get(args[1]);
            if (job == null) {
                throw new IllegalArgumentException("no part " + args[1]);
            }
            job.part().get().run(new Page(), Boolean.parseBoolean(args[2]));
            System.exit(0); // whatever threads a library leaves
        }
        List<String> words = new ArrayList<>(Arrays.asList(args));
        new Bench(words.remove("quick")).run(words.isEmpty() ? List.copyOf(JOBS.keySet()) : words);
    }

    private void run(List<String> parts) throws IOException, InterruptedException {
        Files.createDirectories(PARTS);
        for (String part : parts) {
            long began = System.nanoTime();
            System.out.println("== " + part);
            measure(part);
            System.out.println("   " + (System.nanoTime() - began) / 1_000_000_000 + " s");
        }
        write();
    }

    private void measure(String part) throws IOException, InterruptedException {
        Job job = JOBS.get(part);
        if (job == null) {
            throw new IllegalArgumentException("no part " + part + "; there are " + JOBS.keySet());
        }
        List<String> lines = new ArrayList<>();
        Process process = Jvm.start(job.jvm(), Bench.class, "--part", part, String.valueOf(quick));
        try (BufferedReader out = process.inputReader()) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                if (line.startsWith(Page.TEXT) || line.startsWith(Page.GOAL)) {
                    lines.add(line);
                }
                System.out.println("   " + line);
            }
        }
        if (process.waitFor() != 0) {
            throw new IOException("part " + part + " failed");
        }
        lines.add(Page.TEXT);
        lines.add(Page.TEXT + "<sub>" + (quick ? "quick, " : "") + LocalDate.now(ZoneOffset.UTC) + ", load average "
                + Files.readString(Path.of("/proc/loadavg")).split(" ")[0] + " at the end</sub>");
        Files.write(PARTS.resolve(part), lines);
    }

    private static void write() throws IOException {
        List<String> text = new ArrayList<>();
        List<Goal> goals = new ArrayList<>();
        for (String part : JOBS.keySet()) {
            Path measured = PARTS.resolve(part);
            if (!Files.exists(measured)) {
                continue;
            }
            for (String line : Files.readAllLines(measured)) {
                if (line.startsWith(Page.GOAL)) {
                    goals.add(Goal.of(line.substring(Page.GOAL.length())));
                } else {
                    text.add(line.substring(Page.TEXT.length()));
                }
            }
        }
        Path docs = Files.createDirectories(Path.of("docs"));
        Files.writeString(docs.resolve("performance.svg"), Chart.of(goals));
        List<String> page = new ArrayList<>();
        page.add("# How fast it is, and what it needs");
        page.add("");
        page.addAll(introduction());
        page.add("");
        page.add("## Targets");
        page.add("");
        page.add("![measured figures as shares of their targets](performance.svg)");
        page.add("");
        page.add("| work | measured | target | |");
        page.add("| --- | --- | --- | --- |");
        goals.forEach(goal -> page.add(goal.row()));
        page.addAll(text);
        page.add("");
        page.addAll(Files.readAllLines(Path.of("mtasts-benchmarks", "notes.md")));
        Files.writeString(docs.resolve("performance.md"), String.join("\n", page) + "\n", StandardCharsets.UTF_8);
        System.out.println("written: docs/performance.md, docs/performance.svg");
    }

    private static List<String> introduction() throws IOException {
        String processor;
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            processor = lines.filter(line -> line.startsWith("model name"))
                    .findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 2))
                    .orElse("unknown processor");
        }
        return List.of(
                "Written by `tools/bench`, which measures all of this anew on your machine (`tools/bench quick` with fewer runs; `tools/bench cold` one part of it).",
                "",
                "* Machine: " + Runtime.getRuntime().availableProcessors() + " × " + processor + ", "
                        + System.getProperty("os.name") + " " + System.getProperty("os.version")
                        + ". It is shared with other work: processor times and ratios within a run can be trusted, wall times only where the load average is low.",
                "* JDK: " + System.getProperty("java.vendor") + " " + Runtime.version() + ".",
                "* Where three numbers stand as `5 (4–7)`, they are the median, the least and the greatest of the runs.");
    }
}
