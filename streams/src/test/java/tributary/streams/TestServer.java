package tributary.streams;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import tributary.actors.Generation;
import tributary.actors.ModelAdmin;
import tributary.actors.NodeLoad;
import tributary.actors.Readiness;
import tributary.actors.ServedModel;
import tributary.config.ServerConfig;
import tributary.protocol.Bytes;
import tributary.streams.tenancy.Tenancy;

/** A front end on loopback over a scripted generation, with names and a clock that repeat. */
final class TestServer implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(20);

  static final AtomicReference<NodeLoad> LOAD =
      new AtomicReference<>(new NodeLoad(new NodeLoad.Sequences(0, 0, 0, 0, 0), 100, 0, Map.of()));

  /** One for the process, as in production. */
  static final Metrics METRICS =
      Metrics.start(
          TestModels.BASE,
          TestModels.all().stream().map(ServedModel::id).toList(),
          LOAD::get,
          ServerConfig.Telemetry.NONE);

  private static final Config AKKA =
      ConfigFactory.parseString(
              """
              akka.loglevel = WARNING
              akka.actor.provider = local
              akka.coordinated-shutdown.exit-jvm = off
              akka.coordinated-shutdown.phases.service-requests-done.timeout = 30s
              """)
          .withFallback(ConfigFactory.load());

  final ActorTestKit kit;
  final HttpServer http;
  final AtomicReference<Readiness> readiness;
  private final AtomicInteger names;
  private final HttpClient client = HttpClient.newHttpClient();

  private TestServer(
      ActorTestKit kit,
      HttpServer http,
      AtomicReference<Readiness> readiness,
      AtomicInteger names) {
    this.kit = kit;
    this.http = http;
    this.readiness = readiness;
    this.names = names;
  }

  /** Names begin anew, as on a server just started. */
  void forgetNames() {
    names.set(0);
  }

  static TestServer of(Generation generation) {
    return with().start(generation);
  }

  static Builder with() {
    return new Builder();
  }

  /** Settings that differ from small and quick ones. */
  static final class Builder {
    private int port;
    private Duration heartbeat = Duration.ofSeconds(10);
    private Duration deadline = Duration.ofSeconds(60);
    private Duration drainMax = Duration.ofSeconds(20);
    private Duration idleMax = Duration.ofSeconds(30);
    private int connectionsMax = 64;
    private boolean http2;
    private int promptsMax = 3;
    private Tenancy tenancy = Tenancy.none();
    private @Nullable ModelAdmin admin;

    Builder tenancy(Tenancy value) {
      tenancy = value;
      return this;
    }

    Builder http2() {
      http2 = true;
      return this;
    }

    Builder prompts(int most) {
      promptsMax = most;
      return this;
    }

    Builder port(int value) {
      port = value;
      return this;
    }

    Builder admin(ModelAdmin value) {
      admin = value;
      return this;
    }

    Builder heartbeat(Duration value) {
      heartbeat = value;
      return this;
    }

    Builder deadline(Duration value) {
      deadline = value;
      return this;
    }

    Builder drainMax(Duration value) {
      drainMax = value;
      return this;
    }

    Builder idleMax(Duration value) {
      idleMax = value;
      return this;
    }

    ServerConfig.Http settings() {
      return new ServerConfig.Http(
          "127.0.0.1",
          port,
          new Bytes(64 * 1024),
          connectionsMax,
          heartbeat,
          deadline,
          drainMax,
          4,
          promptsMax,
          4,
          16 * 1024,
          http2);
    }

    TestServer start(Generation generation) {
      var kit = ActorTestKit.create("streams", AKKA);
      var readiness = new AtomicReference<>(new Readiness(true, "ready"));
      var names = new AtomicInteger();
      var service =
          new Service(
              generation,
              TestModels::all,
              admin,
              readiness::get,
              METRICS,
              surroundings(names),
              "0.1.0-test",
              tenancy);
      try {
        var http = await(HttpServer.bind(kit.system(), settings(), service, idleMax));
        return new TestServer(kit, http, readiness, names);
      } catch (RuntimeException | Error e) {
        kit.shutdownTestKit();
        throw e;
      }
    }
  }

  static Surroundings surroundings(AtomicInteger names) {
    return new Surroundings(
        InstantSource.fixed(Instant.ofEpochSecond(1_730_000_000)),
        System::nanoTime,
        () -> "%08d".formatted(names.incrementAndGet()),
        () -> 42);
  }

  /** Waits for what must come; a failure keeps its type. */
  static <T> T await(CompletionStage<T> stage) {
    return stage
        .toCompletableFuture()
        .copy()
        .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
        .join();
  }

  HttpResponse<String> get(String path) {
    return send(request(path).GET().build());
  }

  HttpResponse<String> post(String path, String json) {
    return await(postAsync(path, json));
  }

  CompletableFuture<HttpResponse<String>> postAsync(String path, String json) {
    return client.sendAsync(
        jsonPost(path).POST(HttpRequest.BodyPublishers.ofString(json)).build(),
        HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
  }

  HttpRequest.Builder jsonPost(String path) {
    return request(path).header("content-type", "application/json");
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(
        URI.create("http://127.0.0.1:%d%s".formatted(http.address().getPort(), path)));
  }

  HttpResponse<String> send(HttpRequest request) {
    return await(
        client.sendAsync(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8)));
  }

  /** A client that decides itself when it reads. */
  RawClient connect() throws IOException {
    var socket = new Socket();
    // Small, so that what the kernel holds for a slow reader is little.
    socket.setReceiveBufferSize(16 * 1024);
    socket.setSoTimeout((int) PATIENCE.toMillis());
    socket.connect(http.address());
    return new RawClient(socket);
  }

  @Override
  public void close() {
    client.close();
    kit.shutdownTestKit();
  }
}
