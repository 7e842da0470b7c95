package tributary.streams;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorSystem;
import akka.http.javadsl.Http;
import akka.http.javadsl.ServerBinding;
import akka.http.javadsl.ServerBuilder;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import akka.japi.function.Function;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.config.ServerConfig;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * The front end, bound to its address.
 *
 * <p>It ends with the actor system's coordinated shutdown: in {@code service-unbind} it stops
 * taking connections and requests; in {@code service-requests-done} open answers may end, for at
 * most {@code http.drain-max}, and what is left ends with an error event. That phase's timeout must
 * be longer than {@code http.drain-max}.
 */
public final class HttpServer {
  /** What a connection without a request may stay. */
  private static final Duration IDLE_MAX = Duration.ofSeconds(75);

  private static final Duration KEYS_REFRESHED_EVERY = Duration.ofSeconds(5);

  /** For the last bytes to leave: Akka tells when a response was handed over, not when it left. */
  private static final Duration FAREWELL = Duration.ofMillis(500);

  private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);

  private final ServerBinding binding;
  private final OpenAnswers open;
  private final Duration drainMax;

  private HttpServer(ServerBinding binding, OpenAnswers open, Duration drainMax) {
    this.binding = binding;
    this.open = open;
    this.drainMax = drainMax;
  }

  /**
   * Starts to serve. Fails with {@code port_in_use} when another process has the port, and with
   * {@code config} when the address is not one of this machine.
   */
  public static CompletionStage<HttpServer> bind(
      ActorSystem<?> system, ServerConfig.Http settings, Service service) {
    return bind(system, settings, service, IDLE_MAX);
  }

  static CompletionStage<HttpServer> bind(
      ActorSystem<?> system, ServerConfig.Http settings, Service service, Duration idleMax) {
    var open = new OpenAnswers();
    var generation = new GenerationEndpoint(system, settings, service, open);
    var json = new JsonEndpoint(system, settings.bodyMax());
    var routes = new Routes(settings, service, generation, json, open).all().handler(system);
    ServerBuilder door =
        Http.get(system)
            .newServerAt(settings.host(), settings.port())
            .withSettings(HttpSettings.of(system, settings));
    return opened(
            door, settings, idleMax, request -> named(request, service.surroundings(), routes))
        .handle((binding, failure) -> {
          if (failure != null) {
            throw unbindable(settings, Refusals.cause(failure));
          }
          var server = new HttpServer(binding, open, settings.drainMax());
          server.endWith(system);
          if (service.tenancy().isKeyed()) {
            followKeys(system, service);
          }
          LOG.info("serving on {}", server.address());
          return server;
        });
  }

  /** Only a connection of one request after the other can be watched over. */
  private static CompletionStage<ServerBinding> opened(
      ServerBuilder door,
      ServerConfig.Http settings,
      Duration idleMax,
      akka.japi.function.Function<HttpRequest, CompletionStage<HttpResponse>> answer) {
    return settings.http2()
        ? door.bind(answer)
        : door.bindFlow(ConnectionWatch.flow(idleMax, answer));
  }

  /** Where it listens; the port is the real one also when 0 was asked for. */
  public InetSocketAddress address() {
    return binding.localAddress();
  }

  /** Keys that other nodes of the ledger issued count here soon, and those they revoked no more. */
  private static void followKeys(ActorSystem<?> system, Service service) {
    system
        .scheduler()
        .scheduleWithFixedDelay(
            KEYS_REFRESHED_EVERY,
            KEYS_REFRESHED_EVERY,
            () ->
                service
                    .tenancy()
                    .refreshKeys()
                    .whenComplete((_, failure) -> {
                      if (failure != null) {
                        LOG.warn("issued keys could not be read", failure);
                      }
                    }),
            system.executionContext());
  }

  private void endWith(ActorSystem<?> system) {
    var shutdown = CoordinatedShutdown.get(system);
    shutdown.addTask(CoordinatedShutdown.PhaseServiceUnbind(), "http-unbind", this::unbind);
    shutdown.addTask(CoordinatedShutdown.PhaseServiceRequestsDone(), "http-drain", this::drain);
  }

  private CompletionStage<Done> unbind() {
    open.drain();
    return binding.unbind();
  }

  private CompletionStage<Done> drain() {
    return open.drain()
        .toCompletableFuture()
        .copy()
        .completeOnTimeout(Done.getInstance(), drainMax.toMillis(), TimeUnit.MILLISECONDS)
        .thenCompose(_ -> {
          if (open.count() > 0) {
            LOG.warn("{} answers were cut after {}", open.count(), drainMax);
          }
          open.cutRest();
          return after(FAREWELL, () -> binding.terminate(FAREWELL));
        })
        .thenApply(_ -> Done.getInstance());
  }

  private static <T> CompletionStage<T> after(Duration pause, Supplier<CompletionStage<T>> action) {
    var paused = CompletableFuture.delayedExecutor(pause.toMillis(), TimeUnit.MILLISECONDS);
    return CompletableFuture.supplyAsync(action, paused).thenCompose(stage -> stage);
  }

  private static CompletionStage<HttpResponse> named(
      HttpRequest request,
      Surroundings surroundings,
      Function<HttpRequest, CompletionStage<HttpResponse>> routes)
      throws Exception {
    var name = RequestName.of(request, surroundings.ids());
    return routes
        .apply(request.addAttribute(RequestName.KEY, name))
        .thenApply(
            response -> response.addHeader(RawHeader.create(RequestName.HEADER, name.value())));
  }

  private static TributaryException unbindable(ServerConfig.Http settings, Throwable failure) {
    String address = settings.host() + ":" + settings.port();
    return isInUse(failure)
        ? new TributaryException(
            ErrorCode.PORT_IN_USE,
            "%s is in use by another process; stop it, or choose another http.port"
                .formatted(address))
        : new TributaryException(
            ErrorCode.CONFIG,
            "cannot listen on %s (%s); check http.host and http.port"
                .formatted(address, failure.getMessage()),
            failure);
  }

  private static boolean isInUse(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof BindException) {
        return String.valueOf(cause.getMessage()).contains("in use");
      }
    }
    return false;
  }
}
