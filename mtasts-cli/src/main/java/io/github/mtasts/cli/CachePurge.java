package io.github.mtasts.cli;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.Holding;
import io.github.mtasts.policy.PolicyDomain;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Forgets policies. */
@Command(
        name = "purge",
        description =
                "Forget the policies of domains, here and in every sender that uses the directory. The next mail depends on DNS and the policy host again; pins and exemptions stay.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:done",
            "1:done, but no policy was held for some domain",
            "64:wrong usage",
            "66:the directory is not there",
            "74:it cannot be written"
        })
final class CachePurge implements Callable<Integer> {
    @Mixin
    private CacheStore cache = new CacheStore();

    @Mixin
    private JsonOption json = new JsonOption();

    @Parameters(
            paramLabel = "DOMAIN",
            arity = "1..*",
            description = "The domains.",
            converter = CacheStore.DomainConverter.class)
    private List<PolicyDomain> domains = List.of();

    private CachePurge() {}

    @Override
    public Integer call() {
        return cache.existing(store -> {
            List<Map<String, @Nullable Object>> reports = new ArrayList<>();
            int code = Main.ExitCode.OK;
            for (PolicyDomain domain : domains) {
                Holding before = store.load(domain);
                CachedPolicy policy = before.policy().orElse(null);
                Instant now = CacheStore.now();
                // a policy from the future was fetched before a clock was set back: it is meant too
                Instant at = policy == null || policy.fetchedAt().isBefore(now) ? now : policy.fetchedAt();
                store.purge(domain, at);
                if (policy == null) {
                    code = Main.ExitCode.PROBLEMS;
                }
                if (json.isOn()) {
                    reports.add(CacheEntry.json(store.load(domain), now));
                } else {
                    cache.out()
                            .println(domain + ": "
                                    + (policy == null
                                            ? "no policy was held; senders are told to forget theirs"
                                            : "purged"));
                }
            }
            if (json.isOn()) {
                cache.out().println(Json.of(reports));
            }
            return code;
        });
    }
}
