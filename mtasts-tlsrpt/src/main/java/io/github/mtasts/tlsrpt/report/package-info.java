/** The report of RFC 8460 as a document: the record that asks for it, its JSON, the mail that carries it. */
@NullMarked
package io.github.mtasts.tlsrpt.report;

import org.jspecify.annotations.NullMarked;
