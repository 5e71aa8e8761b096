package io.github.mtasts.cli;

import io.github.mtasts.policy.MxPattern;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.PolicyTolerance;
import io.github.mtasts.policy.StsPolicy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What reading a policy file came to, for programs. */
final class PolicyJson {
    private PolicyJson() {}

    static Map<String, @Nullable Object> of(PolicyResult result) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        StsPolicy policy = result instanceof PolicyResult.Valid valid ? valid.policy() : null;
        json.put("valid", policy != null);
        json.put("mode", policy == null ? null : policy.mode().text());
        json.put("maxAge", policy == null ? null : policy.maxAge().toSeconds());
        json.put(
                "mx",
                policy == null
                        ? List.of()
                        : policy.mx().stream().map(MxPattern::toString).toList());
        json.put(
                "tolerances",
                policy == null
                        ? List.of()
                        : policy.tolerances().stream()
                                .map(PolicyTolerance::text)
                                .sorted()
                                .toList());
        json.put("errors", result instanceof PolicyResult.Invalid invalid ? errors(invalid) : List.of());
        return json;
    }

    private static List<Map<String, Object>> errors(PolicyResult.Invalid invalid) {
        List<Map<String, Object>> errors = new ArrayList<>();
        for (PolicyResult.PolicyError error : invalid.errors()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("line", error.line());
            one.put("error", Words.lower(error.reason()));
            one.put("text", error.offending());
            errors.add(one);
        }
        return errors;
    }
}
