package io.github.mtasts.cli;

import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.StsPolicy;
import io.github.mtasts.policy.StsPolicyParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Puts an operator's policy in force. */
@Command(
        name = "pin",
        description =
                "Put a policy of your own in force for a domain, whatever the domain publishes, until it ends by itself.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:done",
            "1:nothing to lift",
            "64:wrong usage",
            "65:the policy is invalid",
            "66:the directory or the policy file is not there",
            "74:the directory cannot be written"
        })
final class CachePin implements Callable<Integer> {
    @Mixin
    private CacheRule rule = new CacheRule();

    @Option(names = "--policy", paramLabel = "FILE", description = "The policy, as a policy host would serve it.")
    private @Nullable Path file;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private CachePin() {}

    @Override
    public Integer call() {
        Path from = file;
        if (rule.lifts()) {
            return rule.lift(OperatorRule.Pin.class);
        }
        if (from == null) {
            throw new ParameterException(spec.commandLine(), "--policy is needed");
        }
        byte[] body;
        try {
            body = Files.readAllBytes(from);
        } catch (IOException e) {
            return rule.cache().unreadable(from, e);
        }
        PolicyResult result = StsPolicyParser.parse(body);
        if (result instanceof PolicyResult.Invalid invalid) {
            rule.cache()
                    .err()
                    .println("mtasts: " + from + " is no valid policy: "
                            + invalid.errors().get(0));
            return Main.ExitCode.DATA;
        }
        StsPolicy policy = ((PolicyResult.Valid) result).policy();
        return rule.set((domain, reason, since, until) -> new OperatorRule.Pin(domain, policy, reason, since, until));
    }
}
