/**
 * The bridge to Postfix: a server that answers look-ups of its TLS policy table ({@code socketmap_table(5)}) from the policies that are in force. What goes over the wire is
 * {@link io.github.mtasts.cli.socketmap.Netstring}, what is asked {@link io.github.mtasts.cli.socketmap.Query}, what is answered {@link io.github.mtasts.cli.socketmap.PolicyTable}.
 */
@NullMarked
package io.github.mtasts.cli.socketmap;

import org.jspecify.annotations.NullMarked;
