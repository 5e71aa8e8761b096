/** The {@code mtasts} command for operators. */
@NullMarked
package io.github.mtasts.cli;

import org.jspecify.annotations.NullMarked;
