package tributary.actors;

import akka.actor.typed.RecipientRef;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import tributary.actors.PlacementBoard.Place;
import tributary.protocol.DeltaId;
import tributary.protocol.GenerationRequest;
import tributary.scheduling.Scheduler;

/**
 * Chooses which of a variant's executors a request goes to: the one for which the fewest tokens
 * wait, by what it told last and what this node has sent it since; of equal ones the home, whose
 * prefix cache has seen most. A replica gets requests only at the registered version and only once
 * the home serves that: when this node has read of a new version, none that it sends after one that
 * got this gets the old one.
 *
 * @param versions what a variant is to be served at
 * @param reachable whether the cluster has an executor's member in sight
 * @param homes where a variant's home is reached, on whatever node
 */
record ReplicaRouter(
    PlacementBoard board,
    Function<DeltaId, String> versions,
    Predicate<String> reachable,
    Function<DeltaId, RecipientRef<DeltaEntity.Command>> homes) {
  /** Who takes a request. */
  RecipientRef<DeltaEntity.Command> route(GenerationRequest request) {
    DeltaId variant = request.model();
    Optional<Place> place = choose(board.places(variant), variant);
    place.ifPresent(chosen -> chosen.sent().add(Scheduler.queuedTokens(request)));
    return place
        .<RecipientRef<DeltaEntity.Command>>map(chosen -> chosen.copy().replica())
        .orElseGet(() -> homes.apply(variant));
  }

  /** Empty where there is nothing to choose from: the home takes it, wherever that is. */
  private Optional<Place> choose(List<Place> places, DeltaId variant) {
    if (places.isEmpty()) {
      return Optional.empty();
    }
    String version = versions.apply(variant);
    List<Place> seen = places.stream().filter(place -> reachable.test(place.address())).toList();
    boolean homeIsBehind =
        seen.stream()
            .anyMatch(place -> place.copy().isHome() && !place.copy().version().equals(version));
    return homeIsBehind
        ? Optional.empty()
        : seen.stream()
            .filter(place -> place.copy().version().equals(version))
            .min(
                Comparator.comparingLong(Place::waiting)
                    .thenComparing(place -> !place.copy().isHome())
                    .thenComparing(Place::address));
  }
}
