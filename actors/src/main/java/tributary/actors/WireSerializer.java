package tributary.actors;

import akka.actor.ExtendedActorSystem;
import java.util.Optional;
import tributary.actors.serialization.KryoSerializer;
import tributary.protocol.ErrorCode;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Refusal;

/**
 * The serializer of everything that this room sends across nodes. Akka makes it by name, see {@code
 * tributary-akka.conf}.
 */
public final class WireSerializer extends KryoSerializer {
  private static final int IDENTIFIER = 20_260;

  /** Raised when nodes of different builds would not understand each other any more. */
  private static final String VERSION = "3";

  private static final int VARINT_BYTES_MAX = 5;

  /** What a request takes beside its lists: ids, sampling numbers, the reader's address. */
  private static final int FIXED_BYTES_MAX = 4096;

  public WireSerializer(ExtendedActorSystem system) {
    super(system, IDENTIFIER, VERSION, WireProtocol.registry(), WireMessage.class);
  }

  /**
   * Refuses a request that might not fit a message, wherever its variant lives, so that an answer
   * never depends on placement. Prompts of 80,000 tokens fit any vocabulary below two million.
   */
  static Optional<Refusal> sizeRefusal(GenerationRequest request) {
    long bytes =
        FIXED_BYTES_MAX
            + (long) (VARINT_BYTES_MAX + Double.BYTES) * request.sampling().logitBias().size()
            + (long) VARINT_BYTES_MAX * request.stop().stopTokens().size()
            + WireForms.bytesMax(request.form());
    for (int i = 0; i < request.prompt().count(); i++) {
      bytes += varintBytes(request.prompt().id(i));
    }
    if (bytes <= MESSAGE_BYTES_MAX) {
      return Optional.empty();
    }
    return Optional.of(
        Refusal.of(
            ErrorCode.CONTEXT_LENGTH_EXCEEDED,
            "the prompt's %d tokens and the lists beside them take %d bytes; at most %d travel"
                    .formatted(request.prompt().count(), bytes, MESSAGE_BYTES_MAX)
                + " in one request: shorten them"));
  }

  private static int varintBytes(int value) {
    int bits = Integer.SIZE - Integer.numberOfLeadingZeros(value | 1);
    return Math.ceilDiv(bits, Byte.SIZE - 1);
  }
}
