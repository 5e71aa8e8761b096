package io.github.mtasts.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.Holding;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.FetchResult;
import io.github.mtasts.lookup.Security;
import io.github.mtasts.policy.PolicyMode;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.RecordResult;
import io.github.mtasts.policy.StsPolicy;
import io.github.mtasts.policy.StsPolicyParser;
import io.github.mtasts.policy.StsRecordParser;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What must be true of one domain, told in few words: a policy is in force from a complete and valid answer of its policy host until its time is over, and nothing but the
 * next such answer, an operator, a restart without a store, or a counted eviction takes it away. The model sees what went over the network and what the store answered,
 * never what the engine made of it.
 */
final class Model {
    private @Nullable StsPolicy policy;
    private Instant fetchedAt = Instant.MIN;
    private Instant expiresAt = Instant.MIN;
    private Instant fetchedAtAsStored = Instant.MIN;
    private @Nullable OperatorRule rule;
    private boolean ruleIsInMemoryOnly;
    private String id = "";
    private String lastId = "";
    private boolean lastBogus;
    private boolean justFetched;
    private final Map<String, Instant> failed = new HashMap<>();

    /** DNS answered the engine. */
    void asked(DnsAnswer<String> answer) {
        lastBogus = answer.security() == Security.BOGUS;
        lastId = answer instanceof DnsAnswer.Found<String> found
                        && StsRecordParser.parse(found.records()) instanceof RecordResult.Found record
                ? record.id()
                : id;
    }

    /** The policy host answered the engine. */
    void fetched(FetchResult result, Instant now, boolean checkFrequency) {
        Instant notBefore = failed.getOrDefault(lastId, Instant.MIN);
        if (checkFrequency) {
            assertThat(now).as("a fetch of id %s, which failed lately", lastId).isAfterOrEqualTo(notBefore);
            boolean cached = policy != null && expiresAt.isAfter(fetchedAt) && !now.isAfter(expiresAt);
            assertThat(cached && lastId.equals(id) && now.isBefore(fetchedAt.plus(BackOff.SPAN)))
                    .as("a fetch of id %s, which was fetched lately", lastId)
                    .isFalse();
        }
        if (result instanceof FetchResult.Fetched body
                && StsPolicyParser.parse(body.body()) instanceof PolicyResult.Valid valid) {
            policy = valid.policy();
            id = lastId;
            fetchedAt = now;
            fetchedAtAsStored = now;
            expiresAt = now.plus(valid.policy().maxAge());
            justFetched = true;
            failed.remove(lastId);
        } else {
            failed.put(lastId, now.plus(BackOff.SPAN));
        }
    }

    /** The store told the engine what it holds. */
    void loaded(Holding holding, Instant now) {
        holding.purge().filter(purge -> !fetchedAt.isAfter(purge.at())).ifPresent(purge -> policy = null);
        CachedPolicy stored = holding.policy().orElse(null);
        if (stored != null && (policy == null || stored.fetchedAt().isAfter(fetchedAtAsStored))) {
            policy = stored.policy();
            id = stored.recordId();
            fetchedAtAsStored = stored.fetchedAt();
            fetchedAt = stored.fetchedAt().isAfter(now) ? now : stored.fetchedAt();
            expiresAt = fetchedAt.plus(Duration.between(stored.fetchedAt(), stored.expiresAt()));
        }
        rule = ruleIsInMemoryOnly ? rule : holding.rule().orElse(null);
    }

    /** The clock was set back. */
    void setBack(Duration by) {
        fetchedAt = policy == null ? Instant.MIN : fetchedAt.minus(by);
        expiresAt = policy == null ? Instant.MIN : expiresAt.minus(by);
        failed.replaceAll((failedId, until) -> until.minus(by));
    }

    /** The process ended: what the store does not tell is forgotten. */
    void restart() {
        forget();
        failed.clear();
        rule = null;
        ruleIsInMemoryOnly = false;
    }

    /** Purged, or evicted and counted. */
    void forget() {
        policy = null;
        fetchedAt = Instant.MIN;
        fetchedAtAsStored = Instant.MIN;
        id = "";
    }

    void ruled(@Nullable OperatorRule decided, boolean kept) {
        rule = decided;
        ruleIsInMemoryOnly = decided != null && !kept;
    }

    /**
     * Whether the answer is the right one.
     *
     * @param smallMemory whether policies of mode testing may be pushed out uncounted, which takes no protection away
     */
    void check(PolicyInForce answer, Instant now, boolean smallMemory) {
        if (rule != null && !rule.bindsAt(now)) {
            ruled(null, true); // over, even if the clock is set back before its end
        }
        OperatorRule binding = rule;
        StsPolicy inForce = policy != null && !now.isAfter(expiresAt) && (expiresAt.isAfter(fetchedAt) || justFetched)
                ? policy
                : null;
        PolicyMode mode = binding instanceof OperatorRule.Exempt
                ? PolicyMode.NONE
                : binding instanceof OperatorRule.Pin pin
                        ? pin.policy().mode()
                        : inForce == null ? PolicyMode.NONE : inForce.mode();
        if (smallMemory && mode == PolicyMode.TESTING && !(answer instanceof PolicyInForce.Testing)) {
            forget();
            inForce = null;
            mode = PolicyMode.NONE;
        }
        StsPolicy expected = binding instanceof OperatorRule.Pin pin ? pin.policy() : inForce;
        switch (mode) {
            case ENFORCE -> {
                assertThat(answer).isInstanceOf(PolicyInForce.Enforce.class);
                assertThat(answer.known().orElseThrow().policy()).isEqualTo(expected);
            }
            case TESTING -> {
                assertThat(answer).isInstanceOf(PolicyInForce.Testing.class);
                assertThat(answer.known().orElseThrow().policy()).isEqualTo(expected);
            }
            case NONE -> {
                assertThat(answer)
                        .isNotInstanceOf(PolicyInForce.Enforce.class)
                        .isNotInstanceOf(PolicyInForce.Testing.class);
                boolean deferred = answer instanceof PolicyInForce.Undetermined;
                assertThat(!deferred || (lastBogus && expected == null))
                        .as("deferred")
                        .isTrue();
            }
        }
        justFetched = false;
    }

    /** A fetch that nobody's look-up waited for does not serve an attempt at hand. */
    void attemptIsOver() {
        justFetched = false;
    }

    @Override
    public String toString() {
        return "policy=" + policy + " id=" + id + " fetchedAt=" + fetchedAt + " expiresAt=" + expiresAt + " rule="
                + rule;
    }
}
