/** Asking DNS and HTTPS: the two ways in, each behind a small interface. */
@NullMarked
package io.github.mtasts.lookup;

import org.jspecify.annotations.NullMarked;
