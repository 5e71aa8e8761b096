package io.github.mtasts.cli;

import io.github.mtasts.delivery.Clearance;
import io.github.mtasts.delivery.Conclusion;
import io.github.mtasts.delivery.MxMatch;
import io.github.mtasts.discovery.PolicyInForce;
import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsFailure;
import io.github.mtasts.lookup.FetchFailure;
import io.github.mtasts.lookup.FetchResult;
import io.github.mtasts.policy.PolicyMode;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.RecordResult;
import io.github.mtasts.policy.StsPolicy;
import io.github.mtasts.policy.StsPolicyParser;
import io.github.mtasts.tls.TlsCheck;
import io.github.mtasts.tls.TlsFault;
import io.github.mtasts.tlsrpt.report.TlsRptRecord;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What an inspection means: what a sender does today, and what to mend, most important first.
 *
 * @param sender what a sender that never had mail for the domain does now, in a sentence
 * @param outcome what becomes of its mail
 * @param findings most important first
 */
record Diagnosis(String sender, Outcome outcome, List<Finding> findings) {
    private static final Duration SOON = Duration.ofDays(14);
    private static final Duration SHORT_LIFE = Duration.ofDays(1);

    Diagnosis {
        findings = List.copyOf(findings);
    }

    /** What becomes of mail. */
    enum Outcome {
        /** It is delivered. */
        DELIVERED,
        /** It is kept, to be tried again. */
        HELD,
        /** It is handed back. */
        HANDED_BACK,
        /** That cannot be told from here. */
        UNKNOWN
    }

    /** The state of a domain, in a word. */
    enum State {
        /** Nothing to mend. */
        SOUND,
        /** Something to mend. */
        PROBLEMS,
        /** Something could not be looked at. */
        UNKNOWN
    }

    State state() {
        if (findings.stream().anyMatch(finding -> finding.weight() == Finding.Weight.PROBLEM)) {
            return State.PROBLEMS;
        }
        return findings.stream().anyMatch(finding -> finding.weight() == Finding.Weight.UNKNOWN)
                ? State.UNKNOWN
                : State.SOUND;
    }

    /**
     * The meaning of an inspection.
     *
     * @param strict whether what a policy has outside the grammar is a problem
     * @param now for what is about to expire
     */
    static Diagnosis of(Inspection seen, boolean strict, Instant now) {
        Reading reading = new Reading(seen, strict, now);
        reading.record();
        reading.fetch();
        reading.policy();
        reading.mxHosts();
        reading.reports();
        reading.findings.sort(Comparator.comparing(Finding::weight)); // stable: the way mail goes within a weight
        Sender sender = Sender.of(seen);
        return new Diagnosis(sender.text, sender.outcome, reading.findings);
    }

    /** A conclusion's text without the domain in front. */
    private static String what(Inspection seen, Conclusion conclusion) {
        String prefix = seen.domain() + ": ";
        String text = conclusion.text();
        return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
    }

    /** What a sender does. */
    private record Sender(String text, Outcome outcome) {
        static Sender of(Inspection seen) {
            Conclusion noRoute = seen.noRoute();
            if (noRoute != null) {
                boolean permanent = noRoute instanceof Conclusion.Permanent;
                return new Sender(
                        (permanent ? "It hands mail back: " : "It holds mail and tries again: ") + what(seen, noRoute)
                                + ".",
                        permanent ? Outcome.HANDED_BACK : Outcome.HELD);
            }
            if (seen.inForce() instanceof PolicyInForce.Undetermined undetermined) {
                return new Sender(
                        "It holds mail, since it is not known whether a policy is in force: "
                                + Words.lower(undetermined.reason()) + ".",
                        Outcome.HELD);
            }
            return seen.isEnforced() ? enforced(seen) : unenforced(seen);
        }

