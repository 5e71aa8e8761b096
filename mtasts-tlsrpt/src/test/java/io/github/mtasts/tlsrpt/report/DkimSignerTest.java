package io.github.mtasts.tlsrpt.report;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mtasts.policy.PolicyDomain;
import io.github.mtasts.tlsrpt.report.ReportDestination.Mailto;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.SignatureException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.james.jdkim.DKIMVerifier;
import org.apache.james.jdkim.api.SignatureRecord;
import org.apache.james.jdkim.exceptions.FailException;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Signatures of report mails (RFC 8460 §3, RFC 6376, RFC 8463). */
class DkimSignerTest {
    private static final Instant NOW = Instant.parse("2026-11-27T01:02:03Z");
    private static final PolicyDomain DOMAIN = PolicyDomain.of("sender.example");

    @Nested
    class Rsa {
        @Test
        @Tag("T-3-10")
        void anotherLibraryVerifiesTheMail() throws Exception {
            byte[] mail = mail(DkimKeys.rsa("sender.example"));

            SignatureRecord signature = verified(mail, "email:tlsrpt");

            assertThat(signature.getDToken()).hasToString("sender.example");
            assertThat(signature.getBodyHashLimit()).isEqualTo(-1); // no l=
            assertThat(tags(mail)).doesNotContainKey("l").containsEntry("t", "1795741323");
        }

        @Test
        @Tag("T-3-10")
        void oneChangedByteOfWhatIsSignedBreaksIt() throws Exception {
            byte[] mail = mail(DkimKeys.rsa("sender.example"));
            String text = new String(mail, ISO_8859_1);
            verified(mail, "email:tlsrpt");

            for (String place : List.of(
                    "Domain: example.net\r\n Sub", // subject
                    "tls@sender",
                    "Report-Domain: ",
                    "Report-Submitter: ",
                    "Required: N",
                    "aggregate",
                    "filename=",
                    "H4sI", // the attachment
                    "--tlsrpt.k3j--")) {
                int at = text.indexOf(place) + place.length() - 1;
                byte[] changed = mail.clone();
                changed[at] = (byte) (changed[at] == 'x' ? 'y' : 'x');

                assertThat(text).contains(place);
                assertThatThrownBy(() -> verified(changed, "email:tlsrpt"))
                        .as(place)
                        .isInstanceOf(FailException.class);
            }
        }

        @Test
        @Tag("T-3-10")
        void whatIsAddedBreaksIt() throws Exception {
            byte[] mail = mail(DkimKeys.rsa("sender.example"));
            String text = new String(mail, ISO_8859_1);

            assertThatThrownBy(() -> verified((text + "more\r\n").getBytes(ISO_8859_1), "email:tlsrpt"))
                    .isInstanceOf(FailException.class);
            assertThatThrownBy(() -> verified(
                            text.replace("\r\nDate:", "\r\nSubject: another\r\nDate:")
                                    .getBytes(ISO_8859_1),
                            "email:tlsrpt"))
                    .isInstanceOf(FailException.class);
            // given what relaxed canonicalization forgives
            verified((text + "\r\n\r\n").getBytes(ISO_8859_1), "email:tlsrpt");
            verified(text.replace("\r\nDate: ", "\r\ndate:\t ").getBytes(ISO_8859_1), "email:tlsrpt");
        }

        @Test
        @Tag("T-3-11")
        void theKeyRecordOfTheDocumentationIsForReportsAndForMail() throws Exception {
            String page = Files.readString(Path.of("../docs/tls-reports.md"));
            Matcher record =
                    Pattern.compile("\"v=DKIM1; k=rsa; s=([a-z:]+); p=[^\"]*\"").matcher(page);
            assertThat(record.find()).isTrue();

            // RFC 6376 §3.6.1: a verifier of mail ignores the key where the list has neither email nor *
            assertThat(record.group(1).split(":")).containsExactlyInAnyOrder("email", "tlsrpt");
            verified(mail(DkimKeys.rsa("sender.example")), record.group(1));
        }

