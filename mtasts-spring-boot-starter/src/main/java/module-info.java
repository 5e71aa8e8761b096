/** Spring Boot's part: a {@code JavaMailSender} that delivers to MX hosts as their MTA-STS policies demand. */
module io.github.mtasts.spring {
    requires static transitive org.jspecify;
    requires transitive io.github.mtasts.javamail;
    requires transitive spring.boot;
    requires transitive spring.boot.autoconfigure;
    requires transitive spring.beans;
    requires transitive spring.core;
    requires transitive spring.context;
    requires transitive spring.context.support;
    requires static io.github.mtasts.micrometer;
    requires static io.github.mtasts.tlsrpt;
    requires static com.fasterxml.jackson.annotation; // which the next one is annotated with
    requires static spring.boot.actuator;
    requires static spring.boot.health;
    requires org.slf4j;

    exports io.github.mtasts.spring;

    opens io.github.mtasts.spring to
            spring.beans,
            spring.boot,
            spring.core,
            spring.context;
}
