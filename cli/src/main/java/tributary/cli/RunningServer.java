package tributary.cli;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletionException;
import tributary.actors.ServedModel;
import tributary.actors.TributaryNode;
import tributary.config.Loaded;
import tributary.config.ServerConfig;
import tributary.protocol.DeltaId;
import tributary.streams.HttpServer;
import tributary.streams.Metrics;
import tributary.streams.Service;
import tributary.streams.Surroundings;

/** A node with its front end, from its start until the process is told to end. */
final class RunningServer implements AutoCloseable {
  private final TributaryNode node;
  private final Metrics metrics;
  private final HttpServer http;

  private RunningServer(TributaryNode node, Metrics metrics, HttpServer http) {
    this.node = node;
    this.metrics = metrics;
    this.http = http;
  }

  /** Starts the node and then the front end; serves once it returns. */
  static RunningServer start(Loaded settings) {
    ServerConfig config = settings.server();
    TributaryNode node = TributaryNode.start(config, settings.raw());
    try {
      List<DeltaId> names = node.models().all().stream().map(ServedModel::id).toList();
      Metrics metrics = Metrics.start(config.base().name(), names, node::load);
      var service =
          new Service(
              node.generation(),
              node.models().all(),
              node::readiness,
              metrics,
              Surroundings.system(),
              BuildVersion.number());
      HttpServer http =
          HttpServer.bind(node.system(), config.http(), service).toCompletableFuture().join();
      node.whenReady().toCompletableFuture().join();
      return new RunningServer(node, metrics, http);
    } catch (CompletionException e) {
      node.close();
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    } catch (RuntimeException e) {
      node.close();
      throw e;
    }
  }

  /** Such as {@code http://127.0.0.1:8000}. */
  String address() {
    InetSocketAddress bound = http.address();
    String host = bound.getAddress().getHostAddress();
    return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + bound.getPort();
  }

  List<ServedModel> models() {
    return node.models().all();
  }

  /** Returns when the node has ended: after a signal, or because the cluster put it out. */
  void awaitEnd() {
    node.whenTerminated().toCompletableFuture().join();
  }

  @Override
  public void close() {
    node.close();
    metrics.close();
  }
}