        private static Sender enforced(Inspection seen) {
            List<Inspection.Mx> listed = seen.mx().stream()
                    .filter(mx -> mx.match() == MxMatch.LISTED)
                    .toList();
            if (listed.isEmpty()) {
                return new Sender("It holds mail: the policy lists none of the MX hosts.", Outcome.HELD);
            }
            if (!seen.probed()) {
                return new Sender(
                        "It delivers over verified TLS only, and only to " + names(listed)
                                + ". Whether their TLS passes was not looked at.",
                        Outcome.DELIVERED);
            }
            List<String> passedOver = new ArrayList<>();
            boolean unknown = false;
            for (Inspection.Mx mx : seen.mx()) {
                if (mx.probes().stream().anyMatch(probe -> probe.clearance() == Clearance.VERIFIED_TLS)) {
                    return new Sender(
                            "It delivers to " + mx.host() + " over verified TLS" + passing(passedOver) + ".",
                            Outcome.DELIVERED);
                }
                unknown |= mx.match() == MxMatch.LISTED
                        && (mx.probes().isEmpty() || mx.probes().stream().anyMatch(MxProbe::isUnknown));
                passedOver.add(mx.host().name());
            }
            return unknown
                    ? new Sender(
                            "It delivers over verified TLS only; whether there is a host that offers it could not be told from here.",
                            Outcome.UNKNOWN)
                    : new Sender(
                            "It holds mail and tries again: none of the MX hosts passes the policy.", Outcome.HELD);
        }

        private static Sender unenforced(Inspection seen) {
            String basis = seen.inForce() instanceof PolicyInForce.NotInForce not
                    ? "No policy is in force, since " + why(not)
                            + ", so it delivers over any TLS, or in clear text where none is to be had"
                    : "The policy is in testing mode, so it delivers whether or not TLS passes, and reports what does not";
            if (!seen.probed()) {
                return new Sender(basis + ".", Outcome.DELIVERED);
            }
            for (Inspection.Mx mx : seen.mx()) {
                for (MxProbe probe : mx.probes()) {
                    Clearance clearance = probe.clearance();
                    if (clearance != null && clearance != Clearance.NEXT_HOST) {
                        String how = switch (clearance) {
                            case VERIFIED_TLS, ANY_TLS ->
                                probe.isVerified()
                                        ? " over TLS, whose certificate happens to be good"
                                        : " over TLS that proves nothing";
                            default -> " in clear text";
                        };
                        return new Sender("It delivers to " + mx.host() + how + ". " + basis + ".", Outcome.DELIVERED);
                    }
                }
            }
            return new Sender(basis + "; no MX host could be reached from here.", Outcome.UNKNOWN);
        }

        private static String why(PolicyInForce.NotInForce answer) {
            return switch (answer.reason()) {
                case NO_RECORD -> "there is no MTA-STS record";
                case BAD_RECORD -> "the MTA-STS record is unusable";
                case MODE_NONE -> "the policy says mode none";
                case FETCH_FAILED -> "the policy cannot be had";
                case DNS_UNAVAILABLE -> "DNS gives no answer about the record";
                case FETCH_OVERLOAD, PENDING -> "the policy was not fetched in time";
                case ADDRESS_LITERAL -> "an address has no policy";
                case EXEMPT -> "the operator exempted the domain";
            };
        }

        private static String names(List<Inspection.Mx> hosts) {
            return hosts.stream().map(mx -> mx.host().name()).collect(Collectors.joining(", "));
        }

        private static String passing(List<String> hosts) {
            return hosts.isEmpty() ? "" : ", passing over " + String.join(", ", hosts);
        }
    }

    /** What is to be mended, in the order of the way. */
    private static final class Reading {
        private final Inspection seen;
        private final boolean strict;
        private final Instant now;
        private final List<Finding> findings = new ArrayList<>();

        Reading(Inspection seen, boolean strict, Instant now) {
            this.seen = seen;
            this.strict = strict;
            this.now = now;
        }

        private void problem(String about, String text) {
            findings.add(new Finding(Finding.Weight.PROBLEM, about, text));
        }

        private void unknown(String about, String text) {
            findings.add(new Finding(Finding.Weight.UNKNOWN, about, text));
        }

        private void advice(String about, String text) {
            findings.add(new Finding(Finding.Weight.ADVICE, about, text));
        }

        void record() {
            String name = seen.domain().recordName();
            if (seen.txt() instanceof DnsAnswer.Unavailable<String> unavailable) {
                if (unavailable.reason() == DnsFailure.BOGUS) {
                    problem(name, "DNSSEC validation of the TXT record fails: senders that validate hold mail");
                } else {
                    unknown(
                            name,
                            "DNS gave no answer about the TXT record (" + Words.lower(unavailable.reason()) + ")");
                }
            }
            RecordResult record = seen.record();
            if (seen.noRoute() instanceof Conclusion.Permanent && record instanceof RecordResult.NotOurs) {
                return; // nothing to protect
            }
            if (record instanceof RecordResult.NotOurs) {
                String there = seen.txt() instanceof DnsAnswer.Found<String> found
                        ? "none of the " + Words.count(found.records().size(), "TXT record")
                                + " there is an MTA-STS record"
                        : "there is no TXT record";
                problem(name, there + ", so no sender looks for a policy: publish \"v=STSv1; id=20260101;\"");
            } else if (record instanceof RecordResult.Broken broken) {
                problem(name, "senders act as if there were no record: " + words(broken));
            }
        }

