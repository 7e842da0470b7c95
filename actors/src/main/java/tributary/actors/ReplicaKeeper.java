package tributary.actors;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.javadsl.AbstractOnMessageBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tributary.protocol.DeltaId;
import tributary.scheduling.placement.Executor;
import tributary.scheduling.placement.ReplicaRules;

/**
 * Keeps an executor's replicas of variants that live elsewhere, and decides how many those that
 * live here have on others. Each variant has one home in the cluster, so one keeper decides on it;
 * when the home moves, the next one finds its replicas in what executors tell.
 */
final class ReplicaKeeper extends AbstractOnMessageBehavior<ReplicaKeeper.Command> {
  sealed interface Command {}

  /** Asks for a replica, where there is memory for it that nobody needs. */
  record Host(DeltaId variant) implements Command, WireMessage {}

  /** The replica is needed no more: it takes no new requests, answers under way end. */
  record Leave(DeltaId variant) implements Command, WireMessage {}

  /** A variant lives here from now on until the actor ends. */
  record HomeHere(DeltaId variant, ActorRef<DeltaEntity.Command> home) implements Command {}

  /** A replica takes no requests any more. */
  record Left(DeltaId variant, ActorRef<DeltaEntity.Command> replica) implements Command {}

  /** A variant's registration may have changed. */
  record Refresh(DeltaId variant) implements Command {}

  /**
   * Asks for what is to be told of replicas.
   *
   * @param waiting tokens that the sequences of each variant wait for here
   */
  record Review(Map<DeltaId, Long> waiting, ActorRef<ExecutorNews.Hosting> replyTo)
      implements Command {}

  /** All replicas leave, and there are none from now on. */
  record Close() implements Command {}

  private record HomeLeft(DeltaId variant, ActorRef<DeltaEntity.Command> home) implements Command {}

  /**
   * What a keeper works with.
   *
   * @param homes where a variant's home is reached
   * @param reachable whether the cluster has an executor's member in sight
   * @param address of this executor's member
   * @param linger how long nodes may send requests to a replica that has left
   */
  record Parts(
      DeltaEntity.Parts entity,
      Function<DeltaId, RecipientRef<DeltaEntity.Command>> homes,
      PlacementBoard board,
      Predicate<String> reachable,
      ReplicaRules rules,
      MonotonicClock clock,
      String address,
      Duration linger) {}

  /** Replicas that an executor takes, and variants of its own that it tells of: news are small. */
  static final int COPIES_MAX = 128;

  private final Parts parts;
  private final NodeMetrics metrics;
  private final Map<DeltaId, ActorRef<DeltaEntity.Command>> homes = new HashMap<>();
  private final Map<DeltaId, ActorRef<DeltaEntity.Command>> replicas = new HashMap<>();
  private boolean closed;

  private ReplicaKeeper(ActorContext<Command> context, Parts parts) {
    super(context);
    this.parts = parts;
    this.metrics = parts.entity().metrics();
  }

  static Behavior<Command> create(Parts parts) {
    return Behaviors.setup(context -> new ReplicaKeeper(context, parts));
  }

  @Override
  public Behavior<Command> onMessage(Command message) {
    switch (message) {
      case Host(var variant) -> host(variant);
      case Leave(var variant) -> leave(variant);
      case HomeHere(var variant, var home) -> homeHere(variant, home);
      case HomeLeft(var variant, var home) -> homes.remove(variant, home);
      case Left(var variant, var replica) -> replicas.remove(variant, replica);
      case Refresh(var variant) -> refresh(variant);
      case Review(var waiting, var replyTo) -> review(waiting, replyTo);
      case Close _ -> {
        closed = true;
        List.copyOf(replicas.keySet()).forEach(this::leave);
      }
    }
    return this;
  }

  private void host(DeltaId variant) {
    boolean isHere = homes.containsKey(variant) || replicas.containsKey(variant);
    if (closed || isHere || replicas.size() >= COPIES_MAX) {
      return;
    }
    getContext().getLog().info("model {} gets a replica here", variant);
    var with =
        new Replica.Parts(
            parts.entity(), parts.homes().apply(variant), getContext().getSelf(), parts.linger());
    replicas.put(variant, getContext().spawnAnonymous(Replica.create(variant, with)));
  }

  private void leave(DeltaId variant) {
    ActorRef<DeltaEntity.Command> replica = replicas.remove(variant);
    if (replica != null) {
      getContext().getLog().info("the replica of model {} leaves", variant);
      replica.tell(new DeltaEntity.Stop());
    }
  }

  /** Home and replica at once would take memory twice. */
  private void homeHere(DeltaId variant, ActorRef<DeltaEntity.Command> home) {
    homes.put(variant, home);
    getContext().watchWith(home, new HomeLeft(variant, home));
    leave(variant);
  }

