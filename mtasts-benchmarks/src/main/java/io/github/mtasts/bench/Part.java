package io.github.mtasts.bench;

/** Something to be measured, in a process of its own. */
interface Part {
    /**
     * Measures, and says what came of it.
     *
     * @param quick whether a few seconds have to do
     */
    void run(Page page, boolean quick) throws Exception;
}
