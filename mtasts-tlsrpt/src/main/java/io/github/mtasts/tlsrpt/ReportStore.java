package io.github.mtasts.tlsrpt;

/** Keeps what was counted until it is reported. */
public interface ReportStore {}
