package io.github.mtasts.lookup;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;

/** An address where no connection comes about: its queue of connections is full, so Linux drops further SYNs. */
final class BlackHole implements AutoCloseable {
    private final InetAddress address;
    private final ServerSocket server;
    private final List<Socket> filling = new ArrayList<>();

    BlackHole(String address, int port) throws IOException {
        this.address = InetAddress.getByName(address);
        this.server = new ServerSocket(port, 1, this.address);
        boolean open = true;
        while (open && filling.size() < 100) {
            Socket socket = new Socket();
            filling.add(socket);
            try {
                socket.connect(new InetSocketAddress(this.address, port), 200);
            } catch (SocketTimeoutException e) {
                open = false;
            }
        }
        if (open) {
            throw new IllegalStateException("this system accepts connections without end");
        }
    }

    InetAddress address() {
        return address;
    }

    @Override
    public void close() throws IOException {
        for (Socket socket : filling) {
            socket.close();
        }
        server.close();
    }
}
