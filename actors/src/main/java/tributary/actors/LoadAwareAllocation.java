package tributary.actors;

import akka.actor.ActorRef;
import akka.actor.Address;
import akka.actor.typed.ActorSystem;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.sharding.ShardCoordinator;
import akka.cluster.typed.Cluster;
import akka.util.Version;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.collection.immutable.IndexedSeq;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;
import tributary.protocol.Nanos;
import tributary.scheduling.placement.Executor;
import tributary.scheduling.placement.PlacementRules;

/**
 * Puts the cluster's question, which node a shard of variants lives on, to {@link PlacementRules}.
 * Members that leave or are out of reach get nothing new, nor those of an older version than
 * others; nothing moves while a member is out of reach or versions are mixed, nor what has just
 * arrived.
 */
final class LoadAwareAllocation extends ShardCoordinator.AbstractShardAllocationStrategy {
  private static final Logger LOG = LoggerFactory.getLogger(LoadAwareAllocation.class);

  /** From a part's arrival until it may move on; some reports long. */
  private static final Duration SETTLING = Duration.ofSeconds(5);

  private final ActorSystem<?> system;
  private final PlacementRules rules;
  private final PlacementBoard board;
  private final MonotonicClock clock = MonotonicClock.SYSTEM;

  /** When each part was given away last; those of long ago are forgotten. */
  private final Map<String, Nanos> given = new HashMap<>();

  LoadAwareAllocation(ActorSystem<?> system, PlacementRules rules, PlacementBoard board) {
    this.system = system;
    this.rules = rules;
    this.board = board;
  }

  @Override
  public Future<ActorRef> allocateShard(
      ActorRef requester, String shard, Map<ActorRef, IndexedSeq<String>> current) {
    Map<String, ActorRef> regions = regions(current);
    ActorRef home =
        rules
            .home(shard, executors(eligible(current)))
            .map(name -> Objects.requireNonNull(regions.get(name)))
            .orElseGet(() -> regions.values().iterator().next());
    LOG.debug("shard {} goes to {}", shard, name(home));
    given.put(shard, clock.now());
    return Future.successful(home);
  }

  @Override
  public Future<Set<String>> rebalance(
      Map<ActorRef, IndexedSeq<String>> current, Set<String> moving) {
    var members = eligible(current);
    if (members.size() < current.size()) {
      return Future.successful(Set.of());
    }
    List<PlacementRules.Move> moves = rules.moves(executors(members), moving, arrived());
    moves.forEach(move -> LOG.info("shard {} leaves {}", move.part(), move.from()));
    return Future.successful(
        moves.stream().map(PlacementRules.Move::part).collect(Collectors.toSet()));
  }

  /** Parts that nobody may have reported on yet. */
  private Set<String> arrived() {
    Nanos now = clock.now();
    given.values().removeIf(at -> now.minus(at).count() > SETTLING.toNanos());
    return Set.copyOf(given.keySet());
  }

  private List<Executor> executors(Map<ActorRef, IndexedSeq<String>> regions) {
    var executors = new ArrayList<Executor>();
    regions.forEach((region, shards) -> {
      String name = name(region);
      var parts = new HashSet<>(CollectionConverters.asJava(shards));
      executors.add(new Executor(name, parts, board.of(name)));
    });
    return executors;
  }

  private Map<String, ActorRef> regions(Map<ActorRef, IndexedSeq<String>> current) {
    var regions = new HashMap<String, ActorRef>();
    current.keySet().forEach(region -> regions.put(name(region), region));
    return regions;
  }

  /** Those that shards may be given to. */
  private Map<ActorRef, IndexedSeq<String>> eligible(Map<ActorRef, IndexedSeq<String>> current) {
    Map<String, Member> up = up();
    Optional<Version> newest =
        current.keySet().stream()
            .flatMap(region -> Stream.ofNullable(up.get(name(region))))
            .map(Member::appVersion)
            .max(Version::compareTo);
    var eligible = new HashMap<ActorRef, IndexedSeq<String>>();
    current.forEach((region, shards) -> {
      Member member = up.get(name(region));
      if (member != null && newest.filter(member.appVersion()::equals).isPresent()) {
        eligible.put(region, shards);
      }
    });
    return eligible;
  }

  private Map<String, Member> up() {
    var state = Cluster.get(system).state();
    var up = new HashMap<String, Member>();
    for (Member member : state.getMembers()) {
      if (member.status().equals(MemberStatus.up()) && !state.unreachable().contains(member)) {
        up.put(member.address().toString(), member);
      }
    }
    return up;
  }

  /** The address of a region's member; this node's own region does not have it. */
  private String name(ActorRef region) {
    Address address = region.path().address();
    return (address.hasLocalScope() ? Cluster.get(system).selfMember().address() : address)
        .toString();
  }
}
