package io.github.mtasts.bench;

import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.RecordResult;
import io.github.mtasts.policy.StsPolicyParser;
import io.github.mtasts.policy.StsRecordParser;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Reading records and policy files, beside the few lines that do the same without any check. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ParseBenchmark {
    /** A record. */
    @State(Scope.Thread)
    public static class TxtRecord {
        private static final Pattern GRAMMAR =
                Pattern.compile("v=STSv1[ \\t]*;[ \\t]*id=([A-Za-z0-9]{1,32})[ \\t]*;?[ \\t]*");
        final List<String> records = List.of("v=STSv1; id=20240507T120000;");
    }

    /** A policy file. */
    @State(Scope.Thread)
    public static class PolicyFile {
        /** How many {@code mx} lines. */
        @Param({"2", "20", "200"})
        public int mx;

        byte[] file = new byte[0];

        /** Makes the file. */
        @Setup
        public void make() {
            file = Policies.file(mx);
        }
    }

    /** The record parser. */
    @Benchmark
    public RecordResult txt(TxtRecord state) {
        return StsRecordParser.parse(state.records);
    }

    /** A regular expression over the one record. */
    @Benchmark
    public String txtByRegex(TxtRecord state) {
        Matcher matcher = TxtRecord.GRAMMAR.matcher(state.records.get(0));
        return matcher.matches() ? matcher.group(1) : "";
    }

    /** The policy parser. */
    @Benchmark
    public PolicyResult policy(PolicyFile state) {
        return StsPolicyParser.parse(state.file);
    }

    /** Lines split at their colons into a map. */
    @Benchmark
    public Map<String, List<String>> policyBySplitting(PolicyFile state) {
        Map<String, List<String>> fields = new HashMap<>();
        for (String line : new String(state.file, StandardCharsets.UTF_8).split("\r?\n")) {
            String[] parts = line.split(":", 2);
            fields.computeIfAbsent(parts[0], key -> new ArrayList<>()).add(parts[1].trim());
        }
        return fields;
    }
}
