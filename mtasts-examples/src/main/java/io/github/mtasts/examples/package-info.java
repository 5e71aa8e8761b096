/** The demo, and examples of use. */
@NullMarked
package io.github.mtasts.examples;

import org.jspecify.annotations.NullMarked;
