/** Records what deliveries met, keeps it, and sends it to the recipients' domains day by day (RFC 8460). */
@NullMarked
package io.github.mtasts.tlsrpt;

import org.jspecify.annotations.NullMarked;
