/** MTA-STS for applications on Spring Boot: {@code mtasts.*} properties, a mail sender that enforces, and its health. */
@NullMarked
package io.github.mtasts.spring;

import org.jspecify.annotations.NullMarked;
