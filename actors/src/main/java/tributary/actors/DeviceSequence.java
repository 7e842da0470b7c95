package tributary.actors;

import akka.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Nanos;
import tributary.protocol.RequestId;

/** What the device keeps of a sequence beside its scheduler: reader, loading and credit. */
final class DeviceSequence {
  private final RequestId id;
  private final LoadedDelta delta;
  private final ActorRef<ReaderMessage> reader;
  private int credit;
  private int sent;
  private @Nullable Nanos parkedSince;

  DeviceSequence(
      RequestId id, LoadedDelta delta, ActorRef<ReaderMessage> reader, int credit, Nanos now) {
    this.id = id;
    this.delta = delta;
    this.reader = reader;
    this.credit = credit;
    this.parkedSince = credit == 0 ? now : null;
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

  int sent() {
    return sent;
  }

  void tokenSent(Nanos now) {
    sent++;
    if (sent >= credit) {
      parkedSince = now;
    }
  }

  /** Returns whether the reader can take more than before; repeated and late credit changes nothing. */
  boolean credited(int tokens) {
    if (tokens <= credit) {
      return false;
    }
    credit = tokens;
    if (sent < credit) {
      parkedSince = null;
    }
    return true;
  }

  boolean parkedLongerThan(Nanos span, Nanos now) {
    return parkedSince != null && now.minus(parkedSince).compareTo(span) > 0;
  }
}
