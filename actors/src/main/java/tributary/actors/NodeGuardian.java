package tributary.actors;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.PoisonPill;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.MemberStatus;
import akka.cluster.sharding.ShardRegion;
import akka.cluster.sharding.typed.ClusterShardingSettings;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import akka.cluster.typed.Cluster;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.stream.StreamSupport;
import tributary.protocol.DeltaId;
import tributary.scheduling.Scheduler;
import tributary.scheduling.placement.ReplicaRules;

/**
 * A node's top actor: starts the device and takes part in the sharding of variants. A device that
 * ends by itself takes the node with it, since nothing here can serve without one.
 */
final class NodeGuardian {
  static final EntityTypeKey<DeltaEntity.Command> DELTAS =
      EntityTypeKey.create(DeltaEntity.Command.class, "delta");

  /** How often the ages of waiting loads are looked at. */
  private static final Duration PUMPED = Duration.ofMillis(250);

  sealed interface Command {}

  /**
   * Hand the variants over to other nodes, then let running sequences end here and take no new
   * ones; answered when none is left.
   */
  record Drain(ActorRef<Done> replyTo) implements Command {}

  /** Stop the device; answered when it has come to rest. */
  record StopDevice(ActorRef<Done> replyTo) implements Command {}

  /** A variant's share beside others. */
  record Agree(DeltaId delta, int weight) implements Command {}

  /** A variant's registration may have changed. */
  record Changed(DeltaId delta) implements Command {}

  private record HandedOver(ActorRef<Done> waiting) implements Command {}

  private record DeviceEnded() implements Command {}

  /** Why a node went down whose device failed. */
  private enum DeviceFailed implements CoordinatedShutdown.Reason {
    INSTANCE
  }

  private final ActorContext<Command> context;
  private final ActorRef<DeviceActor.Command> device;
  private final ActorRef<ReplicaKeeper.Command> keeper;
  private final ActorRef<?> region;
  private final Duration handOverMax;

  private NodeGuardian(
      ActorContext<Command> context,
      ActorRef<DeviceActor.Command> device,
      ActorRef<ReplicaKeeper.Command> keeper,
      ActorRef<?> region,
      Duration handOverMax) {
    this.context = context;
    this.device = device;
    this.keeper = keeper;
    this.region = region;
    this.handOverMax = handOverMax;
  }

  /** What the node works with. */
  record Parts(Engine engine, NodeMetrics metrics, Recording recording, PlacementBoard board) {
    private Scheduler scheduler(NodeSettings settings) {
      return new Scheduler(
          engine.limits(), settings.rules(), recording.journal(engine.limits(), settings.rules()));
    }
  }

  /**
   * @param started is completed when requests can be sent to variants
   */
  static Behavior<Command> create(
      Parts with, NodeSettings settings, CompletableFuture<Done> started) {
    return Behaviors.setup(context -> {
      Engine engine = with.engine();
      NodeMetrics metrics = with.metrics();
      var loader = loader(context.getSystem(), engine, settings);
      pumpRegularly(context.getSystem(), loader);
      metrics.residency(loader::load, engine.deltas()::shelf);
      var device =
          context.spawn(
              DeviceActor.create(
                  new DeviceActor.Parts(
                      with.scheduler(settings), engine, loader, metrics, MonotonicClock.SYSTEM)),
              "device",
              DispatcherSelector.fromConfig(NodeSettings.DEVICE_DISPATCHER));
      context.watchWith(device, new DeviceEnded());
      var parts = new DeltaEntity.Parts(device, loader, metrics, settings.entity());
      PlacementBoard board = with.board();
      var keeper =
          context.spawn(
              ReplicaKeeper.create(replicas(context.getSystem(), parts, board, settings)),
              "replicas");
      var region =
          shardDeltas(
              context.getSystem(),
              parts,
              keeper,
              new LoadAwareAllocation(context.getSystem(), settings.placement(), board));
      context.spawn(
          PlacementReporter.create(
              new PlacementReporter.Parts(
                  device, keeper, metrics, () -> loader.load().device(), settings.server(), board),
              settings.newsInterval()),
          "placement");
      started.complete(Done.getInstance());
      return new NodeGuardian(context, device, keeper, region, settings.handOverMax()).serving();
    });
  }

  /** A node without a device: reaches the variants of others, and has nothing to hand over. */
  static Behavior<Command> gateway(PlacementBoard board, CompletableFuture<Done> started) {
    return Behaviors.setup(context -> {
      context.spawn(PlacementReporter.listener(board), "placement");
      ClusterSharding.get(context.getSystem())
          .init(
              Entity.of(DELTAS, _ -> Behaviors.<DeltaEntity.Command>stopped())
                  .withRole(NodeSettings.EXECUTOR));
      started.complete(Done.getInstance());
      return stopped();
    });
  }

