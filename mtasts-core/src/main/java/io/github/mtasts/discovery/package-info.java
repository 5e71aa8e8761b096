/** Which policy is in force now for a domain (RFC 8461 §3.3, §5.1). */
@NullMarked
package io.github.mtasts.discovery;

import org.jspecify.annotations.NullMarked;
