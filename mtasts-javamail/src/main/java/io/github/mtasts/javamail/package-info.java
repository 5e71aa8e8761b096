/** Jakarta Mail over MTA-STS: the transport named {@code mtasts}. */
@NullMarked
package io.github.mtasts.javamail;

import org.jspecify.annotations.NullMarked;