  private Behavior<Command> serving() {
    return Behaviors.receiveMessage(command ->
        switch (command) {
          case Drain(var replyTo) -> handOver(replyTo);
          case HandedOver(var waiting) -> {
            device.tell(new DeviceActor.Drain(waiting));
            yield Behaviors.same();
          }
          case Agree(var delta, var weight) -> {
            device.tell(new DeviceActor.Agree(delta, weight));
            yield Behaviors.same();
          }
          case Changed(var delta) -> {
            keeper.tell(new ReplicaKeeper.Refresh(delta));
            yield Behaviors.same();
          }
          case StopDevice(var replyTo) -> {
            device.tell(new DeviceActor.Stop());
            yield stopping(replyTo);
          }
          case DeviceEnded _ -> {
            context.getLog().error("the device failed; this node goes down");
            CoordinatedShutdown.get(context.getSystem()).runAll(DeviceFailed.INSTANCE);
            yield stopped();
          }
        });
  }

  /**
   * Requests from other nodes shall find their variants elsewhere while streams still end here,
   * which do not need their entities. A cluster that cannot decide now is not waited for; one that
   * has put this node out starts the variants elsewhere, so here they end at once.
   */
  private Behavior<Command> handOver(ActorRef<Done> waiting) {
    keeper.tell(new ReplicaKeeper.Close());
    var handedOver = new HandedOver(waiting);
    context.watchWith(region, handedOver);
    context.scheduleOnce(handOverMax, context.getSelf(), handedOver);
    Adapter.toClassic(region)
        .tell(
            putOut() ? PoisonPill.getInstance() : ShardRegion.gracefulShutdownInstance(),
            Adapter.toClassic(context.getSelf()));
    return Behaviors.same();
  }

  private boolean putOut() {
    return CoordinatedShutdown.get(context.getSystem())
        .getShutdownReason()
        .filter(CoordinatedShutdown.clusterDowningReason()::equals)
        .isPresent();
  }

  private Behavior<Command> stopping(ActorRef<Done> waiting) {
    return Behaviors.receiveMessage(command ->
        switch (command) {
          case DeviceEnded _ -> {
            waiting.tell(Done.getInstance());
            yield stopped();
          }
          case Drain(var replyTo) -> answer(replyTo);
          case HandedOver(var replyTo) -> answer(replyTo);
          case StopDevice(var replyTo) -> answer(replyTo);
          case Agree _, Changed _ -> Behaviors.same();
        });
  }

  private static Behavior<Command> stopped() {
    return Behaviors.receiveMessage(command ->
        switch (command) {
          case Drain(var replyTo) -> answer(replyTo);
          case HandedOver(var replyTo) -> answer(replyTo);
          case StopDevice(var replyTo) -> answer(replyTo);
          case DeviceEnded _, Agree _, Changed _ -> Behaviors.same();
        });
  }

  private static Behavior<Command> answer(ActorRef<Done> replyTo) {
    replyTo.tell(Done.getInstance());
    return Behaviors.same();
  }

  private static DeltaLoader loader(ActorSystem<?> system, Engine engine, NodeSettings settings) {
    return new DeltaLoader(
        engine.deltas(),
        system.dispatchers().lookup(DispatcherSelector.fromConfig(NodeSettings.LOADING_DISPATCHER)),
        MonotonicClock.SYSTEM,
        settings.residency());
  }

  /** Who waits for memory grows old without anything happening. */
  private static void pumpRegularly(ActorSystem<?> system, DeltaLoader loader) {
    system
        .scheduler()
        .scheduleWithFixedDelay(PUMPED, PUMPED, loader::pump, system.executionContext());
  }

  private static ReplicaKeeper.Parts replicas(
      ActorSystem<?> system,
      DeltaEntity.Parts entity,
      PlacementBoard board,
      NodeSettings settings) {
    return new ReplicaKeeper.Parts(
        entity,
        id -> home(system, id),
        board,
        address -> isUp(system, address),
        new ReplicaRules(settings.replicas()),
        MonotonicClock.SYSTEM,
        PlacementReporter.address(system),
        settings.newsAgeMax());
  }

  /** Where a variant's home is reached, on whatever node. */
  static RecipientRef<DeltaEntity.Command> home(ActorSystem<?> system, DeltaId id) {
    return ClusterSharding.get(system).entityRefFor(DELTAS, id.name());
  }

  /** Whether a member serves and is in reach. */
  static boolean isUp(ActorSystem<?> system, String address) {
    var state = Cluster.get(system).state();
    return StreamSupport.stream(state.getMembers().spliterator(), false)
        .anyMatch(member ->
            member.address().toString().equals(address)
                && member.status().equals(MemberStatus.up())
                && !state.unreachable().contains(member));
  }

  private static ActorRef<?> shardDeltas(
      ActorSystem<?> system,
      DeltaEntity.Parts parts,
      ActorRef<ReplicaKeeper.Command> keeper,
      LoadAwareAllocation allocation) {
    return ClusterSharding.get(system)
        .init(
            Entity.of(DELTAS, entity -> home(new DeltaId(entity.getEntityId()), parts, keeper))
                .withRole(NodeSettings.EXECUTOR)
                .withStopMessage(new DeltaEntity.Stop())
                .withAllocationStrategy(allocation)
                .withSettings(ClusterShardingSettings.create(system).withNoPassivationStrategy()));
  }

  private static Behavior<DeltaEntity.Command> home(
      DeltaId id, DeltaEntity.Parts parts, ActorRef<ReplicaKeeper.Command> keeper) {
    return Behaviors.setup(context -> {
      keeper.tell(new ReplicaKeeper.HomeHere(id, context.getSelf()));
      return DeltaEntity.create(id, parts);
    });
  }
}
