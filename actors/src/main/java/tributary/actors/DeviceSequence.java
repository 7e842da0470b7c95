package tributary.actors;

import akka.actor.typed.ActorRef;
import tributary.protocol.RequestId;

/**
 * What the device keeps of a sequence beside its scheduler: who reads it and with which weights.
 */
final class DeviceSequence {
  private final RequestId id;
  private final LoadedDelta delta;
  private final ActorRef<ReaderMessage> reader;
  private int tokensSent;

  DeviceSequence(RequestId id, LoadedDelta delta, ActorRef<ReaderMessage> reader) {
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
}
