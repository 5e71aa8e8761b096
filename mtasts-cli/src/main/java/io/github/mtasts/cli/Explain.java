package io.github.mtasts.cli;

import io.github.mtasts.cache.CachedPolicy;
import io.github.mtasts.cache.Holding;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.delivery.MxDecision;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.FetchResult;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.RecordResult;
import io.github.mtasts.tls.TlsCheck;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Why is mail for a domain held? The decision, and each step that leads to it. */
@Command(
        name = "explain",
        description =
                "Say why mail for a domain is held, or that it is not: each step from what this sender remembers and what DNS, the policy host and the MX hosts say now, and the decision. Nothing is changed and no mail is sent. A probe may take 30 seconds.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:mail would be delivered",
            "2:it could not be told",
            "64:wrong usage",
            "66:the folder of policies cannot be read",
            "69:the domain takes no mail",
            "75:mail would be held"
        })
final class Explain implements Callable<Integer> {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    @Option(
            names = "--policies",
            paramLabel = "DIRECTORY",
            description = "The folder in which the sender keeps its policies; without it, as a sender that knows none.")
    private @Nullable Path policies;

    @Option(
            names = "--mx",
            paramLabel = "HOST",
            description = "Look at this MX host alone, whatever DNS says: the one in the log of a held message, say.")
    private @Nullable String mx;

    @Option(names = "--no-smtp", description = "Do not connect to MX hosts: many networks let nobody out to port 25.")
    private boolean noSmtp;

    @Mixin
    private NetworkOptions network = new NetworkOptions();

    @Mixin
    private JsonOption json = new JsonOption();

    @Parameters(paramLabel = "DOMAIN", description = "The recipient's domain.")
    private String name = "";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private Explain() {}

    /** One step: what was looked at, and what follows. */
    private record Step(String about, String text) {}

