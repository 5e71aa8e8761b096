package io.github.mtasts.cache;

import com.google.errorprone.annotations.CheckReturnValue;
import io.github.mtasts.policy.PolicyDomain;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where policies and operators' rules are kept. The value of MTA-STS lies in what a sender remembers (RFC 8461 §10.2), so a store
 * keeps every policy that it acknowledged until a later one replaces it, an operator purges it, or its time is over.
 *
 * <p>Calls may block; the engine makes them on threads of its own, and goes on without the store when it fails or is slow.
 * Implementations are safe for any number of threads, and for any number of processes if they are shared. Each change is all or
 * nothing, also when the process is killed. A change that returned is kept. {@code IOException} means: nothing is known, the call may
 * be made again.
 */
public interface PolicyStore extends AutoCloseable {

    /**
     * What is held for a domain, as it was written: expired or not.
     *
     * @param domain the policy domain
     * @return the policy, the purge and the rule, as far as there are any
     * @throws IOException if it failed; the call may be made again
     */
    Holding load(PolicyDomain domain) throws IOException;

    /**
     * Keeps a policy with its id as one unit, unless one fetched later is held or the domain was purged since it was fetched. A held
     * policy that claims to be from after {@code now} counts as fetched earlier: the clock was set back.
     *
     * @param policy the policy with its id
     * @param lastUsed the day (UTC) of the last mail for the domain; the later of this and what is held is kept
     * @param now the caller's time
     * @return whether it is kept; if not, what is held is later
     * @throws IOException if it failed; the call may be made again
     */
    @CheckReturnValue
    boolean save(CachedPolicy policy, LocalDate lastUsed, Instant now) throws IOException;

    /**
     * Notes that there was mail for the domain on this day (UTC). Does nothing where no policy is held, or a later day.
     *
     * @param domain the policy domain
     * @param day the day
     * @throws IOException if it failed; the call may be made again
     */
    void used(PolicyDomain domain, LocalDate day) throws IOException;

    /**
     * Forgets the policy of a domain, and tells every engine that shares this store to do so: see {@link Holding#purge()}. The rule stays.
     *
     * @param domain the policy domain
     * @param at what was fetched up to then is forgotten
     * @throws IOException if it failed; the call may be made again
     */
    void purge(PolicyDomain domain, Instant at) throws IOException;

    /**
     * Keeps a rule in place of the domain's former one.
     *
     * @param rule the rule
     * @throws IOException if it failed; the call may be made again
     */
    void setRule(OperatorRule rule) throws IOException;

    /**
     * Removes the rule of a domain, if there is one.
     *
     * @param domain the policy domain
     * @throws IOException if it failed; the call may be made again
     */
    void removeRule(PolicyDomain domain) throws IOException;

    /**
     * Some of the domains for which something is held, in an order of the store's own.
     *
     * @param after go on after this one, whether or not it is still held; null to begin
     * @param atMost the most to return, from 1
     * @return fewer than {@code atMost} when there are no more
     * @throws IOException if it failed; the call may be made again
     */
    List<PolicyDomain> domains(@Nullable PolicyDomain after, int atMost) throws IOException;

    /**
     * Removes policies that expired, rules that ended and purges that need no more telling, all before this time.
     *
     * @param endedBefore the time
     * @throws IOException if it failed; the call may be made again
     */
    void discard(Instant endedBefore) throws IOException;

    /** {@return whether policies are kept in this process only: then calls never block, and all is forgotten when the process ends} */
    default boolean inMemoryOnly() {
        return false;
    }

    @Override
    void close();

    /**
     * Keeps policies in a directory, as one readable file for each domain. It is made, for its owner alone, if it is not there. Several processes may share it, on a file system that knows
     * locks. Whoever can write to it can remove protection.
     *
     * <p>Nothing is thrown here when the directory cannot be used: each call fails then, which engines report, and mail goes on. A file that cannot be understood is moved to the folder {@code set-aside}, with a warning. One store for a
     * directory and process is enough.
     *
     * @param directory the directory, which one store alone uses in this process
     * @return a store over that directory
     */
    static PolicyStore inDirectory(Path directory) {
        return new DirectoryStore(directory);
    }

    /**
     * Keeps up to 100,000 policies in memory. They are forgotten when the process ends: use {@link #inMemory(int)} for other bounds.
     *
     * @return a store in this process
     */
    static PolicyStore inMemory() {
        return inMemory(100_000);
    }

    /**
     * Keeps policies in memory. When it is full, expired ones make room, then those of mode none; then new ones are refused, so that a
     * crowd of domains cannot push out a policy that is in force.
     *
     * @param mostDomains the most domains held, from 1
     * @return a store in this process
     */
    static PolicyStore inMemory(int mostDomains) {
        return new MemoryStore(mostDomains);
    }
}
