package io.github.mtasts.tlsrpt;

import io.github.mtasts.tlsrpt.report.DkimSigner;
import io.github.mtasts.tlsrpt.report.OutgoingReport;
import io.github.mtasts.tlsrpt.report.ReportDestination;
import io.github.mtasts.tlsrpt.report.ReportMail;
import io.github.mtasts.tlsrpt.report.Reporter;
import io.github.mtasts.tlsrpt.report.TlsRptRecord;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends the reports of days that are over (RFC 8460 §5): when, to whom, how often. */
final class Submitter {
    private static final Logger LOG = LoggerFactory.getLogger(TlsReporting.class);

    /** RFC 8460 §4.1: not all at midnight. */
    private static final Duration EARLIEST = Duration.ofMinutes(10);

    private static final Duration LATEST = Duration.ofHours(4);

    /** RFC 8460 §5.5: when to try again, counted from the first try. */
    private static final List<Duration> TRIES = List.of(
            Duration.ofMinutes(15),
            Duration.ofMinutes(30),
            Duration.ofHours(1),
            Duration.ofHours(2),
            Duration.ofHours(4),
            Duration.ofHours(8),
            Duration.ofHours(16));

    /** A first try later than this after the end of its day tells nobody anything. */
    private static final Duration STALE = Duration.ofDays(3);

    private static final int KEPT_DAYS = 7;
    private static final Duration CLAIM = Duration.ofMinutes(15);
    private static final Duration DNS = Duration.ofSeconds(60);
    private static final int AT_ONCE = 500;

    private static final String TAKEN_ON = "another instance has taken it on";

    private final ReportStore store;
    private final RecordLookup records;
    private final Reporter reporter;
    private final @Nullable DkimSigner signer;
    private final boolean unsignedWaits;
    private final ReportMailer mailer;
    private final HttpsPost https;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final String claimant;
    private final AtomicBoolean saidUnsigned = new AtomicBoolean();

    /** @param unsignedWaits whether mails that cannot be signed here are left for another time, rather than given up */
    Submitter(
            ReportStore store,
            RecordLookup records,
            Reporter reporter,
            @Nullable DkimSigner signer,
            boolean unsignedWaits,
            ReportMailer mailer,
            HttpsPost https,
            InstantSource clock,
            RandomGenerator random) {
        this.store = store;
        this.records = records;
        this.reporter = reporter;
        this.signer = signer;
        this.unsignedWaits = unsignedWaits;
        this.mailer = mailer;
        this.https = https;
        this.clock = clock;
        this.random = random;
        this.claimant = unique(random);
    }

    /** Begins the reports of days that are over, each with its time and its id, and lets go of what is of long ago. */
    void plan() throws IOException {
        LocalDate today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
        store.discard(today.minusDays(KEPT_DAYS));
        List<ReportKey> unplanned;
        do {
            unplanned = store.unplanned(today, AT_ONCE);
            for (ReportKey key : unplanned) {
                long spread = LATEST.minus(EARLIEST).toMillis();
                Instant due = midnightAfter(key).plus(EARLIEST).plusMillis(random.nextLong(spread + 1));
                store.plan(Submission.planned(key, unique(random), due));
            }
        } while (unplanned.size() == AT_ONCE);
    }

    /**
     * {@return the reports of days that are over that are not done with, whether or not their time has come}
     *
     * @param now the time
     */
    static SortedSet<ReportKey> unsent(ReportStore store, Instant now) throws IOException {
        LocalDate notOver = notOver(now);
        SortedSet<ReportKey> keys = new TreeSet<>(store.unplanned(notOver, Integer.MAX_VALUE));
        keys.addAll(store.unfinished(notOver));
        return keys;
    }

    /** @throws IllegalArgumentException if one is of a day that is not over */
    static void requireOver(Collection<ReportKey> keys, Instant now) {
        for (ReportKey key : keys) {
            if (!key.day().isBefore(notOver(now))) {
                throw new IllegalArgumentException(key + ": the day is not over since ten minutes");
            }
        }
    }

    /** The first day that is not over. At midnight some of what was counted is still on its way to the store. */
    private static LocalDate notOver(Instant now) {
        return LocalDate.ofInstant(now.minus(EARLIEST), ZoneOffset.UTC);
    }

    /** {@return the reports whose time has come} */
    List<ReportKey> due() throws IOException {
        return store.due(clock.instant(), AT_ONCE);
    }