        private static String words(RecordResult.Broken broken) {
            String what = broken.offending();
            return switch (broken.reason()) {
                case SEVERAL_RECORDS -> "there are " + what + ": remove all but one";
                case TOO_LONG -> "it is longer than 4096 bytes";
                case TOO_MANY -> "there are " + what + ": no sender reads so many";
                case NO_ID -> "it has no id: add one, as in \"v=STSv1; id=20260101;\"";
                case BAD_ID -> "its id is not 1 to 32 letters and digits: " + what;
                case BAD_FIELD -> "a field of it cannot be read: " + what;
            };
        }

        void fetch() {
            String host = seen.domain().policyHost();
            FetchResult fetch = seen.fetch();
            if (fetch instanceof FetchResult.Failed failed) {
                boolean ours = switch (failed.reason()) {
                    case DNS_UNAVAILABLE, OVERLOAD, CANCELLED, CLOSED -> true;
                    default -> false;
                };
                String text = "the policy cannot be fetched (" + Words.lower(failed.reason()) + ": " + failed.detail()
                        + ")" + remedy(failed.reason());
                if (ours) {
                    unknown(host, text);
                } else if (seen.record() instanceof RecordResult.Found) {
                    problem(host, text);
                } else if (failed.reason() != FetchFailure.DNS_ABSENT) {
                    advice(host, text);
                }
            }
            TlsCheck tls = fetch == null ? null : fetch.trace().tls();
            if (fetch instanceof FetchResult.Fetched && tls != null) {
                expiry(host, tls);
            }
        }

        private static String remedy(FetchFailure reason) {
            return switch (reason) {
                case DNS_ABSENT -> ": give the policy host an address";
                case ADDRESS_FORBIDDEN -> ": give the policy host a public address";
                case CONNECT, TIMEOUT -> ": let it answer on port 443 for everybody";
                case TLS_HANDSHAKE -> ": let it speak TLS 1.2 or 1.3";
                case CERTIFICATE ->
                    ": get it a certificate of a public authority that names it in a SAN dNSName, and serve the chain";
                case HTTP_STATUS -> ": serve the file with status 200 at /.well-known/mta-sts.txt";
                case REDIRECT -> ": serve the file itself, senders follow no redirect";
                case MEDIA_TYPE -> ": serve it as text/plain";
                case CONTENT_ENCODING -> ": serve it without compression";
                case HTTP_MALFORMED, TRUNCATED -> ": let the response be complete, with its length";
                case TOO_LARGE -> ": a policy has at most 64 KiB";
                case DNS_UNAVAILABLE, OVERLOAD, CANCELLED, CLOSED -> "";
            };
        }

        private void expiry(String host, TlsCheck tls) {
            if (tls.certificate() != null
                    && tls.passed()
                    && tls.certificate().notAfter().isBefore(now.plus(SOON))) {
                advice(
                        host,
                        "its certificate ends on " + Words.day(tls.certificate().notAfter()) + ": renew it");
            }
        }

        void policy() {
            String host = seen.domain().policyHost();
            if (seen.policy() instanceof PolicyResult.Invalid invalid) {
                String errors =
                        invalid.errors().stream().limit(5).map(Words::error).collect(Collectors.joining("; "));
                problem(host, "the policy is invalid, senders act as if there were none: " + errors);
                return;
            }
            PolicyResult.Valid valid = seen.validPolicy();
            if (valid == null) {
                return;
            }
            StsPolicy policy = valid.policy();
            if (strict && StsPolicyParser.parseStrict(bytes(seen.fetch())) instanceof PolicyResult.Invalid outside) {
                problem(
                        host,
                        "the policy has what RFC 8461 does not allow: "
                                + outside.errors().stream()
                                        .limit(5)
                                        .map(Words::error)
                                        .collect(Collectors.joining("; ")));
            } else if (!policy.tolerances().isEmpty()) {
                advice(
                        host,
                        "the policy has what RFC 8461 does not allow, and other senders may refuse: "
                                + policy.tolerances().stream()
                                        .map(tolerance -> tolerance.text())
                                        .collect(Collectors.joining(", ")));
            }
            if (policy.mode() == PolicyMode.TESTING) {
                advice(host, "mode testing protects nothing: once reports are clean, say enforce");
            } else if (policy.mode() == PolicyMode.NONE) {
                advice(host, "mode none protects nothing: it is for taking a policy back");
            }
            if (policy.mode() != PolicyMode.NONE && policy.maxAge().compareTo(SHORT_LIFE) < 0) {
                advice(
                        host,
                        "max_age " + policy.maxAge().toSeconds()
                                + " is less than a day: who blocks the policy host for so long removes it; weeks are usual");
            }
        }

