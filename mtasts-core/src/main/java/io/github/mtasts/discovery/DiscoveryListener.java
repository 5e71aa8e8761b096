package io.github.mtasts.discovery;

/**
 * Is told what happens to policies. Called on a thread of the engine ({@code mtasts-events}), one event at a time and in order; a slow listener delays only later
 * events. When too many wait (10,000), further ones are dropped and counted. What a listener throws is logged and changes nothing.
 */
@FunctionalInterface
public interface DiscoveryListener {

    /**
     * Something happened.
     *
     * @param event what happened
     */
    void on(DiscoveryEvent event);
}
