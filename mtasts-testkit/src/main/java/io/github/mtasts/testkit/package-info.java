/** A small internet on loopback for testing mailers: DNS, a certificate authority, policy hosts and MX hosts, with faults to switch on. */
@NullMarked
package io.github.mtasts.testkit;

import org.jspecify.annotations.NullMarked;
