package tributary.actors;

import akka.NotUsed;
import akka.actor.typed.RecipientRef;
import akka.stream.javadsl.Source;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
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
 * @param entities where a variant's entity is reached, on whatever node
 */
record ShardedGeneration(
    Set<DeltaId> served,
    BooleanSupplier draining,
    Function<DeltaId, RecipientRef<DeltaEntity.Command>> entities,
    TokenSource.Settings settings)
    implements Generation {
  @Override
  public Source<TokenEvent, NotUsed> generate(GenerationRequest request) {
    // Judged when it is run, which may be long after it was made.
    return Source.fromMaterializer((_, _) -> stream(request))
        .mapMaterializedValue(_ -> NotUsed.getInstance());
  }

  private Source<TokenEvent, NotUsed> stream(GenerationRequest request) {
    Optional<Refusal> refusal = refusal(request);
    if (refusal.isPresent()) {
      return Source.single(new TokenEvent.Failed(request.id(), refusal.get()));
    }
    return Source.fromGraph(new TokenSource(request, entities.apply(request.model()), settings));
  }

  private Optional<Refusal> refusal(GenerationRequest request) {
    if (draining.getAsBoolean()) {
      return Optional.of(
          Refusal.of(ErrorCode.SHUTTING_DOWN, "this node is shutting down; ask again"));
    }
    if (!served.contains(request.model())) {
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
