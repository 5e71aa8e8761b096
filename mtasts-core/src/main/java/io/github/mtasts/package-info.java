/** The engine's front door: one {@link io.github.mtasts.MtaSts} per process. */
@NullMarked
package io.github.mtasts;

import org.jspecify.annotations.NullMarked;