  private void refresh(DeltaId variant) {
    ActorRef<DeltaEntity.Command> replica = replicas.get(variant);
    if (replica != null) {
      replica.tell(new DeltaEntity.Refresh(DeltaEntity.Refresh.Eagerness.WHEN_ASKED));
    }
  }

  private void review(Map<DeltaId, Long> waiting, ActorRef<ExecutorNews.Hosting> replyTo) {
    Map<String, ExecutorNews> others =
        parts.board().recent().stream()
            .filter(news -> !news.address().equals(parts.address()) && news.hosting() != null)
            .filter(news -> parts.reachable().test(news.address()))
            .collect(Collectors.toMap(ExecutorNews::address, news -> news));
    List<ReplicaRules.Variant> here = variants(waiting, others);
    if (!closed) {
      parts
          .rules()
          .decide(here, executors(others), parts.clock().now())
          .forEach(change -> carryOut(change, others.get(change.executor())));
      replicas.keySet().stream()
          .filter(variant -> waiting.getOrDefault(variant, 0L) > 0)
          .filter(variant -> !hasHome(variant, others))
          .forEach(this::wakeHome);
    }
    replyTo.tell(new ExecutorNews.Hosting(getContext().getSelf(), copies(here, waiting)));
  }

  /** Those that live here and have replicas, or so much to do that they may get one. */
  private List<ReplicaRules.Variant> variants(
      Map<DeltaId, Long> waiting, Map<String, ExecutorNews> others) {
    var elsewhere = new HashMap<DeltaId, Map<String, Long>>();
    for (ExecutorNews other : others.values()) {
      for (ExecutorNews.Copy copy : other.copies()) {
        if (!copy.isHome()) {
          elsewhere
              .computeIfAbsent(copy.variant(), _ -> new HashMap<>())
              .put(other.address(), copy.waiting());
        }
      }
    }
    var variants = new ArrayList<ReplicaRules.Variant>();
    for (DeltaId id : homes.keySet()) {
      long tokens = waiting.getOrDefault(id, 0L);
      boolean counts = elsewhere.containsKey(id) || tokens > parts.rules().growTokens();
      if (counts && metrics.isResident(id)) {
        var all = new HashMap<>(elsewhere.getOrDefault(id, Map.of()));
        all.put(parts.address(), tokens);
        variants.add(new ReplicaRules.Variant(id.name(), parts.address(), all));
      }
    }
    variants.sort(
        Comparator.comparingInt((ReplicaRules.Variant variant) -> -variant.executors())
            .thenComparingLong(variant -> -variant.total()));
    return variants.subList(0, Math.min(variants.size(), COPIES_MAX));
  }

  private static List<Executor> executors(Map<String, ExecutorNews> others) {
    return others.values().stream()
        .map(news -> new Executor(news.address(), news.report().loaded().keySet(), news.report()))
        .toList();
  }

  private void carryOut(ReplicaRules.Change change, @Nullable ExecutorNews at) {
    if (at == null || at.hosting() == null) {
      return; // What it told is too old by now; it is asked again if need be.
    }
    var variant = new DeltaId(change.variant());
    getContext().getLog().info("{}", change);
    at.hosting()
        .keeper()
        .tell(
            switch (change) {
              case ReplicaRules.Change.Grow _ -> new Host(variant);
              case ReplicaRules.Change.Shrink _ -> new Leave(variant);
            });
  }

  private static boolean hasHome(DeltaId variant, Map<String, ExecutorNews> others) {
    return others.values().stream()
        .flatMap(news -> news.copies().stream())
        .anyMatch(copy -> copy.isHome() && copy.variant().equals(variant));
  }

  /** A home that is cold decides on no replicas; its node may have been lost. */
  private void wakeHome(DeltaId variant) {
    parts.homes().apply(variant).tell(new DeltaEntity.Refresh(DeltaEntity.Refresh.Eagerness.NOW));
  }

  private List<ExecutorNews.Copy> copies(
      List<ReplicaRules.Variant> here, Map<DeltaId, Long> waiting) {
    var copies = new ArrayList<ExecutorNews.Copy>();
    for (ReplicaRules.Variant home : here) {
      var id = new DeltaId(home.name());
      long tokens = Objects.requireNonNull(home.waiting().get(parts.address()));
      copies.add(new ExecutorNews.Copy(id, metrics.version(id), tokens, null));
    }
    replicas.forEach((id, replica) -> {
      String version = metrics.isResident(id) ? metrics.version(id) : "";
      long tokens = waiting.getOrDefault(id, 0L);
      copies.add(new ExecutorNews.Copy(id, version, tokens, replica));
    });
    return copies;
  }
}
