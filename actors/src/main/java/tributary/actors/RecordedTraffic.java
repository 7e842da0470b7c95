package tributary.actors;

import akka.NotUsed;
import akka.stream.javadsl.Source;
import java.util.TreeMap;
import java.util.function.Consumer;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.TokenEvent;
import tributary.protocol.TraceLine;

/**
 * Notes each request that passes: when it came, for which model, how long its prompt was and its
 * answer became; nothing of what they say. Those that got no token are left out.
 */
final class RecordedTraffic implements Generation {
  private static final String UNDER_WAY = "under way";

  private final Generation inner;
  private final MonotonicClock clock;
  private final Consumer<String> lines;

  /** By number, those that are under way and those that ended after one that still is. */
  private final TreeMap<Long, String> held = new TreeMap<>();

  private long arrived;

  /**
   * @param lines is given each line of the trace, in the order of arrival
   */
  RecordedTraffic(Generation inner, MonotonicClock clock, Consumer<String> lines) {
    this.inner = inner;
    this.clock = clock;
    this.lines = lines;
  }

  @Override
  public Source<TokenEvent, NotUsed> generate(GenerationRequest request) {
    return Source.fromMaterializer((_, _) -> noted(request))
        .mapMaterializedValue(_ -> NotUsed.getInstance());
  }

  private Source<TokenEvent, NotUsed> noted(GenerationRequest request) {
    var one = new Noted(begin(), request);
    return inner
        .generate(request)
        .map(one::count)
        .watchTermination((notUsed, done) -> {
          var _ = done.whenComplete((_, _) -> end(one.number, one.line()));
          return notUsed;
        });
  }

  private final class Noted {
    private final long number;
    private final GenerationRequest request;
    private final Nanos arrival = clock.now();
    private volatile int tokens;

    Noted(long number, GenerationRequest request) {
      this.number = number;
      this.request = request;
    }

    private TokenEvent count(TokenEvent event) {
      if (event instanceof TokenEvent.Token token) {
        tokens = token.index() + 1;
      }
      return event;
    }

    private String line() {
      return tokens == 0
          ? ""
          : new TraceLine(arrival, request.model(), request.prompt().count(), tokens).toJson();
    }
  }

  private synchronized long begin() {
    held.put(++arrived, UNDER_WAY);
    return arrived;
  }

  /** Lines leave in the order of arrival; as many are held as requests are under way. */
  private synchronized void end(long number, String line) {
    held.put(number, line);
    while (!held.isEmpty() && !held.firstEntry().getValue().equals(UNDER_WAY)) {
      String first = held.pollFirstEntry().getValue();
      if (!first.isEmpty()) {
        lines.accept(first);
      }
    }
  }
}
