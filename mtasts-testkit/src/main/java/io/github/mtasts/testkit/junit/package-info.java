/** The small internet in tests with JUnit. */
@NullMarked
package io.github.mtasts.testkit.junit;

import org.jspecify.annotations.NullMarked;
