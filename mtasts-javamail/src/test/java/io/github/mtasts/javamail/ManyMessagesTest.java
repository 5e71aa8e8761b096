package io.github.mtasts.javamail;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mtasts.testkit.CertificateFault;
import io.github.mtasts.testkit.MxServer;
import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A thousand messages to fifty domains over one transport, while hosts fail at random: nobody is lost, nobody gets a message twice. */
class ManyMessagesTest {
    private static final int DOMAINS = 50;
    private static final int MESSAGES = 1000;
    private static final List<String> VERBS = List.of("GREETING", "EHLO", "STARTTLS", "MAIL", "RCPT", "DATA", "BODY");
    private static final List<String> REPLIES =
            List.of("421 4.3.2 closing", "450 4.2.0 later", "452 4.5.3 too many", "550 5.7.1 no", "hello there");

    /** Every message's subject names it, and its recipients are its own. */
    private static String recipient(int message, int number, int domain) {
        return "m" + message + "-" + number + "@d" + domain + ".example";
    }

    @Test
    @Tag("S-5-1")
    void everyRecipientIsInOneOfSentUnsentAndInvalidAndTheMailboxesAgree() throws MessagingException {
        Random random = new Random(20260101);
        Map<String, Fate> fates = new HashMap<>();
        List<MxServer> hosts = new ArrayList<>();
        Set<MxServer> strict = new HashSet<>();
        try (World world = new World()) {
            for (int d = 0; d < DOMAINS; d++) {
                String domain = "d" + d + ".example";
                String mode = List.of("enforce", "enforce", "testing", "absent").get(d % 4);
                world.domain(domain, mode, "*." + domain).mx(10, "mx1." + domain);
                hosts.add(world.mx("mx1." + domain));
                if (d % 2 == 0) {
                    world.net.domain(domain).mx(20, "mx2." + domain);
                    hosts.add(world.mx("mx2." + domain));
                }
                if (mode.equals("enforce")) {
                    hosts.stream()
                            .filter(mx -> mx.name().endsWith("." + domain))
                            .forEach(strict::add);
                }
            }

            world.properties.put("mail.mtasts.keep", "100"); // so that kept connections fail, too
            try (MtaStsTransport transport = world.connected()) {
                for (int m = 0; m < MESSAGES; m++) {
                    String[] recipients = new String[1 + random.nextInt(4)];
                    for (int r = 0; r < recipients.length; r++) {
                        recipients[r] = recipient(m, r, random.nextInt(DOMAINS));
                    }
                    for (int faults = random.nextInt(4); faults > 0; faults--) {
                        misbehave(random, hosts.get(random.nextInt(hosts.size())));
                    }
                    for (String recipient : recipients) {
                        if (random.nextInt(10) == 0) {
                            misbehave(random, world.mx("mx1." + recipient.substring(recipient.indexOf('@') + 1)));
                        }
                    }
                    try {
                        World.send(transport, world.message(recipients));
                        Arrays.stream(recipients).forEach(recipient -> put(fates, recipient, Fate.SENT));
                    } catch (MtaStsDeliveryException e) {
                        put(fates, e.getValidSentAddresses(), Fate.SENT);
                        put(fates, e.getValidUnsentAddresses(), Fate.UNSENT);
                        put(fates, e.getInvalidAddresses(), Fate.INVALID);
                        assertThat(e.getMessage()).doesNotContain("null");
                        Set<Address> held = new HashSet<>();
                        e.outcomes().stream()
                                .filter(DeliveryOutcome.Deferred.class::isInstance)
                                .filter(outcome -> outcome.describe().contains("may have been delivered"))
                                .forEach(outcome -> held.addAll(outcome.recipients()));
                        held.forEach(recipient -> fates.put(recipient.toString(), Fate.UNKNOWN));
                    }
                    for (String recipient : recipients) {
                        assertThat(fates).as("message %s", m).containsKey(recipient);
                    }
                }
            }

            Map<String, Integer> mailboxes = new HashMap<>();
            for (MxServer mx : hosts) {
                for (MxServer.Mail mail : mx.mails()) {
                    assertThat(mail.encrypted() || !strict.contains(mx)).isTrue();
                    mail.to().forEach(recipient -> mailboxes.merge(recipient, 1, Integer::sum));
                }
            }
            assertThat(mailboxes.values()).allMatch(count -> count == 1);
            fates.forEach((recipient, fate) -> {
                if (fate
                        != Fate.UNKNOWN) { // the host closed at the end of the data: nobody can know, and it is said so
                    assertThat(mailboxes.containsKey(recipient)).as(recipient).isEqualTo(fate == Fate.SENT);
                }
            });
            assertThat(fates.keySet()).containsAll(mailboxes.keySet());
            assertThat(fates.values()).contains(Fate.values()); // the faults reached all of them
        }
    }

    private enum Fate {
        SENT,
        UNSENT,
        INVALID,
        UNKNOWN
    }

    private static void put(Map<String, Fate> fates, Address[] recipients, Fate fate) {
        Arrays.stream(recipients).forEach(recipient -> put(fates, recipient.toString(), fate));
    }

    private static void put(Map<String, Fate> fates, String recipient, Fate fate) {
        assertThat(fates.put(recipient, fate)).as(recipient).isNull();
    }

    private static void misbehave(Random random, MxServer mx) {
        String verb = VERBS.get(random.nextInt(VERBS.size()));
        switch (random.nextInt(6)) {
            case 0 -> mx.dropOnce(verb);
            case 1 -> mx.dropOnce("MAIL");
            case 2 -> mx.startTls(random.nextBoolean() ? MxServer.StartTls.OFFERED : MxServer.StartTls.NOT_OFFERED);
            case 3 -> mx.certificate(random.nextBoolean() ? CertificateFault.NONE : CertificateFault.EXPIRED);
            case 4 -> mx.behave();
            default -> {
                String reply = REPLIES.get(random.nextInt(REPLIES.size()));
                if (verb.equals("BODY")) {
                    mx.dropOnce("BODY"); // a reply that refuses what was taken would be the test's lie
                } else {
                    mx.replyOnce(verb, reply);
                }
            }
        }
    }
}
