package io.github.mtasts.discovery;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.policy.PolicyDomain;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The operator's rules that were seen: told when they begin, once a day while they bind, and when they end. */
final class OperatorRules {
    private static final Duration BETWEEN_REMINDERS = Duration.ofDays(1);

    private final Consumer<DiscoveryEvent> tell;
    private final ConcurrentMap<PolicyDomain, Seen> seen = new ConcurrentHashMap<>();
    /** Rules that the store could not keep: they bind until this process ends. */
    private final ConcurrentMap<PolicyDomain, OperatorRule> unheld = new ConcurrentHashMap<>();

    private record Seen(OperatorRule rule, Instant toldAt) {}

    OperatorRules(Consumer<DiscoveryEvent> tell) {
        this.tell = tell;
    }

    /**
     * Takes notice of a domain's rule as it is in the store.
     *
     * @return the rule that binds; null for none
     */
    @Nullable
    OperatorRule see(PolicyDomain domain, @Nullable OperatorRule stored, Instant now) {
        OperatorRule rule = unheld.getOrDefault(domain, stored);
        OperatorRule binding = rule != null && rule.bindsAt(now) ? rule : null;
        Seen before = seen.get(domain);
        if (before == null && binding == null) {
            return null;
        }
        if (binding == null) {
            if (before != null && seen.remove(domain, before)) {
                unheld.remove(domain, before.rule());
                tell.accept(new DiscoveryEvent.RuleEnded(before.rule()));
            }
        } else if (before == null || !before.rule().equals(binding) || isReminderDue(before, now)) {
            seen.put(domain, new Seen(binding, now));
            tell.accept(new DiscoveryEvent.RuleBegan(binding));
        }
        return binding;
    }

    private static boolean isReminderDue(Seen before, Instant now) {
        return !now.isBefore(before.toldAt().plus(BETWEEN_REMINDERS));
    }

    /** Ends what is over, and reminds of what binds. */
    void review(Instant now) {
        for (Seen each : seen.values()) {
            see(each.rule().domain(), each.rule(), now);
        }
    }

    /** Takes an operator's decision in this process: a rule, or null for none any more. */
    void decide(PolicyDomain domain, @Nullable OperatorRule rule, boolean kept, Instant now) {
        if (rule == null || kept) {
            unheld.remove(domain);
        } else {
            unheld.put(domain, rule);
        }
        see(domain, rule, now);
    }

    /** The rule that binds, as far as it was seen. */
    @Nullable
    OperatorRule binding(PolicyDomain domain, Instant now) {
        Seen last = seen.get(domain);
        return last == null || !last.rule().bindsAt(now) ? null : last.rule();
    }

    /** The answer that a rule gives. */
    static PolicyInForce answer(OperatorRule rule) {
        if (rule instanceof OperatorRule.Pin pin) {
            CachedPolicy policy = CachedPolicy.pinned(pin);
            return DiscoveryEngine.answer(policy, PolicyInForce.Source.PINNED, null);
        }
        // an operator's word: mail is less protected than the domain asks for, until the rule's end, and the log says
        // so daily
        return new PolicyInForce.NotInForce(
                rule.domain(), PolicyInForce.NotInForce.Reason.EXEMPT, null, null, (OperatorRule.Exempt) rule);
    }
}
