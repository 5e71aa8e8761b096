package io.github.mtasts.tlsrpt;

import com.google.errorprone.annotations.CheckReturnValue;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Keeps what was counted until it is reported, and how far the reports have come.
 *
 * <p>Calls may block; they are made on threads of {@link TlsReporting}'s own, never on one that delivers mail. Implementations are safe for any number of threads, and for any number of
 * processes if they are shared. Each change is all or nothing, also when the process is killed, and a change that returned is kept. {@code IOException} means: nothing was
 * changed, the call may be made again.
 */
public interface ReportStore extends AutoCloseable {

    /**
     * Adds counts to what is held, as one change: {@link DayCounts#plus} says how.
     *
     * @param counts the counts, of any number of days and domains
     * @throws IOException if nothing was changed
     */
    void add(Collection<DayCounts> counts) throws IOException;

    /**
     * {@return the counts of one report, one for each policy}
     *
     * @param key the report
     * @throws IOException if it failed
     */
    List<DayCounts> counts(ReportKey key) throws IOException;

    /**
     * Forgets the counts of one report: the domain asks for none. Its submission, if there is one, stays.
     *
     * @param key the report
     * @throws IOException if nothing was changed
     */
    void forget(ReportKey key) throws IOException;

    /**
     * Reports for which there are counts.
     *
     * @param day their day
     * @return their keys, in an order of the store's own
     * @throws IOException if it failed
     */
    List<ReportKey> counted(LocalDate day) throws IOException;

    /**
     * Reports for which there are counts and no submission yet.
     *
     * @param before only of days before this one
     * @param atMost the most to return
     * @return their keys, in an order of the store's own
     * @throws IOException if it failed
     */
    List<ReportKey> unplanned(LocalDate before, int atMost) throws IOException;

    /**
     * Begins the submission of a report, unless that was done: whoever shares the store sees one submission, with one id.
     *
     * @param submission a new one
     * @throws IOException if nothing was changed
     */
    void plan(Submission submission) throws IOException;

    /**
     * Submissions that are not over, whose next try is due, and that nobody has claimed.
     *
     * @param now the time
     * @param atMost the most to return
     * @return their keys, those that are longest due first
     * @throws IOException if it failed
     */
    List<ReportKey> due(Instant now, int atMost) throws IOException;

    /**
     * Submissions that are not over, due or not, claimed or not.
     *
     * @param before only of days before this one
     * @return their keys, in an order of the store's own
     * @throws IOException if it failed
     */
    List<ReportKey> unfinished(LocalDate before) throws IOException;

    /**
     * Brings a submission's next try forward. One that is over, that is due before, or that is claimed by somebody stays as it is.
     *
     * @param key the report
     * @param to the time at which it is to be due
     * @throws IOException if nothing was changed
     */
    void hasten(ReportKey key, Instant to) throws IOException;

    /**
     * Takes a submission to work on. One claimant has it at a time, until he saves it or the claim is over.
     *
     * @param key the report
     * @param claimant who asks
     * @param now the time
     * @param until when the claim is over if he is heard of no more
     * @return the submission; empty if it is over, not due, or claimed by another
     * @throws IOException if nothing was changed
     */
    @CheckReturnValue
    Optional<Submission> claim(ReportKey key, String claimant, Instant now, Instant until) throws IOException;

    /**
     * Replaces a submission as a whole, if the claimant still has it. The claim goes on if the new one names the claimant. When it is over, the counts of the report go in the same change.
     *
     * @param claimant who has it
     * @param submission what it came to
     * @return whether it was replaced; if not, another has claimed it
     * @throws IOException if nothing was changed
     */
    @CheckReturnValue
    boolean save(String claimant, Submission submission) throws IOException;

    /**
     * {@return the submission of a report, if there is one}
     *
     * @param key the report
     * @throws IOException if it failed
     */
    Optional<Submission> submission(ReportKey key) throws IOException;

    /**
     * {@return how often in a row mail to this address was refused for good, and when last}
     *
     * @param address the address
     * @throws IOException if it failed
     */
    Refusals refusals(String address) throws IOException;

    /**
     * Replaces what is known of an address.
     *
     * @param address the address
     * @param refusals {@link Refusals#NONE} to forget it
     * @throws IOException if nothing was changed
     */
    void refusals(String address, Refusals refusals) throws IOException;

    /**
     * Removes counts and submissions of long ago.
     *
     * @param before those of days before this one
     * @throws IOException if nothing was changed
     */
    void discard(LocalDate before) throws IOException;

    @Override
    void close();

    /**
     * Keeps all in a file in a directory, which one process has to itself. The directory is made, for its owner alone, if it is not there.
     *
     * @param directory the directory
     * @return the store
     * @throws StoreInUseException if another process uses the directory, or another store in this one
     * @throws IOException if the directory cannot be used
     */
    static ReportStore inDirectory(Path directory) throws IOException {
        return MvReportStore.in(directory);
    }

    /**
     * The same, only where something is kept already: nothing is made.
     *
     * @param directory the directory
     * @return the store
     * @throws StoreInUseException if another process uses the directory, or another store in this one
     * @throws java.nio.file.NoSuchFileException if nothing is kept there
     * @throws IOException if the directory cannot be used
     */
    static ReportStore existingIn(Path directory) throws IOException {
        return MvReportStore.existingIn(directory);
    }

    /**
     * A copy of what a directory holds now, also while another process uses it. What is changed here is changed nowhere else.
     *
     * @param directory the directory
     * @return the copy, in memory
     * @throws IOException if the directory holds nothing that can be read
     */
    static ReportStore copyOf(Path directory) throws IOException {
        return MvReportStore.copyOf(directory);
    }

    /** {@return a store that forgets all when the process ends} */
    static ReportStore inMemory() {
        return MvReportStore.inMemory();
    }
}
