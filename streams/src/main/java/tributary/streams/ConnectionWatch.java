package tributary.streams;

import akka.NotUsed;
import akka.http.javadsl.model.AttributeKey;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.japi.function.Function;
import akka.stream.Attributes;
import akka.stream.FlowShape;
import akka.stream.Inlet;
import akka.stream.Materializer;
import akka.stream.Outlet;
import akka.stream.StreamDetachedException;
import akka.stream.javadsl.Flow;
import akka.stream.stage.AbstractInHandler;
import akka.stream.stage.AbstractOutHandler;
import akka.stream.stage.AsyncCallback;
import akka.stream.stage.GraphStage;
import akka.stream.stage.GraphStageLogic;
import akka.stream.stage.TimerGraphStageLogic;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import scala.jdk.javaapi.FutureConverters;

/**
 * Watches over one connection: tells the answers being given that their client has gone, also while
 * nothing is being written, and ends a connection that asks for nothing.
 *
 * <p>Akka's own idle timeout cannot do the second: it would also end a connection whose client
 * waits for a long answer that is sent whole.
 */
final class ConnectionWatch {
  static final AttributeKey<ConnectionWatch> KEY =
      AttributeKey.create("connection", ConnectionWatch.class);

  private final Set<Runnable> answers = ConcurrentHashMap.newKeySet();
  private volatile boolean gone;
  private volatile @Nullable AsyncCallback<Consumer<Materializer>> starter;

  /** A connection's requests, answered one after the other. */
  static Flow<HttpRequest, HttpResponse, NotUsed> flow(
      Duration idleMax, Function<HttpRequest, CompletionStage<HttpResponse>> answer) {
    return Flow.fromMaterializer(
            (materializer, attributes) -> {
              var watch = new ConnectionWatch();
              return Flow.<HttpRequest>create()
                  .via(watch.new Arrivals(idleMax))
                  .map(request -> request.addAttribute(KEY, watch))
                  .mapAsync(1, answer)
                  .via(watch.new Departure());
            })
        .mapMaterializedValue(_ -> NotUsed.getInstance());
  }

  /** Runs {@code whenGone} at once if the client has gone already. */
  void begin(Runnable whenGone) {
    answers.add(whenGone);
    if (gone) {
      whenGone.run();
    }
  }

  void end(Runnable whenGone) {
    answers.remove(whenGone);
  }

  /**
   * Runs a stream in the connection's own actor, so that what it gives to the connection wakes
   * nobody; where there is no such actor, or not any more, with {@code otherwise}.
   */
  void run(Consumer<Materializer> start, Materializer otherwise) {
    AsyncCallback<Consumer<Materializer>> connection = starter;
    if (connection == null) {
      start.accept(otherwise);
      return;
    }
    FutureConverters.asJava(connection.invokeWithFeedback(start))
        .whenComplete((_, failure) -> {
          if (failure instanceof StreamDetachedException) {
            start.accept(otherwise);
          }
        });
  }

  private void clientGone() {
    gone = true;
    answers.forEach(Runnable::run);
  }

  /** Completes the connection when no request arrives in time and none is being answered. */
  private final class Arrivals extends GraphStage<FlowShape<HttpRequest, HttpRequest>> {
    private final Inlet<HttpRequest> in = Inlet.create("Arrivals.in");
    private final Outlet<HttpRequest> out = Outlet.create("Arrivals.out");
    private final Duration idleMax;

    Arrivals(Duration idleMax) {
      this.idleMax = idleMax;
    }

    @Override
    public FlowShape<HttpRequest, HttpRequest> shape() {
      return FlowShape.of(in, out);
    }

    @Override
    public GraphStageLogic createLogic(Attributes inheritedAttributes) {
      return new ArrivalsLogic();
    }

    private final class ArrivalsLogic extends TimerGraphStageLogic {
      ArrivalsLogic() {
        super(Arrivals.this.shape());
        setHandler(
            in,
            new AbstractInHandler() {
              @Override
              public void onPush() {
                cancelTimer(Arrivals.this);
                push(out, grab(in));
              }

              // Comes while a response is due only when the client has closed.
              @Override
              public void onUpstreamFinish() throws Exception {
                clientGone();
                super.onUpstreamFinish();
              }

              @Override
              public void onUpstreamFailure(Throwable failure) throws Exception {
                clientGone();
                super.onUpstreamFailure(failure);
              }
            });
        setHandler(
            out,
            new AbstractOutHandler() {
              @Override
              public void onPull() {
                scheduleOnce(Arrivals.this, idleMax);
                pull(in);
              }
            });
      }

      @Override
      public void preStart() {
        starter = createAsyncCallback(start -> start.accept(subFusingMaterializer()));
      }

      @Override
      public void onTimer(Object key) {
        if (answers.isEmpty()) {
          completeStage();
        } else {
          scheduleOnce(key, idleMax);
        }
      }
    }
  }

  /** Notices that nobody takes responses any more. */
  private final class Departure extends GraphStage<FlowShape<HttpResponse, HttpResponse>> {
    private final Inlet<HttpResponse> in = Inlet.create("Departure.in");
    private final Outlet<HttpResponse> out = Outlet.create("Departure.out");

    @Override
    public FlowShape<HttpResponse, HttpResponse> shape() {
      return FlowShape.of(in, out);
    }

    @Override
    public GraphStageLogic createLogic(Attributes inheritedAttributes) {
      return new DepartureLogic();
    }

    private final class DepartureLogic extends GraphStageLogic {
      DepartureLogic() {
        super(Departure.this.shape());
        setHandler(
            in,
            new AbstractInHandler() {
              @Override
              public void onPush() {
                push(out, grab(in));
              }
            });
        setHandler(
            out,
            new AbstractOutHandler() {
              @Override
              public void onPull() {
                pull(in);
              }

              @Override
              public void onDownstreamFinish(Throwable cause) throws Exception {
                clientGone();
                super.onDownstreamFinish(cause);
              }
            });
      }
    }
  }
}
