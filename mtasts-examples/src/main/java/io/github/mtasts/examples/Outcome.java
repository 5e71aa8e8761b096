package io.github.mtasts.examples;

import io.github.mtasts.delivery.Clearance;
import io.github.mtasts.delivery.Conclusion;
import io.github.mtasts.policy.MxHost;

/** What became of a message. */
sealed interface Outcome {
    /** An MX host took it, over what it was cleared for. */
    record Sent(MxHost mx, Clearance clearance) implements Outcome {}

    /** Nobody took it: the conclusion says whether it is to be tried again or handed back, and why. */
    record Kept(Conclusion conclusion) implements Outcome {}
}
