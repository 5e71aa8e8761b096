/** What a domain says: its name, its TXT record, its policy, and the parsers of both; no I/O and no clock. */
@NullMarked
package io.github.mtasts.policy;

import org.jspecify.annotations.NullMarked;
