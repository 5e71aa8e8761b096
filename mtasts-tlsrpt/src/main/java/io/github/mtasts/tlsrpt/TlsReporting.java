package io.github.mtasts.tlsrpt;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.errorprone.annotations.CheckReturnValue;
import io.github.mtasts.MtaSts;
import io.github.mtasts.delivery.ConnectionInfo;
import io.github.mtasts.delivery.DeliveryObserver;
import io.github.mtasts.lookup.AddressGuard;
import io.github.mtasts.policy.MxHost;
import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.tlsrpt.report.DkimSigner;
import io.github.mtasts.tlsrpt.report.OutgoingReport;
import io.github.mtasts.tlsrpt.report.Reporter;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the domains that mail goes to, day by day, what their policies met (RFC 8460). One per process; close it at shutdown, before the {@link MtaSts} it was started with.
 *
 * <pre>{@code
 * TlsReporting reporting = TlsReporting.builder()
 *         .organization("Example Inc.")
 *         .contact("tls-reports@example.com")
 *         .signer(DkimSigner.fromPem(PolicyDomain.of("example.com"), "reports", Path.of("dkim.pem")))
 *         .directory(Path.of("tlsrpt"))
 *         .build();
 * MtaSts mtaSts = MtaSts.builder().observer(reporting.observer()).build();
 * reporting.start(mtaSts);
 * }</pre>
 *
 * <p>What is counted is in the store within two seconds. A domain without a record at {@code _smtp._tls} is not reported to. Reports of a day are sent between ten minutes and four hours after its end (UTC), and
 * tried again for a day. Safe for any number of threads.
 */
