package io.github.mtasts.examples;

/** A message with its envelope; the text has lines that end in CRLF, none of which begins with a dot. */
record Mail(String from, String to, String text) {}
