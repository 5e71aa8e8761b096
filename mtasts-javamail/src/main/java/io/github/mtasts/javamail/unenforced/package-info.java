/** The one send that no policy keeps back, for reports about TLS (RFC 8460 §3). The module exports this package to nobody else. */
@NullMarked
package io.github.mtasts.javamail.unenforced;

import org.jspecify.annotations.NullMarked;
