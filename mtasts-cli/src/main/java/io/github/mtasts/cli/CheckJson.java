package io.github.mtasts.cli;

import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.FetchResult;
import io.github.mtasts.lookup.FetchTrace;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.RecordResult;
import io.github.mtasts.tls.PresentedCertificate;
import io.github.mtasts.tls.TlsCheck;
import io.github.mtasts.tlsrpt.report.TlsRptRecord;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An inspection for programs. Keys are always there; what was not seen is null. */
final class CheckJson {
    private CheckJson() {}

    static Map<String, @Nullable Object> of(Inspection seen, Diagnosis diagnosis) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("domain", seen.domain().name());
        json.put("verdict", Words.lower(diagnosis.state()));
        json.put("sender", diagnosis.sender());
        json.put("outcome", Words.lower(diagnosis.outcome()));
        json.put("mend", diagnosis.findings().stream().map(CheckJson::finding).toList());
        json.put("record", record(seen));
        json.put("policyHost", policyHost(seen));
        json.put("policy", policy(seen));
        json.put("mx", seen.mx().stream().map(CheckJson::mx).toList());
        json.put("noRoute", seen.noRoute() == null ? null : seen.noRoute().text());
        json.put("tlsReports", tlsReports(seen));
        return json;
    }

    private static Map<String, @Nullable Object> finding(Finding finding) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("weight", Words.lower(finding.weight()));
        json.put("about", finding.about());
        json.put("text", finding.text());
        return json;
    }

    private static Map<String, @Nullable Object> dns(String name, DnsAnswer<String> answer) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("name", name);
        json.put("raw", answer instanceof DnsAnswer.Found<String> found ? found.records() : List.of());
        json.put("dnsFailure", failure(answer));
        return json;
    }

    private static Map<String, @Nullable Object> tlsReports(Inspection seen) {
        Map<String, @Nullable Object> json = dns("_smtp._tls." + seen.domain(), seen.tlsReports());
        TlsRptRecord record =
                seen.tlsReports() instanceof DnsAnswer.Found<String> found ? TlsRptRecord.parse(found.records()) : null;
        json.put(
                "destinations",
                record instanceof TlsRptRecord.Found valid
                        ? valid.destinations().stream().map(Words::destination).toList()
                        : List.of());
        json.put(
                "fault",
                record instanceof TlsRptRecord.Broken broken
                        ? Words.lower(broken.reason()) + " " + broken.offending()
                        : null);
        return json;
    }

    private static @Nullable String failure(DnsAnswer<?> answer) {
        return answer instanceof DnsAnswer.Unavailable<?> unavailable
                ? Words.lower(unavailable.reason()) + ": " + unavailable.detail()
                : null;
    }

    private static List<String> addresses(DnsAnswer<InetAddress> answer) {
        return answer instanceof DnsAnswer.Found<InetAddress> found
                ? found.records().stream().map(InetAddress::getHostAddress).toList()
                : List.of();
    }

    private static Map<String, @Nullable Object> record(Inspection seen) {
        Map<String, @Nullable Object> json = dns(seen.domain().recordName(), seen.txt());
        json.put("id", seen.record() instanceof RecordResult.Found found ? found.id() : null);
        json.put(
                "fault",
                seen.record() instanceof RecordResult.Broken broken
                        ? Words.lower(broken.reason()) + " " + broken.offending()
                        : null);
        return json;
    }

    private static Map<String, @Nullable Object> policyHost(Inspection seen) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("name", seen.domain().policyHost());
        json.put("addresses", addresses(seen.policyHost()));
        json.put("dnsFailure", failure(seen.policyHost()));
        FetchResult fetch = seen.fetch();
        FetchTrace trace = fetch == null ? null : fetch.trace();
        json.put("tls", trace == null ? null : trace.tlsVersion());
        json.put("certificate", trace == null ? null : certificate(trace.tls()));
        json.put("status", trace == null ? null : trace.status());
        json.put("contentType", trace == null ? null : trace.contentType());
        json.put("size", trace == null ? null : trace.size());
        json.put("milliseconds", trace == null ? null : trace.took().toMillis());
        json.put("failure", fetch instanceof FetchResult.Failed failed ? Words.lower(failed.reason()) : null);
        json.put("detail", fetch instanceof FetchResult.Failed failed ? failed.detail() : null);
        return json;
    }

    private static @Nullable Map<String, @Nullable Object> certificate(@Nullable TlsCheck tls) {
        PresentedCertificate certificate = tls == null ? null : tls.certificate();
        if (tls == null || certificate == null) {
            return null;
        }
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("names", certificate.names());
        json.put("issuer", certificate.issuer());
        json.put("notBefore", certificate.notBefore().toString());
        json.put("notAfter", certificate.notAfter().toString());
        json.put("valid", tls.passed());
        json.put("faults", tls.faults().keySet().stream().map(Words::lower).toList());
        return json;
    }

    private static @Nullable Map<String, @Nullable Object> policy(Inspection seen) {
        PolicyResult policy = seen.policy();
        if (policy == null) {
            return null;
        }
        Map<String, @Nullable Object> json = PolicyJson.of(policy);
        json.put(
                "raw",
                seen.fetch() instanceof FetchResult.Fetched fetched
                        ? new String(fetched.body(), StandardCharsets.UTF_8)
                        : null);
        return json;
    }

    private static Map<String, @Nullable Object> mx(Inspection.Mx mx) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("host", mx.host().name());
        json.put("preference", mx.preference() < 0 ? null : mx.preference());
        json.put("listed", mx.listed());
        json.put("dnsFailure", failure(mx.addresses()));
        json.put(
                "addresses",
                mx.probes().isEmpty()
                        ? addresses(mx.addresses()).stream()
                                .map(address -> Map.of("address", address))
                                .toList()
                        : mx.probes().stream().map(CheckJson::probe).toList());
        return json;
    }

    private static Map<String, @Nullable Object> probe(MxProbe probe) {
        TlsCheck tls = probe.tls();
        boolean session = tls != null && !tls.protocol().isEmpty();
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("address", probe.address().getHostAddress());
        json.put("connected", probe.reached() != MxProbe.Reached.NOTHING);
        json.put("ehlo", probe.ehlo().isEmpty() ? null : probe.ehlo());
        json.put("startTls", probe.isUnknown() ? null : probe.reached() != MxProbe.Reached.NO_STARTTLS);
        json.put("tls", session && tls != null ? tls.protocol() : null);
        json.put("cipher", session && tls != null ? tls.cipherSuite() : null);
        json.put("certificate", certificate(tls));
        json.put("verified", probe.isUnknown() ? null : probe.isVerified());
        json.put("clearance", probe.clearance() == null ? null : Words.lower(probe.clearance()));
        json.put(
                "problem",
                !probe.problem().isEmpty()
                        ? probe.problem()
                        : tls == null || tls.passed() ? null : tls.describeFaults());
        return json;
    }
}
