package tributary.actors;

import akka.Done;
import akka.actor.CoordinatedShutdown;
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

  sealed interface Command {}

  /**
   * Hand the variants over to other nodes, then let running sequences end here and take no new
   * ones; answered when none is left.
   */
  record Drain(ActorRef<Done> replyTo) implements Command {}

  /** Stop the device; answered when it has come to rest. */
  record StopDevice(ActorRef<Done> replyTo) implements Command {}

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

  /**
   * @param started is completed when requests can be sent to variants
   */
  static Behavior<Command> create(
      Engine engine, NodeMetrics metrics, NodeSettings settings, CompletableFuture<Done> started) {
    return Behaviors.setup(context -> {
      var loader = loader(context.getSystem(), engine);
      var device =
          context.spawn(
              DeviceActor.create(
                  new DeviceActor.Parts(
                      new Scheduler(engine.limits()),
                      engine,
                      loader,
                      metrics,
                      MonotonicClock.SYSTEM)),
              "device",
              DispatcherSelector.fromConfig(NodeSettings.DEVICE_DISPATCHER));
      context.watchWith(device, new DeviceEnded());
      var parts = new DeltaEntity.Parts(device, loader, metrics, settings.entity());
      var region = shardDeltas(context.getSystem(), parts);
      started.complete(Done.getInstance());
      return new NodeGuardian(context, device, region, settings.handOverMax()).serving();
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
   * which do not need their entities. A cluster that cannot decide now is not waited for.
   */
  private Behavior<Command> handOver(ActorRef<Done> waiting) {
    var handedOver = new HandedOver(waiting);
    context.watchWith(region, handedOver);
    context.scheduleOnce(handOverMax, context.getSelf(), handedOver);
    Adapter.toClassic(region)
        .tell(ShardRegion.gracefulShutdownInstance(), Adapter.toClassic(context.getSelf()));
    return Behaviors.same();
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
        });
  }

  private Behavior<Command> stopped() {
    return Behaviors.receiveMessage(command ->
        switch (command) {
          case Drain(var replyTo) -> answer(replyTo);
          case HandedOver(var replyTo) -> answer(replyTo);
          case StopDevice(var replyTo) -> answer(replyTo);
          case DeviceEnded _ -> Behaviors.same();
        });
  }

  private static Behavior<Command> answer(ActorRef<Done> replyTo) {
    replyTo.tell(Done.getInstance());
    return Behaviors.same();
  }

  private static DeltaLoader loader(ActorSystem<?> system, Engine engine) {
    return new DeltaLoader(
        engine.deltas(),
        system
            .dispatchers()
            .lookup(DispatcherSelector.fromConfig(NodeSettings.LOADING_DISPATCHER)));
  }

  private static ActorRef<?> shardDeltas(ActorSystem<?> system, DeltaEntity.Parts parts) {
    return ClusterSharding.get(system)
        .init(
            Entity.of(
                    DELTAS, entity -> DeltaEntity.create(new DeltaId(entity.getEntityId()), parts))
                .withStopMessage(new DeltaEntity.Stop())
                .withSettings(ClusterShardingSettings.create(system).withNoPassivationStrategy()));
  }
}
