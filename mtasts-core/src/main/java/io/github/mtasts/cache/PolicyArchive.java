package io.github.mtasts.cache;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.errorprone.annotations.CheckReturnValue;
import io.github.mtasts.policy.PolicyDomain;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** All that a store holds as one readable text, to be moved to another store. Stateless. */
public final class PolicyArchive {
    private static final int PAGE = 500;

    /** Enough for a million policies of ordinary size; more is read in several archives. */
    private static final int LONGEST = 1 << 30;

    private PolicyArchive() {}

    /**
     * What came of reading an archive.
     *
     * @param kept policies, purges and rules that the store holds now
     * @param passedOver policies, purges and rules for which the store holds something later
     * @param fault where and why the archive could not be read further; null when it was read to its end
     */
    public record Imported(
            int kept, int passedOver, @Nullable String fault) {}

    /**
     * Writes policies, purges and rules, one after the other; what changes meanwhile may or may not be among them.
     *
     * @param from the store to read
     * @param to takes the archive; stays open
     * @return how many were written
     * @throws IOException if the store or the stream fails
     */
    @CanIgnoreReturnValue
    public static int exportAll(PolicyStore from, OutputStream to) throws IOException {
        int written = 0;
        PolicyDomain after = null;
        List<PolicyDomain> page;
        do {
            page = from.domains(after, PAGE);
            for (PolicyDomain domain : page) {
                written += export(from.load(domain), to);
                after = domain;
            }
        } while (page.size() == PAGE);
        to.flush();
        return written;
    }

    private static int export(Holding holding, OutputStream to) throws IOException {
        int written = 0;
        if (holding.policy().isPresent() && holding.lastUsed().isPresent()) {
            to.write(StoredText.of(holding.policy().get(), holding.lastUsed().get()));
            to.write('\n');
            written++;
        }
        if (holding.purge().isPresent()) {
            to.write(StoredText.of(holding.domain(), holding.purge().get()));
            to.write('\n');
            written++;
        }
        if (holding.rule().isPresent()) {
            to.write(StoredText.of(holding.rule().get()));
            to.write('\n');
            written++;
        }
        return written;
    }

    /**
     * Reads an archive into a store. Nothing replaces what is later: no policy or purge a policy fetched after it, no rule one decided after it. A policy never gets a longer life than its text
     * allows. Reading ends at the first fault; what stood before it is kept.
     *
     * @param from the archive; stays open
     * @param to the store to write
     * @param now the time against which "later" is judged, see {@link PolicyStore#save}
     * @return what was read, and the fault if there was one
     * @throws IOException if the archive or the store fails
     */
    @CheckReturnValue
    public static Imported importAll(InputStream from, PolicyStore to, Instant now) throws IOException {
        byte[] text = from.readNBytes(LONGEST);
        StoredText.Reading reading = new StoredText.Reading(text);
        int kept = 0;
        int passedOver = 0;
        while (true) {
            StoredText.Entry entry;
            try {
                entry = reading.next();
            } catch (StoredText.BadTextException e) {
                return new Imported(kept, passedOver, "at byte " + reading.position() + ": " + e.getMessage());
            }
            if (entry == null) {
                return new Imported(kept, passedOver, null);
            }
            if (keep(entry, to, now)) {
                kept++;
            } else {
                passedOver++;
            }
        }
    }

    private static boolean keep(StoredText.Entry entry, PolicyStore to, Instant now) throws IOException {
        if (entry instanceof StoredText.Entry.Policy found) {
            return to.save(found.policy(), found.lastUsed(), now);
        }
        Holding held = to.load(entry.domain());
        if (entry instanceof StoredText.Entry.Purged purged) {
            Instant at = purged.purge().at();
            if (held.policy()
                    .filter(policy -> isLater(policy.fetchedAt(), at, now))
                    .isPresent()) {
                return false;
            }
            to.purge(purged.domain(), at);
        } else if (entry instanceof StoredText.Entry.Rule found) {
            Instant since = found.rule().since();
            if (held.rule().filter(rule -> isLater(rule.since(), since, now)).isPresent()) {
                return false;
            }
            to.setRule(found.rule());
        }
        return true;
    }

    /** What claims to be from after now is not: the clock was set back. */
    private static boolean isLater(Instant held, Instant read, Instant now) {
        return held.isAfter(read) && !held.isAfter(now);
    }
}