    private static Instant midnightAfter(ReportKey key) {
        return key.day().plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant();
    }

    private static String unique(RandomGenerator random) {
        return String.format("%016x", random.nextLong());
    }

    /** Sends a report of a day that is over before its time, if nobody else does. Blocks. */
    SentReport submitNow(ReportKey key) throws IOException {
        Instant now = clock.instant();
        if (!store.counts(key).isEmpty()) {
            store.plan(Submission.planned(key, unique(random), now));
        }
        store.hasten(key, now);
        return submit(key);
    }

    /** Sends a report to all that want it, if nobody else does. Blocks. */
    SentReport submit(ReportKey key) throws IOException {
        Instant now = clock.instant();
        Optional<Submission> claimed = store.claim(key, claimant, now, now.plus(CLAIM));
        if (claimed.isEmpty()) {
            return SentReport.without(key, SentReport.Outcome.NOTHING_TO_DO, TAKEN_ON + ", or it is done with");
        }
        return round(claimed.get(), now);
    }

    private SentReport round(Submission submission, Instant now) throws IOException {
        ReportKey key = submission.key();
        if (submission.begun().isEmpty() && now.isAfter(midnightAfter(key).plus(STALE))) {
            LOG.warn("{}: the TLS report was not sent in time and is dropped", key);
            end(submission);
            return SentReport.without(key, SentReport.Outcome.GIVEN_UP, "it was not sent within three days");
        }
        Optional<TlsRptRecord> record = record(key);
        if (record.isPresent() && !(record.get() instanceof TlsRptRecord.Found)) {
            LOG.info("{}: no TLS report is sent: {}", key, record.get());
            end(submission);
            return SentReport.without(key, SentReport.Outcome.UNWANTED, unwanted(record.get()));
        }
        Submission begun = submission;
        if (submission.begun().isEmpty()) {
            List<DayCounts> counts = store.counts(key);
            if (counts.isEmpty()) {
                end(submission);
                return SentReport.without(key, SentReport.Outcome.NOTHING_TO_DO, "nothing is counted");
            }
            begun = submission.begun(now, reporter, counts);
            if (!store.save(claimant, begun)) {
                return SentReport.without(key, SentReport.Outcome.NOTHING_TO_DO, TAKEN_ON);
            }
        }
        Reporter by = begun.reporter();
        OutgoingReport report = report(by == null ? reporter : by, key, begun.unique(), begun.counts());
        return record.isEmpty()
                ? again(begun, now, new Round(report), "DNS does not say who wants it")
                : send(begun, ((TlsRptRecord.Found) record.get()).destinations(), now, new Round(report));
    }

    private static String unwanted(TlsRptRecord record) {
        return record instanceof TlsRptRecord.Broken broken
                ? "its record at _smtp._tls cannot be used: "
                        + broken.reason().name().toLowerCase(Locale.ROOT).replace('_', ' ') + " " + broken.offending()
                : "it has no record at _smtp._tls";
    }

    /** A report, and what was tried in this round. */
    private record Round(OutgoingReport report, List<SentReport.Try> tries) {
        Round(OutgoingReport report) {
            this(report, new ArrayList<>());
        }

        SentReport became(SentReport.Outcome outcome, @Nullable Instant nextTry, String reason) {
            return new SentReport(
                    new ReportKey(report.day(), report.domain()),
                    outcome,
                    report.report().reportId(),
                    tries,
                    nextTry,
                    reason);
        }
    }

