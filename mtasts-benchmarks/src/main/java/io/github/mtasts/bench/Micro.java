package io.github.mtasts.bench;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** The JMH benchmarks. */
final class Micro implements Part {
    /** The greatest processor time of one operation in nanoseconds, for those that have a target. */
    private static final Map<String, Double> LIMITS = Map.ofEntries(
            Map.entry("ParseBenchmark.txt", 250.0),
            Map.entry("ParseBenchmark.policy 2", 1_000.0),
            Map.entry("ParseBenchmark.policy 20", 6_000.0),
            Map.entry("ParseBenchmark.policy 200", 50_000.0),
            Map.entry("MatchBenchmark.exact 20", 15.0),
            Map.entry("MatchBenchmark.exact 200", 15.0),
            Map.entry("MatchBenchmark.wildcard 20", 30.0),
            Map.entry("MatchBenchmark.wildcard 200", 30.0),
            Map.entry("MatchBenchmark.none 20", 40.0),
            Map.entry("MatchBenchmark.none 200", 40.0),
            Map.entry("WarmBenchmark.known", 200.0),
            Map.entry("WarmBenchmark.knownAbsent", 200.0),
            Map.entry("RecordBenchmark.success", 2_000.0),
            Map.entry("RecordBenchmark.failure", 2_000.0));

    @Override
    public void run(Page page, boolean quick) throws RunnerException {
        page.heading("Parsing, matching, warm decisions, and counting for reports");
        page.say("JMH 1.37, " + (quick ? 1 : 5) + " fork(s) of " + (quick ? 4 : 5)
                + " iterations each. *CPU* is processor time of the whole process, collector and compiler included; the least iteration stands beside the median."
                + " The rows in italics are what the same work costs done naively, in the same run.");
        page.table(
                "benchmark", "mx lines", "threads", "CPU ns/op, median (least)", "wall ns/op, median", "bytes/op", "n");
        for (int threads : List.of(1, 2)) {
            ChainedOptionsBuilder options = new OptionsBuilder()
                    .include(threads == 1 ? "Benchmark" : "(Warm|Record)Benchmark")
                    .threads(threads)
                    .forks(quick ? 1 : 5)
                    .warmupIterations(quick ? 4 : 6)
                    .warmupTime(TimeValue.milliseconds(250))
                    .measurementIterations(quick ? 4 : 5)
                    .measurementTime(TimeValue.milliseconds(250))
                    .addProfiler(GCProfiler.class)
                    .addProfiler(CpuProfiler.class)
                    .jvmArgs("-Xmx512m", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error")
                    .verbosity(VerboseMode.SILENT)
                    .shouldFailOnError(true);
            for (RunResult run : new Runner(options.build()).run()) {
                report(page, run, threads);
            }
        }
    }

    private static void report(Page page, RunResult run, int threads) {
        String benchmark = run.getParams().getBenchmark().replaceAll(".*\\.(\\w+\\.\\w+)$", "$1");
        String size = run.getParams().getParamsKeys().stream()
                .map(key -> run.getParams().getParam(key))
                .findFirst()
                .orElse("");
        Samples cpu = samples(run, CpuProfiler.NAME);
        Samples wall = new Samples();
        for (BenchmarkResult fork : run.getBenchmarkResults()) {
            for (IterationResult iteration : fork.getIterationResults()) {
                wall.add(iteration.getPrimaryResult().getScore());
            }
        }
        String key = (benchmark + " " + size).trim();
        Double limit = LIMITS.get(key);
        boolean naive = benchmark.matches(".*(By|One|Alone).*");
        String name = benchmark.replace("Benchmark.", " ").toLowerCase(Locale.ROOT);
        page.row(
                naive ? "*" + name + "*" : name,
                size,
                threads,
                Page.number(cpu.median()) + " (" + Page.number(cpu.at(0)) + ")",
                Page.number(wall.median()),
                Page.number(samples(run, "gc.alloc.rate.norm").median()),
                cpu.count());
        if (limit != null && threads == 1) {
            page.atMost(limit, "ns CPU", name + (size.isEmpty() ? "" : ", " + size + " mx"), cpu.median());
        }
        if (benchmark.matches("WarmBenchmark.known(Absent)?") && threads == 1) {
            page.atMost(
                    128,
                    "bytes",
                    name + ", allocated",
                    Math.max(0.01, samples(run, "gc.alloc.rate.norm").median()));
        }
    }

    private static Samples samples(RunResult run, String name) {
        Samples samples = new Samples();
        for (BenchmarkResult fork : run.getBenchmarkResults()) {
            for (IterationResult iteration : fork.getIterationResults()) {
                samples.add(
                        Objects.requireNonNull(iteration.getSecondaryResults().get(name))
                                .getScore());
            }
        }
        return samples;
    }
}