        @Test
        void theSignatureIsTheSameInATurkishLocale() {
            byte[] usual = mail(DkimKeys.rsa("sender.example"));
            Locale before = Locale.getDefault();
            try {
                Locale.setDefault(new Locale("tr", "TR"));

                assertThat(mail(DkimKeys.rsa("sender.example"))).isEqualTo(usual);
            } finally {
                Locale.setDefault(before);
            }
        }
    }

    @Nested
    class Ed25519 {
        @Test
        @Tag("T-3-10")
        void theMailIsSignedAsRfc8463Says() throws Exception {
            byte[] mail = mail(DkimKeys.ed25519("sender.example"));

            assertThat(tags(mail)).containsEntry("a", "ed25519-sha256").containsEntry("d", "sender.example");
            assertThat(isValid(mail)).isTrue();
        }

        @Test
        @Tag("T-3-10")
        void oneChangedByteOfWhatIsSignedBreaksIt() throws Exception {
            byte[] mail = mail(DkimKeys.ed25519("sender.example"));
            String text = new String(mail, ISO_8859_1);

            for (String place : List.of("tls@sender", "Report-Domain: ", "aggregate", "H4sI", "\ts=e", "bh=", "b=")) {
                int at = text.indexOf(place) + place.length();
                byte[] changed = mail.clone();
                changed[at] = (byte) (changed[at] == 'x' ? 'y' : 'x');

                assertThat(isValid(changed)).as(place).isFalse();
            }
        }

        @Test
        void theExampleOfTheRfcComesOutToTheByte() {
            String header = String.join(
                    "\r\n",
                    "From: Joe SixPack <joe@football.example.com>",
                    "To: Suzie Q <suzie@shopping.example.net>",
                    "Subject: Is dinner ready?",
                    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)",
                    "Message-ID: <20030712040037.46341.5F8J@football.example.com>");
            String body = "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n\r\n";
            String field = String.join(
                    "\r\n",
                    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;",
                    " d=football.example.com; i=@football.example.com;",
                    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :",
                    " subject : date : message-id : from : subject : date;",
                    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;",
                    " b=");
            var parts = KeyedDkimSigner.Parts.of((header + "\r\n\r\n" + body).getBytes(US_ASCII));
            KeyedDkimSigner signer =
                    new KeyedDkimSigner("football.example.com", "brisbane", DkimKeys.ed25519PrivateKey());

            String signature = signer.signature(
                    parts.fields(),
                    List.of("from", "to", "subject", "date", "message-id", "from", "subject", "date"),
                    field);

            assertThat(signature)
                    .isEqualTo("/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus"
                            + "Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==");
            assertThat(Base64.getEncoder().encodeToString(sha256(KeyedDkimSigner.relaxedBody(parts.body()))))
                    .isEqualTo("2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
        }

