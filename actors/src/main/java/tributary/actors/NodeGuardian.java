package tributary.actors;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.PoisonPill;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.sharding.ShardRegion;
import akka.cluster.sharding.typed.ClusterShardingSettings;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import tributary.protocol.DeltaId;
import tributary.scheduling.Scheduler;

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

  private record HandedOver(ActorRef<Done> waiting) implements Command {}

  private record DeviceEnded() implements Command {}

  /** Why a node went down whose device failed. */
  private enum DeviceFailed implements CoordinatedShutdown.Reason {
    INSTANCE
  }

  private final ActorContext<Command> context;
  private final ActorRef<DeviceActor.Command> device;
  private final ActorRef<?> region;
  private final Duration handOverMax;

  private NodeGuardian(
      ActorContext<Command> context,
      ActorRef<DeviceActor.Command> device,
      ActorRef<?> region,
      Duration handOverMax) {
    this.context = context;
    this.device = device;
    this.region = region;
    this.handOverMax = handOverMax;
  }

  /** What the node works with. */
  record Parts(Engine engine, NodeMetrics metrics, Recording recording) {
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
      var board = new PlacementBoard(settings.newsAgeMax(), MonotonicClock.SYSTEM);
      var region =
          shardDeltas(
              context.getSystem(),
              parts,
              new LoadAwareAllocation(context.getSystem(), settings.placement(), board));
      context.spawn(
          PlacementReporter.create(
              new PlacementReporter.Parts(
                  device, metrics, () -> loader.load().device(), settings.server(), board),
              settings.newsInterval()),
          "placement");
      started.complete(Done.getInstance());
      return new NodeGuardian(context, device, region, settings.handOverMax()).serving();
    });
  }

  /** A node without a device: reaches the variants of others, and has nothing to hand over. */
  static Behavior<Command> gateway(CompletableFuture<Done> started) {
    return Behaviors.setup(context -> {
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
          case Agree _ -> Behaviors.same();
        });
  }

  private static Behavior<Command> stopped() {
    return Behaviors.receiveMessage(command ->
        switch (command) {
          case Drain(var replyTo) -> answer(replyTo);
          case HandedOver(var replyTo) -> answer(replyTo);
          case StopDevice(var replyTo) -> answer(replyTo);
          case DeviceEnded _, Agree _ -> Behaviors.same();
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

  private static ActorRef<?> shardDeltas(
      ActorSystem<?> system, DeltaEntity.Parts parts, LoadAwareAllocation allocation) {
    return ClusterSharding.get(system)
        .init(
            Entity.of(
                    DELTAS, entity -> DeltaEntity.create(new DeltaId(entity.getEntityId()), parts))
                .withRole(NodeSettings.EXECUTOR)
                .withStopMessage(new DeltaEntity.Stop())
                .withAllocationStrategy(allocation)
                .withSettings(ClusterShardingSettings.create(system).withNoPassivationStrategy()));
  }
}
