package io.github.mtasts.cli;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.Holding;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.policy.MxPattern;
import io.github.mtasts.policy.StsPolicy;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a store holds for one domain, in words and as data. */
final class CacheEntry {
    private CacheEntry() {}

    /** One line: what is in force, by what, until when. */
    static String line(Holding holding, Instant now) {
        StringBuilder line = new StringBuilder(holding.domain() + ": " + state(holding, now));
        holding.policy()
                .ifPresent(policy -> line.append(", id ")
                        .append(policy.recordId())
                        .append(", fetched ")
                        .append(policy.fetchedAt())
                        .append(", expires ")
                        .append(policy.expiresAt()));
        holding.lastUsed().ifPresent(day -> line.append(", last mail ").append(day));
        holding.purge().ifPresent(purge -> line.append(", purged ").append(purge.at()));
        holding.rule().ifPresent(rule -> line.append("; ").append(describe(rule, now)));
        return line.toString();
    }

    static String describe(OperatorRule rule, Instant now) {
        String kind = rule instanceof OperatorRule.Pin pin
                ? "pinned to " + pin.policy().mode().text()
                : "exempt";
        return kind + " since " + rule.since() + (rule.bindsAt(now) ? " until " : ", ended ") + rule.until() + ": "
                + rule.reason();
    }

    private static String state(Holding holding, Instant now) {
        OperatorRule rule = holding.rule().filter(one -> one.bindsAt(now)).orElse(null);
        if (rule != null) {
            return rule instanceof OperatorRule.Pin ? "pinned" : "exempt";
        }
        CachedPolicy policy = holding.policy().orElse(null);
        if (policy == null) {
            return "no policy";
        }
        return policy.appliesAt(now) ? policy.policy().mode().text() : "expired";
    }

    static Map<String, @Nullable Object> json(Holding holding, Instant now) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("domain", holding.domain().name());
        json.put("state", state(holding, now).replace(' ', '-'));
        json.put("policy", holding.policy().map(policy -> json(policy, now)).orElse(null));
        json.put("lastUsed", holding.lastUsed().map(Object::toString).orElse(null));
        json.put("purged", holding.purge().map(purge -> purge.at().toString()).orElse(null));
        json.put("rule", holding.rule().map(rule -> json(rule, now)).orElse(null));
        return json;
    }

    private static Map<String, Object> json(CachedPolicy policy, Instant now) {
        Map<String, Object> json = json(policy.policy());
        json.put("id", policy.recordId());
        json.put("fetched", policy.fetchedAt().toString());
        json.put("expires", policy.expiresAt().toString());
        json.put(
                "secondsLeft",
                Math.max(0, Duration.between(now, policy.expiresAt()).toSeconds()));
        return json;
    }

    private static Map<String, Object> json(StsPolicy policy) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("mode", policy.mode().text());
        json.put("maxAge", policy.maxAge().toSeconds());
        json.put("mx", policy.mx().stream().map(MxPattern::toString).toList());
        json.put("text", policy.body());
        return json;
    }

    private static Map<String, @Nullable Object> json(OperatorRule rule, Instant now) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("kind", rule instanceof OperatorRule.Pin ? "pin" : "exempt");
        json.put("binds", rule.bindsAt(now));
        json.put("reason", rule.reason());
        json.put("since", rule.since().toString());
        json.put("until", rule.until().toString());
        json.put("policy", rule instanceof OperatorRule.Pin pin ? json(pin.policy()) : null);
        return json;
    }
}
