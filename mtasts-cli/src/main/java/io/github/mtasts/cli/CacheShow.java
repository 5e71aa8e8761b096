package io.github.mtasts.cli;

import io.github.mtasts.cache.Holding;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.policy.PolicyDomain;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Shows all that is held for one domain. */
@Command(
        name = "show",
        description = "Show all that is held for a domain, with the policy as it was served.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:done",
            "1:nothing is held for the domain",
            "64:wrong usage",
            "66:the directory is not there",
            "74:it cannot be read"
        })
final class CacheShow implements Callable<Integer> {
    @Mixin
    private CacheStore cache = new CacheStore();

    @Mixin
    private JsonOption json = new JsonOption();

    @Parameters(paramLabel = "DOMAIN", description = "The domain.", converter = CacheStore.DomainConverter.class)
    private PolicyDomain domain = PolicyDomain.of("invalid");

    private CacheShow() {}

    @Override
    public Integer call() {
        return cache.existing(store -> {
            Instant now = CacheStore.now();
            Holding holding = store.load(domain);
            if (json.isOn()) {
                cache.out().println(Json.of(CacheEntry.json(holding, now)));
            } else {
                print(holding, now);
            }
            return holding.isEmpty() ? Main.ExitCode.PROBLEMS : Main.ExitCode.OK;
        });
    }

    private void print(Holding holding, Instant now) {
        if (holding.isEmpty()) {
            cache.out().println(domain + ": nothing is held");
            return;
        }
        cache.out().println(CacheEntry.line(holding, now));
        holding.policy()
                .ifPresent(
                        policy -> text("the policy as served:", policy.policy().body()));
        holding.rule().ifPresent(rule -> {
            if (rule instanceof OperatorRule.Pin pin) {
                text("the pinned policy:", pin.policy().body());
            }
        });
    }

    private void text(String title, String body) {
        cache.out().println(title);
        body.lines().forEach(line -> cache.out().println("  " + line));
    }
}
