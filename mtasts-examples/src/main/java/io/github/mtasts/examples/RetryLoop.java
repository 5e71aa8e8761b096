package io.github.mtasts.examples;

import io.github.mtasts.javamail.MtaStsDeliveryException;
import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** The least queue: messages as {@code .eml} files in a folder, of which each stays until all its recipients are served. */
final class RetryLoop {
    private final Session session;
    private final Path folder;

    /** @param session with {@code mail.transport.protocol.rfc822=mtasts} */
    RetryLoop(Session session, Path folder) {
        this.session = session;
        this.folder = folder;
    }

    /** Tries every message once. Answers how long to wait before the next round. */
    Duration round() throws IOException, MessagingException {
        Duration wait = Duration.ofMinutes(15);
        try (DirectoryStream<Path> messages = Files.newDirectoryStream(folder, "*.eml")) {
            for (Path file : messages) {
                Optional<Duration> delay = send(file);
                if (delay.isPresent() && delay.get().compareTo(wait) < 0) {
                    wait = delay.get();
                }
            }
        }
        return wait;
    }

    private Optional<Duration> send(Path file) throws IOException, MessagingException {
        Path left = Path.of(file + ".to"); // whom it is still to be sent to
        MimeMessage message;
        try (InputStream in = Files.newInputStream(file)) {
            message = new MimeMessage(session, in);
        }
        Address[] to = Files.exists(left) ? InternetAddress.parse(Files.readString(left)) : message.getAllRecipients();
        try {
            Transport.send(message, to);
        } catch (MtaStsDeliveryException e) {
            Optional<MtaStsDeliveryException.Retry> retry = e.retryable();
            if (retry.isPresent()) { // the others were served, or refused for good: a real one tells the sender
                Files.writeString(
                        left, InternetAddress.toString(retry.get().recipients().toArray(Address[]::new)));
                return Optional.of(retry.get().delay());
            }
            Files.move(file, Path.of(file + ".failed"));
        }
        Files.deleteIfExists(left);
        Files.deleteIfExists(file);
        return Optional.empty();
    }
}