        /** By RFC 6376 §3.7, written down apart from the code that signs. */
        private static boolean isValid(byte[] mail) throws Exception {
            String text = new String(mail, ISO_8859_1);
            Map<String, String> tags = tags(mail);
            String header = text.substring(0, text.indexOf("\r\n\r\n") + 2);
            String body = text.substring(text.indexOf("\r\n\r\n") + 4)
                    .replaceAll("[ \t]+", " ")
                    .replaceAll("[ \t]+\r\n", "\r\n")
                    .replaceAll("(\r\n)+$", "\r\n");
            if (!Base64.getEncoder()
                    .encodeToString(sha256(body.getBytes(ISO_8859_1)))
                    .equals(tags.get("bh"))) {
                return false;
            }
            StringBuilder signed = new StringBuilder();
            Map<String, Integer> used = new LinkedHashMap<>();
            for (String name : tags.getOrDefault("h", "").split(":")) {
                List<String> all = Pattern.compile("(?im)^" + Pattern.quote(name) + ":.*(\r\n[ \t].*)*\r\n")
                        .matcher(header)
                        .results()
                        .map(result -> result.group())
                        .toList();
                int fromBottom = used.merge(name, 1, Integer::sum);
                if (fromBottom <= all.size()) {
                    signed.append(relaxed(all.get(all.size() - fromBottom))).append("\r\n");
                }
            }
            Matcher own =
                    Pattern.compile("^DKIM-Signature:.*(\r\n[ \t].*)*\r\n").matcher(header);
            assertThat(own.find()).isTrue();
            signed.append(relaxed(own.group().replaceFirst("(?s)(;\\s*b=).*", "$1")));
            Signature signature = Signature.getInstance("Ed25519");
            signature.initVerify(DkimKeys.ed25519PublicKey());
            signature.update(sha256(signed.toString().getBytes(ISO_8859_1)));
            try {
                return signature.verify(Base64.getDecoder().decode(tags.getOrDefault("b", "")));
            } catch (IllegalArgumentException | SignatureException e) {
                return false; // neither base64 nor a point of the curve
            }
        }

        private static String relaxed(String field) {
            int colon = field.indexOf(':');
            return field.substring(0, colon).toLowerCase(Locale.ROOT) + ":"
                    + field.substring(colon + 1).replaceAll("\\s+", " ").trim();
        }
    }

    @Test
    @Tag("T-3-12")
    void theTwoFieldsOfReportsAreSigned() {
        String names = tags(mail(DkimKeys.ed25519("sender.example"))).getOrDefault("h", "");

        assertThat(names.split(":"))
                .contains("TLS-Report-Domain", "TLS-Report-Submitter", "From", "Subject", "Content-Type")
                .doesNotContain("DKIM-Signature");
    }

