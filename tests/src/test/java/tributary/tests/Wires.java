package tributary.tests;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The network between the nodes of a cluster on loopback: every byte from one node to another goes
 * through here and can be held back, as behind a router that fails. Connections stay open, nothing
 * is refused and nothing is told; what was on its way arrives when the network heals.
 *
 * <p>A node is known by its loopback address, from which it must open its connections.
 */
final class Wires implements AutoCloseable {
  private static final int BUFFER_BYTES = 64 * 1024;

  private final Object lock = new Object();
  private final Set<Closeable> open = ConcurrentHashMap.newKeySet();
  private Set<String> island = Set.of();

  /** Where others reach the node at {@code host}, which itself listens on {@code port} there. */
  int listen(String host, int port) throws IOException {
    ServerSocket server = new ServerSocket();
    server.bind(new InetSocketAddress(host, 0));
    open.add(server);
    Thread.ofVirtual().start(() -> accept(server, new InetSocketAddress(host, port)));
    return server.getLocalPort();
  }

  /** From now on nothing passes between these nodes and all others. */
  void isolate(Set<String> hosts) {
    synchronized (lock) {
      island = Set.copyOf(hosts);
    }
  }

  void heal() {
    synchronized (lock) {
      island = Set.of();
      lock.notifyAll();
    }
  }

  private void accept(ServerSocket server, InetSocketAddress node) {
    while (!server.isClosed()) {
      try {
        Socket from = server.accept();
        Thread.ofVirtual().start(() -> connect(from, node));
      } catch (IOException closed) {
        return; // By close().
      }
    }
  }

  private void connect(Socket from, InetSocketAddress node) {
    String caller = from.getInetAddress().getHostAddress();
    String called = node.getAddress().getHostAddress();
    try (from;
        Socket to = new Socket()) {
      open.add(from);
      open.add(to);
      awaitPassage(caller, called);
      to.connect(node);
      from.setTcpNoDelay(true);
      to.setTcpNoDelay(true);
      Thread back = Thread.ofVirtual().start(() -> carry(to, from, called, caller));
      carry(from, to, caller, called);
      back.join();
    } catch (IOException gone) {
      // The called node does not listen: the caller sees its connection end, as it would there.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      open.remove(from);
    }
  }

  private void carry(Socket from, Socket to, String sender, String receiver) {
    byte[] buffer = new byte[BUFFER_BYTES];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        awaitPassage(sender, receiver);
        to.getOutputStream().write(buffer, 0, count);
      }
    } catch (IOException ended) {
      // Either side went away; both are closed.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void awaitPassage(String from, String to) throws InterruptedException {
    synchronized (lock) {
      while (island.contains(from) != island.contains(to)) {
        lock.wait();
      }
    }
  }

  @Override
  public void close() throws IOException {
    for (Closeable socket : open) {
      socket.close();
    }
  }
}
