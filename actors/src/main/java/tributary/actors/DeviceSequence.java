package tributary.actors;

import akka.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Nanos;
import tributary.protocol.Precision;
import tributary.protocol.RequestId;
import tributary.protocol.Timing;
import tributary.protocol.TokenEvent;

/**
 * What the device keeps of a sequence beside its scheduler: who reads it and with which weights.
 */
final class DeviceSequence {
  private final RequestId id;
  private final LoadedDelta delta;
  private final ActorRef<ReaderMessage> reader;
  private final Arrived arrived;
  private Nanos firstStep = Nanos.ZERO;
  private Nanos lastStep = Nanos.ZERO;
  private int steps;
  private int tokensSent;
  private @Nullable Precision precision;

  /**
   * When a sequence came, and what of its variant's load it may have waited for.
   *
   * @param load how long the newest one took
   * @param loadedAt when it was over
   */
  record Arrived(Nanos at, Nanos load, Nanos loadedAt) {}

  DeviceSequence(RequestId id, LoadedDelta delta, ActorRef<ReaderMessage> reader, Arrived arrived) {
    this.arrived = arrived;
    this.id = id;
    this.delta = delta;
    this.reader = reader;
  }

  RequestId id() {
    return id;
  }

  LoadedDelta delta() {
    return delta;
  }

  ActorRef<ReaderMessage> reader() {
    return reader;
  }

  int tokensSent() {
    return tokensSent;
  }

  void tokenSent() {
    tokensSent++;
  }

  /** A step computed some of its tokens, of prompt or output, at a width. */
  void computedAt(int width) {
    if (delta.widths() > 1) {
      var computed = new Precision(width, width, delta.widths());
      precision = precision == null ? computed : precision.and(computed);
    }
  }

  /** A step computed some of it. */
  void stepped(Nanos from, Nanos to) {
    if (steps == 0) {
      firstStep = from;
    }
    lastStep = to;
    steps++;
  }

  /** The event, and with the end where the time went and the precision of all tokens before it. */
  TokenEvent completed(TokenEvent event) {
    return event instanceof TokenEvent.Finished(var request, var reason, var usage, _)
        ? new TokenEvent.Finished(
            request, reason, precision == null ? usage : usage.at(precision), timing())
        : event;
  }

  private Timing timing() {
    return new Timing(
        arrived.load(),
        arrived.at().minus(arrived.loadedAt()),
        firstStep.minus(arrived.at()),
        lastStep.minus(firstStep),
        steps);
  }
}
