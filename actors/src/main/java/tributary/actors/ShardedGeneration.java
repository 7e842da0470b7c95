package tributary.actors;

import akka.NotUsed;
import akka.actor.typed.RecipientRef;
import akka.stream.javadsl.Source;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Refusal;
import tributary.protocol.TokenEvent;

/**
 * Sends requests to the entities of their variants.
 *
 * @param served names that may be asked for, which bounds the number of entities
 * @param draining whether the node refuses new requests
 * @param entities who takes a request: the home of its variant or a replica, on whatever node
 */
record ShardedGeneration(
    Predicate<DeltaId> served,
    BooleanSupplier draining,
    Function<GenerationRequest, RecipientRef<DeltaEntity.Command>> entities,
    TokenSource.Settings settings)
    implements Generation {
  @Override
  public Source<TokenEvent, NotUsed> generate(GenerationRequest request) {
    return Source.fromGraph(new TokenSource(request, this));
  }

  /** Why this node does not even ask for it now, if so. */
  Optional<Refusal> refusal(GenerationRequest request) {
    if (draining.getAsBoolean()) {
      return Optional.of(
          Refusal.of(ErrorCode.SHUTTING_DOWN, "this node is shutting down; ask again"));
    }
    if (!served.test(request.model())) {
      return Optional.of(
          new Refusal(
              ErrorCode.MODEL_NOT_FOUND,
              "model %s is not served here".formatted(request.model()),
              "model",
              null));
    }
    return WireSerializer.sizeRefusal(request);
  }
}
