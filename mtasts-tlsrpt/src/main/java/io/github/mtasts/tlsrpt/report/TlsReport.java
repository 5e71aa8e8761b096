package io.github.mtasts.tlsrpt.report;

/** A report (RFC 8460 §4.4). */
public record TlsReport() {}
