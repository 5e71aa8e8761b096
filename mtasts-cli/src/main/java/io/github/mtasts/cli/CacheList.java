package io.github.mtasts.cli;

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

/** Lists what a store holds. */
@Command(
        name = "list",
        description = "List the domains for which a policy, a purge or an operator's rule is held, a line for each.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {"0:done", "64:wrong usage", "66:the directory is not there", "74:it cannot be read"})
final class CacheList implements Callable<Integer> {
    private static final int PAGE = 500;

    @Mixin
    private CacheStore cache = new CacheStore();

    @Mixin
    private JsonOption json = new JsonOption();

    private CacheList() {}

    @Override
    public Integer call() {
        return cache.existing(store -> {
            Instant now = CacheStore.now();
            List<Map<String, @Nullable Object>> all = new ArrayList<>();
            boolean nothing = true;
            PolicyDomain after = null;
            List<PolicyDomain> page;
            do {
                page = store.domains(after, PAGE);
                for (PolicyDomain domain : page) {
                    after = domain;
                    Holding holding = store.load(domain);
                    if (holding.isEmpty()) {
                        continue; // set aside or removed meanwhile
                    }
                    nothing = false;
                    if (json.isOn()) {
                        all.add(CacheEntry.json(holding, now));
                    } else {
                        cache.out().println(CacheEntry.line(holding, now));
                    }
                }
            } while (page.size() == PAGE);
            if (json.isOn()) {
                cache.out().println(Json.of(all));
            } else if (nothing) {
                cache.err().println("mtasts: nothing is held there");
            }
            return Main.ExitCode.OK;
        });
    }
}
