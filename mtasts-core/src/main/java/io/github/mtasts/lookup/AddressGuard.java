package io.github.mtasts.lookup;

import java.net.InetAddress;
import java.util.Optional;

/**
 * Says which addresses from DNS may be connected to. Anyone may publish any address for his names, those of our own network included, so an
 * address is looked at before it is used, and the one looked at is the one used.
 *
 * <p>Implementations are safe for any number of threads.
 */
@FunctionalInterface
public interface AddressGuard {

    /**
     * {@return why the address must not be connected to, in a few words for people; empty if it may}
     *
     * @param address the address
     */
    Optional<String> objection(InetAddress address);

    /**
     * Lets every address pass.
     *
     * @return a guard without objections
     */
    static AddressGuard none() {
        return address -> Optional.empty();
    }

    /**
     * Lets only public unicast addresses pass, and none of this machine's own: nothing in the IANA special-purpose registries (RFC 6890),
     * nor hidden in another form (IPv4-mapped, 6to4, Teredo). A NAT64 address of the well-known prefix (RFC 6052) is judged by the IPv4
     * address in it, since it is how a network without IPv4 reaches a public one. This machine's addresses are read anew once a minute.
     *
     * @return a guard for policy hosts
     */
    static AddressGuard publicOnly() {
        OwnAddresses own = new OwnAddresses();
        return address -> AddressBlock.special(address.getAddress())
                .or(() -> own.contains(address) ? Optional.of("an address of this machine") : Optional.empty());
    }

    /**
     * Passes over the addresses that no mail host can have: unspecified, loopback, link-local, multicast and broadcast, also in another
     * form (IPv4-mapped or -compatible, NAT64, 6to4). Private addresses pass: mail within an organisation uses them.
     *
     * @return a guard for mail hosts
     */
    static AddressGuard mailHosts() {
        return address -> AddressBlock.unusable(address.getAddress());
    }
}
