package io.github.mtasts.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.MtaSts;
import io.github.mtasts.discovery.DiscoveryCount;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.lookup.FetchFailure;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.testkit.SmallInternet;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a registry shows of an engine that looks policies up over real sockets. */
class MtaStsMetricsTest {
    private final SmallInternet net = new SmallInternet();
    private final MtaSts mtaSts = MtaSts.builder()
            .dnsServer(net.dns().address())
            .httpsPort(net.httpsPort())
            .trustAnchors(net.ca().trustStore())
            .allowPrivateAddresses(true)
            .build();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    @AfterEach
    void close() {
        mtaSts.close();
        net.close();
        registry.close();
    }

    private void bind() {
        new MtaStsMetrics(mtaSts.discovery().counters()).bindTo(registry);
    }

    private PolicyInForce lookUp(String domain) {
        return mtaSts.policyFor(PolicyDomain.of(domain));
    }

    private double count(String name, String... tags) {
        return registry.get(name).tags(tags).functionCounter().count();
    }

    @Test
    void everyCountHasAMeterOfItsOwn() {
        bind();

        assertThat(registry.getMeters())
                .hasSize(DiscoveryCount.values().length + FetchFailure.values().length)
                .allSatisfy(meter -> {
                    assertThat(meter).isInstanceOf(FunctionCounter.class);
                    assertThat(meter.getId().getName()).startsWith("mtasts.");
                    assertThat(meter.getId().getDescription()).isNotBlank();
                });
    }

    @Test
    void lookUpsAreCountedAndThoseFromMemoryApart() {
        net.domain("good.example").sts("enforce", "mx.good.example");
        bind();

        assertThat(lookUp("good.example")).isInstanceOf(PolicyInForce.Enforce.class);
        assertThat(lookUp("good.example")).isInstanceOf(PolicyInForce.Enforce.class);

        assertThat(count("mtasts.lookups")).isEqualTo(2);
        assertThat(count("mtasts.lookups.memory")).isEqualTo(1);
        assertThat(count("mtasts.records", "answer", "found")).isEqualTo(1);
    }

    @Test
    void fetchesAreCountedByOutcome() {
        net.domain("good.example").sts("enforce", "mx.good.example");
        net.domain("invalid.example").record("a").policy("<html>");
        net.domain("missing.example").record("a");
        net.policyHost("missing.example").respond(404, "text/plain", "");
        bind();

        assertThat(lookUp("good.example")).isInstanceOf(PolicyInForce.Enforce.class);
        assertThat(lookUp("invalid.example")).isInstanceOf(PolicyInForce.NotInForce.class);
        assertThat(lookUp("missing.example")).isInstanceOf(PolicyInForce.NotInForce.class);

        assertThat(count("mtasts.fetches")).isEqualTo(3);
        assertThat(count("mtasts.fetches.ended", "outcome", "good")).isEqualTo(1);
        assertThat(count("mtasts.fetches.ended", "outcome", "invalid")).isEqualTo(1);
        assertThat(count("mtasts.fetches.ended", "outcome", "http-status")).isEqualTo(1);
        assertThat(count("mtasts.fetches.ended", "outcome", "timeout")).isZero();
    }

    @Test
    void tagsTellEnginesApart() {
        new MtaStsMetrics(mtaSts.discovery().counters(), Tags.of("engine", "one")).bindTo(registry);

        assertThat(registry.getMeters())
                .extracting(Meter::getId)
                .allSatisfy(id -> assertThat(id.getTag("engine")).isEqualTo("one"));
    }
}
