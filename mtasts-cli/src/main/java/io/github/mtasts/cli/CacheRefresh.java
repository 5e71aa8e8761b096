package io.github.mtasts.cli;

import io.github.mtasts.MtaSts;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.policy.PolicyDomain;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Fetches policies again. */
@Command(
        name = "refresh",
        description =
                "Fetch the policies of domains again, whatever DNS says, unless that failed in the last five minutes.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:all fetched, or fetched in the last five minutes",
            "1:some domain has no policy",
            "64:wrong usage",
            "66:the directory is not there",
            "74:it cannot be written",
            "75:some policy could not be fetched; what was held still is"
        })
final class CacheRefresh implements Callable<Integer> {
    @Mixin
    private CacheStore cache = new CacheStore();

    @Mixin
    private NetworkOptions network = new NetworkOptions();

    @Mixin
    private JsonOption json = new JsonOption();

    @Parameters(
            paramLabel = "DOMAIN",
            arity = "1..*",
            description = "The domains.",
            converter = CacheStore.DomainConverter.class)
    private List<PolicyDomain> domains = List.of();

    private CacheRefresh() {}

    @Override
    public Integer call() {
        return cache.existing(store -> {
            List<Map<String, @Nullable Object>> reports = new ArrayList<>();
            int code = Main.ExitCode.OK;
            try (MtaSts mtaSts = network.engine().policyStore(store).build()) {
                for (PolicyDomain domain : domains) {
                    PolicyInForce answer = mtaSts.discovery().refresh(domain);
                    code = Math.max(code, code(answer));
                    Instant now = CacheStore.now();
                    if (json.isOn()) {
                        Map<String, @Nullable Object> report = new LinkedHashMap<>();
                        report.put("domain", domain.name());
                        report.put("fetched", code(answer) == Main.ExitCode.OK);
                        report.put("explanation", answer.explain(now));
                        reports.add(report);
                    } else {
                        cache.out().println(answer.explain(now));
                    }
                }
            }
            if (json.isOn()) {
                cache.out().println(Json.of(reports));
            }
            return code;
        });
    }

    private static int code(PolicyInForce answer) {
        if (answer.known().isPresent() && answer.failure().isEmpty()) {
            return Main.ExitCode.OK;
        }
        return answer instanceof PolicyInForce.NotInForce no && no.reason() == PolicyInForce.NotInForce.Reason.NO_RECORD
                ? Main.ExitCode.PROBLEMS
                : Main.ExitCode.TRY_AGAIN;
    }
}
