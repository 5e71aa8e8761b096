package io.github.mtasts.tlsrpt;

import io.github.mtasts.MtaSts;
import io.github.mtasts.javamail.DeliveryOutcome;
import io.github.mtasts.javamail.MtaStsDeliveryException;
import io.github.mtasts.javamail.MtaStsTransport;
import io.github.mtasts.javamail.unenforced.UnenforcedMail;
import io.github.mtasts.text.Quoted;
import io.github.mtasts.tlsrpt.report.ReportMail;
import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.URLName;
import jakarta.mail.internet.InternetAddress;
import java.util.List;
import java.util.Properties;

/** Sends report mails by {@code mtasts-javamail}: its one send that no policy keeps back and that nobody counts. */
final class JavaMailer implements ReportMailer {
    private final Session session;

    JavaMailer(MtaSts engine, Properties properties) {
        Properties own = new Properties();
        properties.stringPropertyNames().forEach(name -> own.setProperty(name, properties.getProperty(name)));
        own.put("mail.mtasts.engine", engine);
        session = Session.getInstance(own);
    }

    @Override
    public SubmissionResult send(ReportMail mail) {
        try (MtaStsTransport transport =
                new MtaStsTransport(session, new URLName("mtasts", null, -1, null, null, null))) {
            transport.connect();
            List<Address> recipient = List.of(new InternetAddress(mail.to(), false));
            transport.sendUnenforced(new UnenforcedMail(mail.toMimeMessage(session), recipient));
            return new SubmissionResult.Accepted();
        } catch (MtaStsDeliveryException e) {
            return result(e);
        } catch (MessagingException e) {
            return new SubmissionResult.TryAgain(Quoted.quote(String.valueOf(e.getMessage())));
        }
    }

    private static SubmissionResult result(MtaStsDeliveryException refusal) {
        for (DeliveryOutcome outcome : refusal.outcomes()) {
            if (outcome instanceof DeliveryOutcome.Failed failed) {
                return new SubmissionResult.Refused(failed.describe());
            }
        }
        return new SubmissionResult.TryAgain(Quoted.quote(String.valueOf(refusal.getMessage())));
    }
}
