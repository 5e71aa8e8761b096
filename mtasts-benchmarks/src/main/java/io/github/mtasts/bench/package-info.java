/** Measures the library. {@link io.github.mtasts.bench.Bench} runs every part and writes the page. */
@NullMarked
package io.github.mtasts.bench;

import org.jspecify.annotations.NullMarked;
