package tributary.actors;

import akka.actor.typed.ActorRef;
import tributary.protocol.RequestId;
import tributary.protocol.TokenEvent;

/** What a sequence's reader is told; a device's messages to one reader arrive in order. */
sealed interface ReaderMessage extends WireMessage {
  /**
   * The variant's entity has the request and will say what becomes of it. An entity that ends first
   * has moved or died with its node, and the request with it: ask again.
   */
  record Received(RequestId request, ActorRef<DeltaEntity.Command> by) implements ReaderMessage {}

  /** The device took the sequence; credit, cancel and probes go to it from now on. */
  record Accepted(RequestId request, ActorRef<DeviceActor.Command> device)
      implements ReaderMessage {}

  /** The next token, or the end. */
  record Event(TokenEvent event) implements ReaderMessage {}

  /** Answers a probe: everything before has been sent, {@code tokensSent} tokens among it. */
  record Status(RequestId request, int tokensSent) implements ReaderMessage {}

  /** Answers a probe: the device has no such sequence; if it ended, that was told before this. */
  record Unknown(RequestId request) implements ReaderMessage {}
}
