package tributary.tests;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A streaming completion over a bare socket with a small receive buffer, read only as far as the
 * test asks: the reader that a server must not wait for.
 */
final class RawStream implements AutoCloseable {
  private static final int RECEIVE_BUFFER_BYTES = 4096;
  private static final int TIMEOUT_MILLIS = 120_000;
  private static final String DATA = "data: ";

  private final Socket socket;
  private final BufferedReader lines;

  private RawStream(Socket socket) throws IOException {
    this.socket = socket;
    this.lines =
        new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8), 512);
  }

  /** Sends the request and reads nothing yet. */
  static RawStream open(URI address, String path, String body) throws IOException {
    Socket socket = new Socket();
    try {
      socket.setReceiveBufferSize(RECEIVE_BUFFER_BYTES);
      socket.setSoTimeout(TIMEOUT_MILLIS);
      socket.connect(new InetSocketAddress(address.getHost(), address.getPort()));
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      String head =
          "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
              .formatted(path, address.getAuthority(), bytes.length);
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().write(bytes);
      return new RawStream(socket);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** The data of the next event. */
  String next() throws IOException {
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.startsWith(DATA)) {
        return line.substring(DATA.length());
      }
    }
    throw new IOException("the stream ended without [DONE]");
  }

  /** Everything up to and with {@code [DONE]}. */
  List<String> rest() throws IOException {
    List<String> events = new ArrayList<>();
    do {
      events.add(next());
    } while (!events.getLast().equals("[DONE]"));
    return events;
  }

  /** Goes away, as a client that crashed or lost interest. */
  @Override
  public void close() throws IOException {
    socket.close();
  }
}
