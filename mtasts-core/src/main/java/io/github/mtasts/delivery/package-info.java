/** May this MX host be used, does its TLS session pass, and what happened (RFC 8461 §4, §5). */
@NullMarked
package io.github.mtasts.delivery;

import org.jspecify.annotations.NullMarked;
