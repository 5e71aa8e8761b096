package io.github.mtasts.delivery;

import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.MxRecord;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The MX hosts of a domain in the order to try them (RFC 5321 §5.1), or why there is none.
 *
 * @param hosts in order
 * @param preferences of each host, ascending
 * @param failure null unless nothing can be tried
 */
record Route(
        List<MxHost> hosts,
        List<Integer> preferences,
        @Nullable Conclusion failure) {

    /** More MX hosts than any domain needs; beyond, the least preferred are left out. */
    private static final int MOST_HOSTS = 100;

    static Route to(MxHost host) {
        return new Route(List.of(host), List.of(0), null);
    }

    static Route failed(Conclusion failure) {
        return new Route(List.of(), List.of(), failure);
    }

    static Route of(PolicyDomain domain, DnsAnswer<MxRecord> answer, Set<MxHost> own, RandomGenerator random) {
        if (answer instanceof DnsAnswer.Unavailable<MxRecord> unavailable) {
            return failed(new Conclusion.TryAgain(
                    "4.4.3",
                    domain + ": its MX records cannot be looked up (" + unavailable.reason() + ": "
                            + unavailable.detail() + ")"));
        }
        if (answer instanceof DnsAnswer.Absent<MxRecord> absent) {
            return absent.nameExists()
                    ? implicit(domain, own)
                    : failed(new Conclusion.Permanent(
                            Conclusion.Reason.NXDOMAIN, "5.1.2", domain + ": the domain does not exist"));
        }
        List<MxRecord> records = ((DnsAnswer.Found<MxRecord>) answer).records();
        if (records.stream().allMatch(record -> record.exchange().isEmpty())) {
            return failed(new Conclusion.Permanent(
                    Conclusion.Reason.NULL_MX, "5.1.10", domain + ": the domain accepts no mail (null MX)"));
        }
        return ordered(domain, records, own, random);
    }

    private static Route implicit(PolicyDomain domain, Set<MxHost> own) {
        return to(MxHost.of(domain.name())).betterThan(domain, own);
    }

    /**
     * Without the hosts that are no better than this sender itself: those of its own preference and of all higher numbers (RFC 5321 §5.1). On the whole list, before any
     * policy is asked (RFC 8461 §8.4).
     *
     * @param own where this sender itself stands in the list
     */
    Route betterThan(PolicyDomain domain, Set<MxHost> own) {
        int limit = Integer.MAX_VALUE;
        for (int i = 0; i < hosts.size(); i++) {
            if (own.contains(hosts.get(i))) {
                limit = Math.min(limit, preferences.get(i));
            }
        }
        int better = 0;
        while (better < hosts.size() && preferences.get(better) < limit) {
            better++;
        }
        if (better == 0) {
            return loop(domain);
        }
        return new Route(List.copyOf(hosts.subList(0, better)), List.copyOf(preferences.subList(0, better)), null);
    }

    private static Route loop(PolicyDomain domain) {
        return failed(new Conclusion.Permanent(
                Conclusion.Reason.LOOP, "5.4.6", domain + ": its best MX host is this sender itself"));
    }

    private static Route ordered(PolicyDomain domain, List<MxRecord> records, Set<MxHost> own, RandomGenerator random) {
        List<MxRecord> shuffled = new ArrayList<>(records);
        for (int i = shuffled.size() - 1; i > 0; i--) {
            Collections.swap(shuffled, i, random.nextInt(i + 1));
        }
        shuffled.sort(Comparator.comparingInt(MxRecord::preference));
        List<MxHost> hosts = new ArrayList<>();
        List<Integer> preferences = new ArrayList<>();
        for (MxRecord record : shuffled) {
            MxHost host = host(record.exchange());
            if (host == null) {
                continue; // "." beside real hosts, and data that is no host name, such as an address
            }
            if (!hosts.contains(host) && (hosts.size() < MOST_HOSTS || own.contains(host))) {
                hosts.add(host);
                preferences.add(record.preference());
            }
        }
        if (hosts.isEmpty()) {
            return failed(new Conclusion.TryAgain("4.4.4", domain + ": none of its MX records names a host"));
        }
        return new Route(List.copyOf(hosts), List.copyOf(preferences), null).betterThan(domain, own);
    }

    private static @Nullable MxHost host(String exchange) {
        try {
            return exchange.isEmpty() ? null : MxHost.of(exchange);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
