/** Whether a TLS peer is who it should be: chain, names, dates and keys (RFC 8461 §4.2, RFC 9525). */
@NullMarked
package io.github.mtasts.tls;

import org.jspecify.annotations.NullMarked;