public final class TlsReporting implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TlsReporting.class);
    private static final Duration COLLECT_EVERY = Duration.ofSeconds(2);
    private static final Duration SUBMIT_EVERY = Duration.ofSeconds(30);
    private static final int SENDERS = 8;

    private final Builder settings;
    private final Reporter reporter;
    private final ReportStore store;
    private final Recorder recorder;
    private final Collector collector;
    private final ScheduledThreadPoolExecutor timer;
    private final ThreadPoolExecutor senders;
    private final Set<ReportKey> underWay = ConcurrentHashMap.newKeySet();
    private volatile @Nullable Submitter submitter;
    private volatile boolean sentByHand;
    private volatile boolean closed;

    private TlsReporting(Builder settings, Reporter reporter, ReportStore store) {
        this.settings = settings;
        this.reporter = reporter;
        this.store = store;
        this.recorder = new Recorder(settings.clock);
        this.collector = new Collector(recorder, store);
        ThreadFactory threads = threads();
        this.timer = new ScheduledThreadPoolExecutor(2, threads);
        timer.setRemoveOnCancelPolicy(true);
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        this.senders =
                new ThreadPoolExecutor(SENDERS, SENDERS, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads);
        senders.allowCoreThreadTimeOut(true);
        every(COLLECT_EVERY, collector::collect);
    }

    private static ThreadFactory threads() {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, "mtasts-tlsrpt-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    private void every(Duration period, Runnable task) {
        timer.scheduleWithFixedDelay(
                () -> {
                    try {
                        task.run();
                    } catch (RuntimeException e) {
                        LOG.warn("TLS reports: a failure in the background", e); // and once more when the time comes
                    }
                },
                period.toMillis(),
                period.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    /** {@return a builder; organization and contact have to be set} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return what is to be told of deliveries: give it to {@link io.github.mtasts.MtaStsBuilder#observer}} */
    public DeliveryObserver observer() {
        return recorder;
    }

    /**
     * Counts a session under TLSA records, for a sender that verifies DANE by means of its own (RFC 7672). Never blocks.
     *
     * @param domain the recipient's domain
     * @param tlsa the host's records: {@link AppliedPolicy#tlsa}
     * @param mx the name in the MX record
     * @param connection what is known of the connection
     * @param faults what was wrong; none for a success
     */
    public void daneSession(
            PolicyDomain domain,
            AppliedPolicy tlsa,
            MxHost mx,
            ConnectionInfo connection,
            Collection<DaneFault> faults) {
        recorder.daneSession(domain, tlsa, mx, connection, faults);
    }

    /**
     * Begins to ask who wants reports, and to send them. Until then sessions are counted and kept.
     *
     * @param engine whose DNS client, trust and mail are used
     * @throws IllegalStateException if it was started before
     */
    public void start(MtaSts engine) {
        synchronized (this) {
            if (submitter != null) {
                throw new IllegalStateException("started before");
            }
            submitter = submitter(engine, false);
        }
        every(settings.submitEvery, this::submitDue);
    }

    private Submitter submitter(MtaSts engine, boolean unsignedWaits) {
        RecordLookup records = new RecordLookup(engine.dns(), settings.clock);
        collector.ask(records);
        ReportMailer mailer = settings.mailer;
        return new Submitter(
                store,
                records,
                reporter,
                settings.signer,
                unsignedWaits,
                mailer == null ? new JavaMailer(engine, settings.mail) : mailer,
                new HttpsPost(
                        engine.dns(),
                        engine.verifier(),
                        settings.privateAddresses ? AddressGuard.none() : AddressGuard.publicOnly(),
                        settings.unverifiedHttps,
                        settings.httpsDeadline,
                        timer),
                settings.clock,
                settings.random);
    }

    /** Keeps at once what was counted up to now, rather than within two seconds. Blocks for the store. */
    public void flush() {
        collector.collect();
    }

    /** Begins the reports of days that are over, and hands those whose time has come to the senders. */
    void submitDue() {
        Submitter sends = submitter;
        if (sends == null || closed) {
            return;
        }
        try {
            sends.plan();
            for (ReportKey key : sends.due()) {
                if (underWay.add(key)) {
                    senders.execute(() -> submit(sends, key));
                }
            }
        } catch (RejectedExecutionException e) {
            LOG.debug("TLS reports: closed");
        } catch (IOException e) {
            LOG.warn("TLS reports: the store fails; reports wait: {}", e.getMessage());
        }
    }

    private void submit(Submitter sends, ReportKey key) {
        try {
            sends.submit(key);
        } catch (IOException e) {
            LOG.warn("{}: the TLS report waits: {}", key, e.getMessage());
        } catch (RuntimeException e) {
            LOG.warn("{}: the TLS report waits", key, e);
        } finally {
            underWay.remove(key);
        }
    }

    /** Whether a report is being sent, or waits for its turn. */
    boolean isSending() {
        return !underWay.isEmpty();
    }

    /**
     * The reports of days that are over that nobody has taken yet and that are not given up. A day counts as over ten minutes after its end (UTC).
     *
     * @return their keys, the oldest first
     * @throws IOException if the store fails
     */
    @CheckReturnValue
    public List<ReportKey> unsent() throws IOException {
        collector.collect();
        return List.copyOf(Submitter.unsent(store, settings.clock.instant()));
    }

    /**
     * Sends reports at once, each to all its destinations, for a command that does so in place of {@link #start}, or beside it. What has begun goes on: with the id, the counts and the contact that it began with.
     * What is not taken waits for its next try, by whoever uses the store then. Without a signer, so does what has to be signed. Blocks until each was tried.
     *
     * @param engine whose DNS client, trust and mail are used
     * @param reports which, of those that are {@link #unsent}
     * @param told is told each, in the order in which they are done, on the calling thread
     * @return what became of each, in the order in which they were given
     * @throws InterruptedException if the thread is interrupted; what was not done waits
     * @throws IllegalArgumentException if a day is not over
     */
    @CanIgnoreReturnValue
    public List<SentReport> sendNow(MtaSts engine, Collection<ReportKey> reports, Consumer<SentReport> told)
            throws InterruptedException {
        Set<ReportKey> keys = new LinkedHashSet<>(reports);
        Submitter.requireOver(keys, settings.clock.instant());
        collector.collect();
        sentByHand = true;
        Submitter sends = submitter(engine, true);
        ExecutorService threads = Executors.newFixedThreadPool(SENDERS, threads());
        try {
            CompletionService<SentReport> all = new ExecutorCompletionService<>(threads);
            keys.forEach(key -> all.submit(() -> sent(sends, key)));
            Map<ReportKey, SentReport> done = new HashMap<>();
            while (done.size() < keys.size()) {
                SentReport one = all.take().get();
                done.put(one.key(), one);
                told.accept(one);
            }
            return keys.stream().map(done::get).toList();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause()); // an error of the virtual machine
        } finally {
            threads.shutdownNow();
        }
    }

    private static SentReport sent(Submitter sends, ReportKey key) {
        try {
            return sends.submitNow(key);
        } catch (IOException e) {
            LOG.warn("{}: the TLS report waits: {}", key, e.getMessage());
            return SentReport.without(key, SentReport.Outcome.WAITS, String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            LOG.warn("{}: the TLS report waits", key, e);
            return SentReport.without(key, SentReport.Outcome.WAITS, e.toString());
        }
    }

    /**
     * The reports of a day as they would be sent if it were over, with an id that they will not have. Not all of them will be sent: only those of domains that ask for it.
     *
     * @param day the day, in UTC
     * @return a report for each domain
     * @throws IOException if the store fails
     */
    @CheckReturnValue
    public List<OutgoingReport> preview(LocalDate day) throws IOException {
        collector.collect();
        List<OutgoingReport> reports = new ArrayList<>();
        for (ReportKey key : store.counted(day)) {
            List<DayCounts> counts = store.counts(key);
            if (!counts.isEmpty()) {
                reports.add(Submitter.report(reporter, key, "preview", counts));
            }
        }
        return reports;
    }

    /** Keeps what was counted, ends all threads, and closes the store if it was made here. A report that is being sent is sent again by the next start, with the same id. May be called again. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        timer.shutdown();
        senders.shutdownNow();
        try {
            if (!senders.awaitTermination(3, TimeUnit.SECONDS)) {
                LOG.debug("TLS reports: a sender takes its time to end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        collector.collect();
        if (settings.store == null) {
            if (submitter == null && !sentByHand) {
                LOG.warn("TLS reports: never started, so none were sent");
            }
            store.close();
        }
    }

    /** What a {@link TlsReporting} is told. Not safe for several threads. */
    public static final class Builder {
        private String organization = "";
        private String contact = "";
        private @Nullable DkimSigner signer;
        private @Nullable Path directory;
        private @Nullable ReportStore store;
        private @Nullable ReportMailer mailer;
        private final Properties mail = new Properties();
        private boolean privateAddresses;
        private boolean unverifiedHttps = true;
        private InstantSource clock = InstantSource.system();
        private RandomGenerator random = new SecureRandom();
        private Duration submitEvery = SUBMIT_EVERY;
        private Duration httpsDeadline = Duration.ofSeconds(30);

        private Builder() {}

        /**
         * Who reports ({@code organization-name}).
         *
         * @param name as people know it
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder organization(String name) {
            organization = name;
            return this;
        }

        /**
         * Whom to ask about the reports ({@code contact-info}). Its domain is the submitter of RFC 8460 §5.3; report mails come from it.
         *
         * @param address a mail address that somebody reads
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder contact(String address) {
            contact = address;
            return this;
        }

        /**
         * Signs report mails. Without one they are not sent (RFC 8460 §3); reports by https are.
         *
         * @param signer of the contact's domain; null for none
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder signer(@Nullable DkimSigner signer) {
            this.signer = signer;
            return this;
        }

        /**
         * Where counts are kept over a restart; in memory only by default.
         *
         * @param directory a directory that this process has to itself
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder directory(Path directory) {
            this.directory = directory;
            return this;
        }

        /**
         * Another store, in place of a directory. The caller closes it.
         *
         * @param store the store
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder store(ReportStore store) {
            this.store = store;
            return this;
        }

        /**
         * Another way to send mail.
         *
         * @param mailer sends report mails
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder mailer(ReportMailer mailer) {
            this.mailer = mailer;
            return this;
        }

        /**
         * Properties of Jakarta Mail for report mails: {@code mail.mtasts.localhost}, {@code mail.mtasts.relay} and so on, but for the engine.
         *
         * @param properties the properties, copied
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder mailProperties(Properties properties) {
            properties.stringPropertyNames().forEach(name -> mail.setProperty(name, properties.getProperty(name)));
            return this;
        }

        /**
         * Whether reports go to hosts that do not prove their names, when nothing else is wrong; true by default, as RFC 8460 §5.4 lets it be: what is broken would not be told otherwise.
         *
         * @param allowed whether they do
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder allowUnverifiedHttps(boolean allowed) {
            unverifiedHttps = allowed;
            return this;
        }

        /**
         * Whether reports may be posted to private and other special addresses, which any domain can name; false by default.
         *
         * @param allowed whether they may
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder allowPrivateAddresses(boolean allowed) {
            privateAddresses = allowed;
            return this;
        }

        /**
         * The clock.
         *
         * @param clock tells days and times of tries
         * @return this
         */
        @CanIgnoreReturnValue
        public Builder clock(InstantSource clock) {
            this.clock = clock;
            return this;
        }

        /** Spreads the reports over the morning and makes their ids. */
        @CanIgnoreReturnValue
        Builder random(RandomGenerator random) {
            this.random = random;
            return this;
        }

        @CanIgnoreReturnValue
        Builder submitEvery(Duration period) {
            submitEvery = period;
            return this;
        }

        @CanIgnoreReturnValue
        Builder httpsDeadline(Duration deadline) {
            httpsDeadline = deadline;
            return this;
        }

        /**
         * {@return the reporting; it counts from now on}
         *
         * @throws IOException if the directory cannot be used
         * @throws IllegalArgumentException if organization or contact is missing or unfit, or the signer signs for another domain
         */
        public TlsReporting build() throws IOException {
            Reporter reporter = new Reporter(organization, contact);
            if (signer != null && !signer.domain().equals(reporter.domain().name())) {
                throw new IllegalArgumentException("the signer signs for " + signer.domain()
                        + ", and the contact is at " + reporter.domain() + ": they have to be the same");
            }
            ReportStore keeps = store;
            if (keeps == null) {
                keeps = directory == null ? ReportStore.inMemory() : ReportStore.inDirectory(directory);
                if (directory == null) {
                    LOG.info("TLS reports: counts are forgotten at a restart; set a directory");
                }
            }
            return new TlsReporting(this, reporter, keeps);
        }
    }
}
