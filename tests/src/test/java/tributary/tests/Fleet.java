package tributary.tests;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;

/** The nodes of a cluster, each in a JVM of its own, with {@link Wires} between them. */
final class Fleet implements AutoCloseable {
  /** Little to compile at the start, and little memory: a node shall cost no more than it must. */
  private static final List<String> CHEAP =
      List.of("-XX:+UseSerialGC", "-Xmx512m", "-Xss512k", "-XX:-UsePerfData");

  private final Wires wires = new Wires();
  private final List<Place> places = new ArrayList<>();
  private final List<String> settings;
  private final ServerProcess[] nodes;

  /** Where a node is at home, whichever process it is: others know it by host and port. */
  private record Place(String host, int ownPort, int port) {
    String address() {
      return host + ":" + port;
    }
  }

  /**
   * @param settings of all nodes, as {@code key=value}
   */
  private Fleet(int size, List<String> settings) throws IOException {
    this.settings = settings;
    this.nodes = new ServerProcess[size];
    for (int node = 0; node < size; node++) {
      String host = "127.0.1." + (node + 1);
      int ownPort = freePort(host);
      places.add(new Place(host, ownPort, wires.listen(host, ownPort)));
    }
  }

  /** Starts all at once. */
  static Fleet start(int size, String version, List<String> settings) throws Exception {
    Fleet fleet = new Fleet(size, settings);
    try {
      var starts =
          IntStream.range(0, size)
              .mapToObj(node -> CompletableFuture.runAsync(() -> fleet.start(node, version)))
              .toArray(CompletableFuture<?>[]::new);
      CompletableFuture.allOf(starts).join();
      return fleet;
    } catch (CompletionException e) {
      fleet.close();
      throw e;
    }
  }

  /** Starts a node, again or for the first time; returns once it serves. */
  ServerProcess start(int node, String version) {
    Place place = places.get(node);
    var options = new ArrayList<String>();
    settings.forEach(setting -> options.addAll(List.of("--set", setting)));
    for (String setting :
        List.of(
            "tributary.cluster.host=" + place.host,
            "tributary.cluster.port=" + place.port,
            "tributary.cluster.seed-nodes="
                + String.join(",", places.stream().map(Place::address).toList()),
            "akka.remote.artery.bind.hostname=" + place.host,
            "akka.remote.artery.bind.port=" + place.ownPort,
            "akka.remote.artery.advanced.tcp.outbound-client-hostname=" + place.host,
            "akka.cluster.app-version=" + version)) {
      options.addAll(List.of("--set", setting));
    }
    try {
      ServerProcess started =
          ServerProcess.start(
              CHEAP, Repository.demo("tributary.conf"), options.toArray(String[]::new));
      nodes[node] = started;
      return started;
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  ServerProcess node(int node) {
    return nodes[node];
  }

  List<ServerProcess> living() {
    return Arrays.stream(nodes).filter(ServerProcess::isAlive).toList();
  }

  Wires wires() {
    return wires;
  }

  String host(int node) {
    return places.get(node).host;
  }

  @Override
  public void close() throws IOException {
    for (ServerProcess node : nodes) {
      if (node != null && node.isAlive()) {
        node.kill();
      }
    }
    wires.close();
  }

  private static int freePort(String host) throws IOException {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(host, 0));
      return socket.getLocalPort();
    }
  }
}