    @Override
    public Integer call() {
        PolicyDomain domain;
        MxHost host;
        try {
            domain = PolicyDomain.of(name);
            String given = mx;
            host = given == null ? null : MxHost.of(given);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
        Path folder = policies;
        if (folder != null && !Files.isDirectory(folder)) {
            return unreadable(folder, "no such folder");
        }
        Holding held;
        Inspection seen;
        try (PolicyStore store = folder == null ? PolicyStore.inMemory(1) : PolicyStore.inDirectory(folder);
                Inspector inspector = new Inspector(network, network.timeout(TIMEOUT), !noSmtp)) {
            held = store.load(domain);
            seen = inspector.inspect(domain, new ReadOnlyStore(store), host, Inspector.Depth.AS_A_SENDER);
        } catch (IOException e) {
            return unreadable(folder == null ? Path.of("") : folder, Words.reason(e));
        }
        Instant now = Instant.now();
        Diagnosis diagnosis = Diagnosis.of(seen, false, now);
        List<Step> steps = steps(held, seen, now);
        print(seen, diagnosis, steps, now);
        return switch (diagnosis.outcome()) {
            case DELIVERED -> Main.ExitCode.OK;
            case HELD -> Main.ExitCode.TRY_AGAIN;
            case HANDED_BACK -> Main.ExitCode.UNAVAILABLE;
            case UNKNOWN -> Main.ExitCode.UNKNOWN;
        };
    }

    private int unreadable(Path folder, String why) {
        spec.commandLine().getErr().println("mtasts: cannot read the policies in " + folder + ": " + why);
        return Main.ExitCode.NO_INPUT;
    }

    private void print(Inspection seen, Diagnosis diagnosis, List<Step> steps, Instant now) {
        PrintWriter out = spec.commandLine().getOut();
        if (json.isOn()) {
            Map<String, @Nullable Object> report = new LinkedHashMap<>();
            report.put("domain", seen.domain().name());
            report.put("outcome", Words.lower(diagnosis.outcome()));
            report.put("decision", diagnosis.sender());
            report.put("inForce", seen.inForce().explain(now));
            report.put(
                    "steps",
                    steps.stream()
                            .map(step -> Map.of("about", step.about(), "text", step.text()))
                            .toList());
            out.println(Json.of(report));
        } else {
            int number = 1;
            for (Step step : steps) {
                out.println(number++ + ". " + step.about() + ": " + step.text());
            }
            out.println();
            out.println("Decision: " + diagnosis.sender());
        }
        out.flush();
    }

    private List<Step> steps(Holding held, Inspection seen, Instant now) {
        List<Step> steps = new ArrayList<>();
        steps.add(new Step("Operator's rule", rule(held, now)));
        steps.add(new Step("Remembered policy", remembered(held, now)));
        steps.add(new Step("TXT record now", record(held, seen, now)));
        steps.add(new Step("Policy host now", fetched(seen)));
        steps.add(new Step("Policy in force", seen.inForce().explain(now)));
        if (seen.noRoute() != null) {
            steps.add(new Step("MX hosts now", seen.noRoute().text()));
        }
        for (Inspection.Mx each : seen.mx()) {
            steps.add(new Step("MX host " + each.host(), host(seen, each)));
        }
        return steps;
    }

    private static String rule(Holding held, Instant now) {
        OperatorRule rule = held.rule().orElse(null);
        if (rule == null) {
            return "there is none";
        }
        if (!rule.bindsAt(now)) {
            return "there was one, which ended at " + rule.until() + ": it counts no more";
        }
        return (rule instanceof OperatorRule.Exempt
                        ? "the domain is exempt, no policy of it is enforced"
                        : "a policy is pinned, whatever the domain publishes")
                + " until " + rule.until() + ": " + rule.reason();
    }

    private String remembered(Holding held, Instant now) {
        if (policies == null) {
            return "no folder of policies was named (--policies), so none";
        }
        CachedPolicy policy = held.policy().orElse(null);
        if (policy == null) {
            return "none"
                    + (held.purge().isPresent()
                            ? ", it was purged at " + held.purge().get().at()
                            : "");
        }
        String what = "mode " + policy.policy().mode().text() + ", id " + policy.recordId() + ", mx "
                + policy.policy().mx() + ", fetched " + policy.fetchedAt();
        return policy.appliesAt(now)
                ? what + ": it applies until " + policy.expiresAt()
                : what + ": it expired at " + policy.expiresAt() + " and counts no more";
    }

    private static String record(Holding held, Inspection seen, Instant now) {
        CachedPolicy policy =
                held.policy().filter(cached -> cached.appliesAt(now)).orElse(null);
        String kept = policy == null ? "" : ", so the remembered policy holds (RFC 8461 section 5.1)";
        if (seen.txt() instanceof DnsAnswer.Unavailable<String> unavailable) {
            return "DNS gives no answer (" + Words.lower(unavailable.reason()) + ": " + unavailable.detail() + ")"
                    + kept;
        }
        RecordResult record = seen.record();
        if (record instanceof RecordResult.Broken broken) {
            return "it is unusable (" + Words.lower(broken.reason()) + " " + broken.offending() + ")"
                    + (policy == null ? ", so there is no policy" : kept);
        }
        if (!(record instanceof RecordResult.Found found)) {
            return "there is none" + (policy == null ? ", so there is no policy to ask for" : kept);
        }
        if (policy == null) {
            return "id " + found.id() + ", and no policy is remembered: it has to be fetched";
        }
        return found.id().equals(policy.recordId())
                ? "id " + found.id() + ", the same as the remembered policy's: nothing has to be fetched"
                : "id " + found.id() + ", another than the remembered policy's: it has to be fetched";
    }

    private static String fetched(Inspection seen) {
        FetchResult fetch = seen.fetch();
        if (fetch == null) {
            return "not asked";
        }
        if (fetch instanceof FetchResult.Failed failed) {
            return "the fetch failed (" + Words.lower(failed.reason()) + ": " + failed.detail() + ")";
        }
        if (seen.policy() instanceof PolicyResult.Invalid invalid) {
            return "what it serves is no valid policy: "
                    + String.join(
                            "; ",
                            invalid.errors().stream().limit(5).map(Words::error).toList());
        }
        PolicyResult.Valid valid = seen.validPolicy();
        return valid == null ? "not asked" : "it serves " + valid.policy();
    }

    private static String host(Inspection seen, Inspection.Mx mx) {
        MxDecision decision = MxDecision.of(seen.inForce(), mx.host());
        StringBuilder text = new StringBuilder();
        if (mx.listed() != null) {
            text.append(mx.listed() ? "the policy lists it" : "the policy does not list it")
                    .append("; ");
        }
        if (decision instanceof MxDecision.Refuse refuse) {
            return text.append(
                            refuse.reason() == MxDecision.Reason.MX_NOT_LISTED
                                    ? "it is passed over (RFC 8461 section 5)"
                                    : "it is not known which policy is in force, so mail waits")
                    .toString();
        }
        text.append(
                seen.inForce() instanceof PolicyInForce.Enforce
                        ? "it has to offer TLS with a certificate valid for its name"
                        : "any TLS will do");
        if (mx.probes().isEmpty()) {
            return text.append(seen.probed() ? "; it has no address" : "; it was not connected to")
                    .toString();
        }
        for (MxProbe probe : mx.probes()) {
            text.append("; at ")
                    .append(probe.address().getHostAddress())
                    .append(" ")
                    .append(shown(probe));
        }
        return text.toString();
    }

    private static String shown(MxProbe probe) {
        TlsCheck tls = probe.tls();
        String what = tls == null ? probe.problem() : tls.describe();
        String follows = probe.clearance() == null
                ? ""
                : switch (probe.clearance()) {
                    case VERIFIED_TLS -> ": mail may go there";
                    case ANY_TLS -> ": mail may go there over this TLS";
                    case CLEARTEXT, RECONNECT_IN_CLEAR -> ": mail may go there in clear text";
                    case NEXT_HOST -> ": mail may not go there";
                };
        return what + follows;
    }
}
