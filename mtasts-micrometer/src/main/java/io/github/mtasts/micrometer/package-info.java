/** Metrics for those who use Micrometer. */
@NullMarked
package io.github.mtasts.micrometer;

import org.jspecify.annotations.NullMarked;
