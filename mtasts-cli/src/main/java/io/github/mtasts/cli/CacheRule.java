package io.github.mtasts.cli;

import io.github.mtasts.cache.Holding;
import io.github.mtasts.cache.OperatorRule;
import io.github.mtasts.policy.PolicyDomain;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** What {@code pin} and {@code exempt} have in common: a domain, a reason, an end, and the way back. */
final class CacheRule {
    @Mixin
    private CacheStore cache = new CacheStore();

    @Mixin
    private JsonOption json = new JsonOption();

    @Option(names = "--reason", paramLabel = "TEXT", description = "Why: one line, for the log of every sender.")
    private @Nullable String reason;

    @Option(
            names = "--until",
            paramLabel = "END",
            converter = EndConverter.class,
            description =
                    "When it ends by itself: a time (2026-03-01T12:00:00Z), a day (2026-03-01), or 12h or 7d from now.")
    private @Nullable Instant until;

    @Option(names = "--lift", description = "End it now, instead of beginning it.")
    private boolean lift;

    @Parameters(paramLabel = "DOMAIN", description = "The domain.", converter = CacheStore.DomainConverter.class)
    private PolicyDomain domain = PolicyDomain.of("invalid");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    CacheRule() {}

    /** Makes the rule of the command. */
    interface Making {
        OperatorRule of(PolicyDomain domain, String reason, Instant since, Instant until);
    }

    boolean lifts() {
        return lift;
    }

    CacheStore cache() {
        return cache;
    }

    int set(Making making) {
        String why = reason;
        Instant end = until;
        if (why == null || end == null) {
            throw new ParameterException(spec.commandLine(), "--reason and --until are needed, or --lift");
        }
        OperatorRule rule;
        try {
            rule = making.of(domain, why, CacheStore.now(), end);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
        return cache.existingOrNew(store -> {
            store.setRule(rule);
            tell(store.load(domain));
            return Main.ExitCode.OK;
        });
    }

    int lift(Class<? extends OperatorRule> kind) {
        if (reason != null || until != null) {
            throw new ParameterException(spec.commandLine(), "--lift takes neither --reason nor --until");
        }
        return cache.existing(store -> {
            boolean held = store.load(domain).rule().filter(kind::isInstance).isPresent();
            if (held) {
                store.removeRule(domain);
            }
            tell(store.load(domain));
            return held ? Main.ExitCode.OK : Main.ExitCode.PROBLEMS;
        });
    }

    private void tell(Holding holding) {
        Instant now = CacheStore.now();
        cache.out().println(json.isOn() ? Json.of(CacheEntry.json(holding, now)) : CacheEntry.line(holding, now));
    }

    /** An end as people write it. */
    static final class EndConverter implements ITypeConverter<Instant> {
        private static final Pattern SPAN = Pattern.compile("([0-9]{1,5})([hd])");

        @Override
        public Instant convert(String text) {
            Matcher span = SPAN.matcher(text);
            if (span.matches()) {
                long number = Long.parseLong(span.group(1));
                return CacheStore.now()
                        .plus(span.group(2).equals("h") ? Duration.ofHours(number) : Duration.ofDays(number));
            }
            try {
                return text.indexOf('T') < 0
                        ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant()
                        : Instant.parse(text);
            } catch (DateTimeException e) {
                throw new TypeConversionException(
                        "an end is 2026-03-01T12:00:00Z, 2026-03-01, 12h or 7d: \"" + text + "\"");
            }
        }
    }
}