        private static byte[] bytes(@Nullable FetchResult fetch) {
            return fetch instanceof FetchResult.Fetched fetched ? fetched.body() : new byte[0];
        }

        void mxHosts() {
            Conclusion noRoute = seen.noRoute();
            if (noRoute instanceof Conclusion.Permanent permanent) {
                if (permanent.reason() == Conclusion.Reason.NULL_MX) {
                    advice(seen.domain().name(), "it accepts no mail (null MX), so nothing needs protection");
                } else {
                    problem(seen.domain().name(), what(seen, permanent));
                }
            } else if (noRoute != null) {
                unknown(seen.domain().name(), what(seen, noRoute));
            }
            for (Inspection.Mx mx : seen.mx()) {
                mxHost(mx);
            }
        }

        private void mxHost(Inspection.Mx mx) {
            String host = mx.host().name();
            if (Boolean.FALSE.equals(mx.listed())) {
                fault(host, "the policy does not list this MX host: add \"mx: " + host + "\", or remove its MX record");
            }
            if (mx.addresses() instanceof DnsAnswer.Absent<InetAddress>) {
                fault(host, "this MX host has no address");
            } else if (mx.addresses() instanceof DnsAnswer.Unavailable<InetAddress> unavailable) {
                unknown(host, "its addresses cannot be looked up (" + Words.lower(unavailable.reason()) + ")");
            }
            List<MxProbe> unreached =
                    mx.probes().stream().filter(MxProbe::isUnknown).toList();
            for (MxProbe probe : mx.probes()) {
                String at = host + " " + probe.address().getHostAddress();
                TlsCheck tls = probe.tls();
                if (probe.isFaulty()) {
                    fault(
                            at,
                            tls == null
                                    ? probe.problem() + ": switch on TLS for SMTP"
                                    : tls.describeFaults() + remedy(tls));
                } else if (probe.isUnknown() && unreached.size() < mx.probes().size()) {
                    advice(at, probe.problem());
                } else if (probe.isUnknown()) {
                    unknown(at, probe.problem());
                } else if (tls != null) {
                    expiry(at, tls);
                }
            }
        }

        /** Where there is a policy, a fault breaks it; otherwise it is to be mended before there can be one. */
        private void fault(String about, String text) {
            if (seen.validPolicy() == null || seen.validPolicy().policy().mode() == PolicyMode.NONE) {
                advice(about, text);
            } else {
                problem(about, text);
            }
        }

        private static String remedy(TlsCheck tls) {
            TlsFault first = tls.faults().keySet().iterator().next();
            return switch (first) {
                case EXPIRED, NOT_YET_VALID -> ": renew the certificate";
                case NAME_MISMATCH -> ": get a certificate that names " + tls.referenceName() + " in a SAN dNSName";
                case UNTRUSTED -> ": use a certificate of a public authority, and serve the chain";
                case CONSTRAINTS, WEAK_KEY, REVOKED -> ": get another certificate";
                case WEAK_SESSION, HANDSHAKE, IO -> ": let it speak TLS 1.2 or 1.3 with forward secrecy";
            };
        }

        void reports() {
            String name = "_smtp._tls." + seen.domain();
            TlsRptRecord record = seen.tlsReports() instanceof DnsAnswer.Found<String> found
                    ? TlsRptRecord.parse(found.records())
                    : new TlsRptRecord.NotOurs();
            if (record instanceof TlsRptRecord.Broken broken) {
                problem(
                        name,
                        "no reports are sent, since the record is unusable: " + Words.lower(broken.reason()) + " "
                                + broken.offending());
            } else if (record instanceof TlsRptRecord.NotOurs
                    && !(seen.tlsReports() instanceof DnsAnswer.Unavailable<String>)
                    && seen.validPolicy() != null) {
                advice(name, "no record asks for TLS reports (RFC 8460): without them nobody tells you what fails");
            }
        }
    }
}