    @Test
    void twoSignersSignTheSame() throws Exception {
        byte[] mail = mail(DkimKeys.ed25519("sender.example").and(DkimKeys.rsa("sender.example")));

        String text = new String(mail, ISO_8859_1);
        assertThat(text.split("DKIM-Signature: ", -1)).hasSize(3);
        String first = text.substring(text.indexOf("DKIM-Signature: ", 1));
        assertThat(Ed25519.isValid(first.getBytes(ISO_8859_1))).isTrue();
        assertThat(verified(mail, "email:tlsrpt").getSelector()).hasToString("rsa");
        assertThatThrownBy(() -> DkimKeys.ed25519("sender.example").and(DkimKeys.rsa("other.example")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void keysOfOtherKindsAndSizesAreRefused() throws Exception {
        KeyPairGenerator ec = KeyPairGenerator.getInstance("EC");
        ec.initialize(256);
        PrivateKey short1024 = DkimKeys.rsa(1024).getPrivate();
        PrivateKey ed448 =
                KeyPairGenerator.getInstance("Ed448").generateKeyPair().getPrivate();

        for (PrivateKey key : List.of(ec.generateKeyPair().getPrivate(), short1024, ed448)) {
            assertThatThrownBy(() -> DkimSigner.of(DOMAIN, "s1", key)).isInstanceOf(IllegalArgumentException.class);
        }
        for (String selector : List.of("", "a b", "a;b", "-a", "a..b", "a\r\nb", "a".repeat(201))) {
            assertThatThrownBy(() -> DkimSigner.of(DOMAIN, selector, DkimKeys.RSA.getPrivate()))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(DkimSigner.of(DOMAIN, "2026-11.tls", DkimKeys.RSA.getPrivate())
                        .domain())
                .isEqualTo("sender.example");
    }

    @Nested
    class FromPem {
        @TempDir
        private Path folder;

        @Test
        void bothKindsOfKeyAreReadFromPkcs8() throws IOException {
            Path rsa = pem("PRIVATE KEY", DkimKeys.RSA.getPrivate().getEncoded());
            byte[] withRsa = mail(DkimSigner.fromPem(DOMAIN, "rsa", rsa));
            Path ed = pem("PRIVATE KEY", DkimKeys.ed25519PrivateKey().getEncoded());
            byte[] withEd = mail(DkimSigner.fromPem(DOMAIN, "ed", ed));

            assertThat(withRsa).isEqualTo(mail(DkimKeys.rsa("sender.example")));
            assertThat(withEd).isEqualTo(mail(DkimKeys.ed25519("sender.example")));
        }

        @Test
        void rsaKeysAreReadFromPkcs1() throws IOException {
            // given the inner part of PKCS #8, which is PKCS #1
            byte[] pkcs8 = DkimKeys.RSA.getPrivate().getEncoded();
            byte[] pkcs1 = Arrays.copyOfRange(pkcs8, 26, pkcs8.length);

            byte[] mail = mail(DkimSigner.fromPem(DOMAIN, "rsa", pem("RSA PRIVATE KEY", pkcs1)));

            assertThat(mail).isEqualTo(mail(DkimKeys.rsa("sender.example")));
        }

        @Test
        void whatIsNoSuchKeyIsRefusedByNameAndNotShown() throws IOException {
            byte[] der = DkimKeys.RSA.getPrivate().getEncoded();
            String secret = Base64.getEncoder().encodeToString(der).substring(100, 140);

            for (Path file : List.of(
                    pem("EC PRIVATE KEY", der),
                    pem("ENCRYPTED PRIVATE KEY", der),
                    pem("PUBLIC KEY", der),
                    pem("PRIVATE KEY", Arrays.copyOf(der, 300)),
                    pem("RSA PRIVATE KEY", new byte[0]),
                    Files.writeString(folder.resolve("empty.pem"), ""))) {
                assertThatThrownBy(() -> DkimSigner.fromPem(DOMAIN, "s1", file))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining(file.toString())
                        .hasMessageNotContaining(secret);
            }
            assertThatThrownBy(() -> DkimSigner.fromPem(DOMAIN, "s1", folder.resolve("none.pem")))
                    .isInstanceOf(NoSuchFileException.class);
        }

        private Path pem(String what, byte[] der) throws IOException {
            return Files.writeString(
                    Files.createTempFile(folder, "key", ".pem"),
                    "-----BEGIN " + what + "-----\n"
                            + Base64.getMimeEncoder(64, "\n".getBytes(US_ASCII)).encodeToString(der) + "\n-----END "
                            + what + "-----\n");
        }
    }

    private static byte[] mail(DkimSigner signer) {
        return ReportMail.compose(
                        ReportMailTest.report("sender.example", "example.net"),
                        new Mailto("a@example.net"),
                        NOW,
                        signer)
                .message();
    }

    /** Verified by apache-jdkim with the RSA key, whose record names the services given. */
    private static SignatureRecord verified(byte[] mail, String services) throws IOException, FailException {
        String key = Base64.getEncoder().encodeToString(DkimKeys.RSA.getPublic().getEncoded());
        DKIMVerifier verifier = new DKIMVerifier(
                (method, selector, domain) -> selector.toString().equals("rsa")
                        ? List.of("v=DKIM1; k=rsa; s=" + services + "; p=" + key)
                        : List.of("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="));
        List<SignatureRecord> records = verifier.verify(new ByteArrayInputStream(mail));
        assertThat(records).hasSize(1);
        return records.get(0);
    }

    /** The tags of the topmost signature, unfolded. */
    private static Map<String, String> tags(byte[] mail) {
        Matcher field =
                Pattern.compile("^DKIM-Signature:(.*(?:\r\n[ \t].*)*)\r\n").matcher(new String(mail, ISO_8859_1));
        assertThat(field.find()).isTrue();
        Map<String, String> tags = new LinkedHashMap<>();
        for (String tag : field.group(1).split(";")) {
            int equals = tag.indexOf('=');
            tags.put(tag.substring(0, equals).strip(), tag.substring(equals + 1).replaceAll("\\s", ""));
        }
        return tags;
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
