/** Remembering policies: what is kept, and where. */
@NullMarked
package io.github.mtasts.cache;

import org.jspecify.annotations.NullMarked;
