package io.github.mtasts.cli;

import io.github.mtasts.cache.OperatorRule;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Exempts a domain from enforcement. */
@Command(
        name = "exempt",
        description = "Enforce no policy for a domain, until it ends by itself. Its policy is still kept and renewed.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:done",
            "1:nothing to lift",
            "64:wrong usage",
            "66:the directory is not there",
            "74:it cannot be written"
        })
final class CacheExempt implements Callable<Integer> {
    @Mixin
    private CacheRule rule = new CacheRule();

    private CacheExempt() {}

    @Override
    public Integer call() {
        return rule.lifts() ? rule.lift(OperatorRule.Exempt.class) : rule.set(OperatorRule.Exempt::new);
    }
}
