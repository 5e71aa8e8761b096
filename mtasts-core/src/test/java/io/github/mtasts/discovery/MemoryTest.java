package io.github.mtasts.discovery;

import static io.github.mtasts.discovery.World.policy;
import static io.github.mtasts.discovery.World.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.policy.PolicyDomain;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What has no policy pushes out nothing that has one (RFC 8461 §10.2). */
class MemoryTest {
    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
    private static final PolicyDomain GOOD = PolicyDomain.of("good.example");
    private static final PolicyDomain OTHER = PolicyDomain.of("other.example");

    private final List<PolicyDomain> evicted = new ArrayList<>();
    private final Memory memory = new Memory(1, 10, (domain, known) -> evicted.add(domain));

    private static CachedPolicy cached(PolicyDomain domain, String mode) {
        return CachedPolicy.fetched(domain, policy(text(mode, Duration.ofDays(7), "mx.example.com")), "1", NOON);
    }

    private static Known enforced(PolicyDomain domain) {
        return new Known.Draft(
                        new PolicyInForce.Enforce(cached(domain, "enforce"), PolicyInForce.Source.FETCHED_NOW, null))
                .build();
    }

    private static Known without(PolicyDomain domain, @Nullable CachedPolicy none) {
        return new Known.Draft(new PolicyInForce.NotInForce(
                        domain,
                        none == null
                                ? PolicyInForce.NotInForce.Reason.NO_RECORD
                                : PolicyInForce.NotInForce.Reason.MODE_NONE,
                        none,
                        null))
                .build();
    }

    @Test
    @Tag("S-10-2")
    void domainsWithoutAPolicyInForceTakeNoPlaceOfOneThatHas() {
        memory.put(GOOD, enforced(GOOD));

        memory.put(PolicyDomain.of("absent.example"), without(PolicyDomain.of("absent.example"), null));
        memory.put(OTHER, without(OTHER, cached(OTHER, "none")));
        Known.Draft spent = new Known.Draft(
                new PolicyInForce.Enforce(cached(OTHER, "enforce").spent(), PolicyInForce.Source.FETCHED_NOW, null));
        memory.put(OTHER, spent.build());

        assertThat(memory.get(GOOD)).isNotNull();
        assertThat(memory.get(OTHER)).isNotNull();
        assertThat(evicted).isEmpty();
    }

    @Test
    void changeAppliesToWhatIsKnownWithAPolicyAndWithout() {
        memory.put(GOOD, enforced(GOOD));
        memory.put(OTHER, without(OTHER, null));
        Known changed = without(OTHER, null);

        memory.change(OTHER, known -> changed);
        memory.change(GOOD, known -> known);
        memory.change(PolicyDomain.of("unknown.example"), known -> changed);

        assertThat(memory.get(OTHER)).isSameAs(changed);
        assertThat(memory.get(GOOD)).isNotNull();
        assertThat(memory.get(PolicyDomain.of("unknown.example"))).isNull();
    }

    @Test
    void whatIsRemovedIsForgottenWithAPolicyAndWithout() {
        memory.put(GOOD, enforced(GOOD));
        memory.put(OTHER, without(OTHER, null));

        memory.remove(GOOD);
        memory.remove(OTHER);

        assertThat(memory.get(GOOD)).isNull();
        assertThat(memory.get(OTHER)).isNull();
    }
}