    private Optional<TlsRptRecord> record(ReportKey key) {
        try {
            return records.ask(key.domain()).toCompletableFuture().get(DNS.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        } catch (ExecutionException | TimeoutException e) {
            return Optional.empty();
        }
    }

    /** One round: each destination that is not done with is tried once. */
    private SentReport send(Submission begun, List<ReportDestination> destinations, Instant now, Round round)
            throws IOException {
        Submission submission = begun;
        boolean tryAgain = false;
        String last = "every destination refused it before";
        for (ReportDestination destination : destinations) {
            String name = destination.toString();
            if (submission.accepted().contains(name) || submission.givenUp().contains(name)) {
                continue;
            }
            SubmissionResult result = send(round.report(), destination, now);
            if (Thread.currentThread().isInterrupted()) {
                // closed: the next start goes on from what is saved
                return round.became(SentReport.Outcome.WAITS, null, "interrupted");
            }
            round.tries().add(new SentReport.Try(destination, result));
            if (result instanceof SubmissionResult.Accepted) {
                LOG.info("{}: the TLS report was taken {}", submission.key(), where(destination));
                submission = submission.acceptedBy(name);
            } else if (result instanceof SubmissionResult.Refused refused) {
                last = where(destination) + ": " + refused.reason();
                LOG.info("{}: the TLS report was refused {}", submission.key(), last);
                submission = submission.givenUpOn(name);
            } else {
                last = where(destination) + ": " + ((SubmissionResult.TryAgain) result).reason();
                LOG.debug("{}: the TLS report was not taken {}", submission.key(), last);
                tryAgain = true;
                continue;
            }
            if (!store.save(claimant, submission)) {
                return round.became(SentReport.Outcome.NOTHING_TO_DO, null, TAKEN_ON);
            }
        }
        if (!submission.accepted().isEmpty()) {
            end(submission); // RFC 8460 §3: delivered once one took it
            return round.became(SentReport.Outcome.ACCEPTED, null, "");
        }
        if (tryAgain) {
            return again(submission, now, round, last);
        }
        LOG.warn("{}: nobody takes the TLS report: {}", submission.key(), last);
        end(submission);
        return round.became(SentReport.Outcome.GIVEN_UP, null, last);
    }

    static OutgoingReport report(Reporter reporter, ReportKey key, String unique, List<DayCounts> counts) {
        return new OutgoingReport(
                reporter,
                key.domain(),
                key.day(),
                unique,
                counts.stream().map(DayCounts::reported).toList());
    }

    private SubmissionResult send(OutgoingReport report, ReportDestination destination, Instant now)
            throws IOException {
        if (destination instanceof ReportDestination.Https post) {
            return https.post(post.uri(), report.gzip());
        }
        ReportDestination.Mailto mailto = (ReportDestination.Mailto) destination;
        DkimSigner signs = signer;
        if (signs == null) {
            if (unsignedWaits) {
                return new SubmissionResult.TryAgain("no DKIM signer is set");
            }
            if (!saidUnsigned.getAndSet(true)) {
                LOG.warn("TLS reports: no DKIM signer is set, so none is sent by mail (RFC 8460 §3)");
            }
            return new SubmissionResult.Refused("no DKIM signer is set");
        }
        if (!signs.domain().equals(report.reporter().domain().name())) {
            // begun by another configuration; it stays the report that it was
            return new SubmissionResult.TryAgain("it was begun for the contact at "
                    + report.reporter().domain() + ", and the signer is of " + signs.domain());
        }
        Refusals before = store.refusals(mailto.address());
        if (before.suppresses(now)) {
            return new SubmissionResult.Refused("it refused " + before.count() + " report mails in a row");
        }
        SubmissionResult result = mailer.send(ReportMail.compose(report, mailto, now, signs));
        if (result instanceof SubmissionResult.Refused) {
            store.refusals(mailto.address(), before.oneMore(now));
        } else if (result instanceof SubmissionResult.Accepted && before.count() > 0) {
            store.refusals(mailto.address(), Refusals.NONE);
        }
        return result;
    }

    private SentReport again(Submission submission, Instant now, Round round, String why) throws IOException {
        Instant first = submission.begun().orElse(now);
        for (Duration after : TRIES) {
            Instant next = first.plus(after);
            if (next.isAfter(now)) {
                if (!store.save(claimant, submission.again(next))) {
                    return round.became(SentReport.Outcome.NOTHING_TO_DO, null, TAKEN_ON);
                }
                LOG.info("{}: the TLS report is tried again at {}: {}", submission.key(), next, why);
                return round.became(SentReport.Outcome.WAITS, next, why);
            }
        }
        LOG.warn("{}: the TLS report is given up after a day of tries: {}", submission.key(), why);
        end(submission);
        return round.became(SentReport.Outcome.GIVEN_UP, null, "after a day of tries, " + why);
    }

    private void end(Submission submission) throws IOException {
        if (!store.save(claimant, submission.ended())) {
            LOG.debug("{}: another instance goes on with the TLS report", submission.key());
        }
    }

    /** Without the address of a person. */
    private static String where(ReportDestination destination) {
        if (destination instanceof ReportDestination.Https post) {
            return "by https at " + post.uri().getHost();
        }
        String address = ((ReportDestination.Mailto) destination).address();
        return "by mail at " + address.substring(address.lastIndexOf('@') + 1);
    }
}
