package io.github.mtasts.cli;

/**
 * Something to mend, or to know.
 *
 * @param weight how much it matters
 * @param about the host or name it is about
 * @param text what is wrong, and what to do
 */
record Finding(Weight weight, String about, String text) {

    /** How much a finding matters, the most first. */
    enum Weight {
        /** Mail is held, or protection is missing that was meant to be there. */
        PROBLEM,
        /** It could not be told from here. */
        UNKNOWN,
        /** Sound, and could be better. */
        ADVICE
    }

    @Override
    public String toString() {
        return about + ": " + text;
    }
}
