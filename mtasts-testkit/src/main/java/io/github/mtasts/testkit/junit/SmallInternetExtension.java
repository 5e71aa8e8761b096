package io.github.mtasts.testkit.junit;

import io.github.mtasts.testkit.SmallInternet;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests a {@link SmallInternet} as a parameter, and closes it after them: each test has one of its own; where {@code @BeforeAll} or the constructor asks for one,
 * all tests of the class share it. Needs JUnit 5.13 or later.
 *
 * <pre>{@code
 * @ExtendWith(SmallInternetExtension.class)
 * class MailerTest {
 *     @Test
 *     void keepsBackWhenTheCertificateHasExpired(SmallInternet net) {
 *         net.domain("example.com").sts("enforce", "mx.example.com").mx(10, "mx.example.com");
 *         net.mx("mx.example.com").certificate(CertificateFault.EXPIRED);
 *         ...
 *     }
 * }
 * }</pre>
 */
@SuppressWarnings("exports") // who uses it has JUnit; who does not, need not
public final class SmallInternetExtension implements ParameterResolver {
    private static final Namespace NAMESPACE = Namespace.create(SmallInternetExtension.class);

    /** For JUnit. */
    public SmallInternetExtension() {}

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == SmallInternet.class;
    }

    @Override
    public SmallInternet resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return context.getStore(NAMESPACE)
                .getOrComputeIfAbsent(SmallInternet.class, ignored -> new SmallInternet(), SmallInternet.class);
    }
}
