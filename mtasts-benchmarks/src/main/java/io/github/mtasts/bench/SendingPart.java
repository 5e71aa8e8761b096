package io.github.mtasts.bench;

import io.github.mtasts.MtaSts;
import jakarta.mail.Address;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Properties;
import javax.net.ssl.SSLContext;
import org.eclipse.angus.mail.smtp.SMTPTransport;

/** Messages through the transport, beside the same through plain Angus Mail over STARTTLS. */
final class SendingPart implements Part {
    private static final String BODY =
            "All work and no play makes for a message of some twenty kilobytes.\r\n".repeat(305);

    @Override
    public void run(Page page, boolean quick) throws Exception {
        int pairs = quick ? 6 : 20;
        int messages = quick ? 50 : 1000;
        page.heading("Sending");
        page.say(
                "Messages of 20 kB to one MX host, " + messages
                        + " over one connection, then as many over another with plain Angus Mail and STARTTLS (the host's name and chain checked), "
                        + pairs
                        + " pairs after a warm-up of three. The MX host is in another process: only the sender's processor time counts.");
        try (Net net = new Net(0, "serve");
                MtaSts engine = net.builder().build()) {
            int port = Integer.parseInt(net.server.ask("smtp"));
            Session ours = ours(engine, port);
            Session plain = plain(net);
            InetAddress address = InetAddress.getByAddress(
                    Hosts.MX, InetAddress.getByName(net.server.ask("mx")).getAddress());
            Samples[] samples = {new Samples(), new Samples(), new Samples(), new Samples(), new Samples()};
            int[][] traffic = new int[2][];
            for (int pair = -3; pair < pairs; pair++) {
                double[] cost = new double[4];
                for (int turn = 0; turn < 2; turn++) {
                    // in turns who is first
                    boolean isOurs = (turn + pair) % 2 == 0;
                    int[] before = traffic(net);
                    long cpu = Cpu.nanos();
                    long wall = System.nanoTime();
                    if (isOurs) {
                        send(ours, messages);
                    } else {
                        Socket socket = new Socket(address, port);
                        socket.setTcpNoDelay(true); // or it waits for the other side's delayed ACK
                        send(plain, messages, socket);
                    }
                    cost[isOurs ? 0 : 1] = (Cpu.nanos() - cpu) / 1e6 / messages;
                    cost[isOurs ? 2 : 3] = (System.nanoTime() - wall) / 1e6 / messages;
                    int[] after = traffic(net);
                    traffic[isOurs ? 0 : 1] = new int[] {after[0] - before[0], after[1] - before[1]};
                }
                for (int i = 0; pair >= 0 && i < 4; i++) {
                    samples[i].add(cost[i]);
                }
                if (pair >= 0) {
                    samples[4].add(cost[0] / cost[1]);
                }
            }
            page.table("", "CPU ms each", "wall ms each", "connections", "SMTP commands");
            page.row("mtasts", samples[0], samples[2], traffic[0][0], traffic[0][1]);
            page.row("Angus Mail", samples[1], samples[3], traffic[1][0], traffic[1][1]);
            page.say("");
            page.say("Ratio of processor time within each of the " + pairs + " pairs: " + samples[4] + ".");
            page.atMost(1.05, "× Angus", "sending 20 kB, CPU", samples[4].median());
            page.atMost(traffic[1][0], "", "connections, plain Angus's", traffic[0][0]);
            page.atMost(traffic[1][1], "", "SMTP commands, plain Angus's", traffic[0][1]);
        }
    }

    private static int[] traffic(Net net) throws IOException {
        return new int[] {
            Integer.parseInt(net.server.ask("smtp connections")), Integer.parseInt(net.server.ask("smtp commands"))
        };
    }

    private static Session ours(MtaSts engine, int port) {
        Properties properties = new Properties();
        properties.put("mail.mtasts.engine", engine);
        properties.put("mail.mtasts.port", String.valueOf(port));
        properties.put("mail.mtasts.localhost", "sender.example");
        return Session.getInstance(properties);
    }

    private static Session plain(Net net) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, net.trust(), null);
        Properties properties = new Properties();
        properties.put("mail.smtp.starttls.enable", "true");
        properties.put("mail.smtp.starttls.required", "true");
        properties.put("mail.smtp.ssl.checkserveridentity", "true");
        properties.put("mail.smtp.ssl.socketFactory", context.getSocketFactory());
        properties.put("mail.smtp.localhost", "sender.example");
        return Session.getInstance(properties);
    }

    private static void send(Session session, int messages) throws MessagingException {
        try (Transport transport = session.getTransport("mtasts")) {
            transport.connect();
            for (int i = 0; i < messages; i++) {
                send(transport, message(session));
            }
        }
    }

    private static void send(Session session, int messages, Socket connected) throws MessagingException {
        try (SMTPTransport transport = (SMTPTransport) session.getTransport("smtp")) {
            transport.connect(connected);
            for (int i = 0; i < messages; i++) {
                send(transport, message(session));
            }
        }
    }

    private static void send(Transport transport, MimeMessage message) throws MessagingException {
        Address[] recipients = message.getAllRecipients();
        transport.sendMessage(message, recipients);
    }

    private static MimeMessage message(Session session) throws MessagingException {
        MimeMessage message = new MimeMessage(session);
        message.setFrom(new InternetAddress("a@sender.example"));
        message.setRecipient(Message.RecipientType.TO, new InternetAddress("b@mail.example"));
        message.setSubject("hello");
        message.setText(BODY);
        message.saveChanges();
        return message;
    }
}
