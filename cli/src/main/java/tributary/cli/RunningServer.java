package tributary.cli;

import com.typesafe.config.Config;
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
import tributary.streams.tenancy.Tenancy;

/** A node with its front end, from its start until the process is told to end. */
final class RunningServer implements AutoCloseable {
  private final TributaryNode node;
  private final Metrics metrics;
  private final HttpServer http;
  private final Tenancy tenancy;

  private RunningServer(TributaryNode node, Metrics metrics, HttpServer http, Tenancy tenancy) {
    this.node = node;
    this.metrics = metrics;
    this.http = http;
    this.tenancy = tenancy;
  }

  /** Starts a node from its settings, and from the whole configuration for libraries. */
  @FunctionalInterface
  interface NodeStart {
    TributaryNode start(ServerConfig config, Config raw);
  }

  /** Starts the node and then the front end; serves once it returns. */
  static RunningServer start(Loaded settings) {
    return start(settings, TributaryNode::start);
  }

  static RunningServer start(Loaded settings, NodeStart nodes) {
    ServerConfig config = settings.server();
    Surroundings surroundings = Surroundings.system();
    Tenancy tenancy = Tenancy.open(config, surroundings.clock());
    TributaryNode node;
    try {
      node = nodes.start(config, settings.raw());
    } catch (RuntimeException | Error e) {
      tenancy.close();
      throw e;
    }
    try {
      List<DeltaId> names = node.models().all().stream().map(ServedModel::id).toList();
      Metrics metrics = Metrics.start(config.base().name(), names, node::load, config.telemetry());
      var service =
          new Service(
              node.generation(),
              node.models()::all,
              node.admin(),
              node::readiness,
              metrics,
              surroundings,
              BuildVersion.number(),
              tenancy);
      HttpServer http =
          HttpServer.bind(node.system(), config.http(), service).toCompletableFuture().join();
      node.whenReady().toCompletableFuture().join();
      return new RunningServer(node, metrics, http, tenancy);
    } catch (CompletionException e) {
      node.close();
      tenancy.close();
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    } catch (RuntimeException e) {
      node.close();
      tenancy.close();
      throw e;
    }
  }

  /** Such as {@code http://127.0.0.1:8000}. */
  String address() {
    InetSocketAddress bound = http.address();
    String host = bound.getAddress().getHostAddress();
    return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + bound.getPort();
  }

  InetSocketAddress bound() {
    return http.address();
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
    tenancy.close();
    metrics.close();
  }
}
