package tributary.streams;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** HTTP by hand over one socket, for what ordinary clients hide. */
final class RawClient implements AutoCloseable {
  private final Socket socket;
  private final InputStream in;

  RawClient(Socket socket) throws IOException {
    this.socket = socket;
    this.in = new BufferedInputStream(socket.getInputStream(), 1024);
  }

  void post(String path, String json) throws IOException {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    send(
        """
        POST %s HTTP/1.1\r
        Host: localhost\r
        Content-Type: application/json\r
        Content-Length: %d\r
        \r
        """
            .formatted(path, body.length));
    socket.getOutputStream().write(body);
    socket.getOutputStream().flush();
  }

  void send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    socket.getOutputStream().flush();
  }

  /** Reads up to and including this text; what was read. */
  String readUntil(String text) throws IOException {
    var read = new ByteArrayOutputStream();
    byte[] end = text.getBytes(StandardCharsets.UTF_8);
    int matched = 0;
    while (matched < end.length) {
      int next = in.read();
      if (next < 0) {
        throw new AssertionError(
            "closed before %s; read:%n%s".formatted(text, read.toString(StandardCharsets.UTF_8)));
      }
      read.write(next);
      matched = next == end[matched] ? matched + 1 : next == end[0] ? 1 : 0;
    }
    return read.toString(StandardCharsets.UTF_8);
  }

  /** Reads to the end of the connection. */
  String readAll() throws IOException {
    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
  }

  /** Closes at once, without taking what is still under way. */
  void abort() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
