package tributary.actors;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.sharding.typed.ClusterShardingSettings;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
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

  /** Let running sequences end and take no new ones; answered when none is left. */
  record Drain(ActorRef<Done> replyTo) implements Command {}

  /** Stop the device; answered when it has come to rest. */
  record StopDevice(ActorRef<Done> replyTo) implements Command {}

  private record DeviceEnded() implements Command {}

  /** Why a node went down whose device failed. */
  private enum DeviceFailed implements CoordinatedShutdown.Reason {
    INSTANCE
  }

  private final ActorContext<Command> context;
  private final ActorRef<DeviceActor.Command> device;

  private NodeGuardian(ActorContext<Command> context, ActorRef<DeviceActor.Command> device) {
    this.context = context;
    this.device = device;
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
      shardDeltas(
          context.getSystem(), new DeltaEntity.Parts(device, loader, metrics, settings.entity()));
      started.complete(Done.getInstance());
      return new NodeGuardian(context, device).serving();
    });
  }

  private Behavior<Command> serving() {
    return Behaviors.receiveMessage(command ->
        switch (command) {
          case Drain(var replyTo) -> {
            device.tell(new DeviceActor.Drain(replyTo));
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

  private Behavior<Command> stopping(ActorRef<Done> waiting) {
    return Behaviors.receiveMessage(command ->
        switch (command) {
          case DeviceEnded _ -> {
            waiting.tell(Done.getInstance());
            yield stopped();
          }
          case Drain(var replyTo) -> answer(replyTo);
          case StopDevice(var replyTo) -> answer(replyTo);
        });
  }

  private Behavior<Command> stopped() {
    return Behaviors.receiveMessage(command ->
        switch (command) {
          case Drain(var replyTo) -> answer(replyTo);
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

  private static void shardDeltas(ActorSystem<?> system, DeltaEntity.Parts parts) {
    ClusterSharding.get(system)
        .init(
            Entity.of(
                    DELTAS, entity -> DeltaEntity.create(new DeltaId(entity.getEntityId()), parts))
                .withStopMessage(new DeltaEntity.Stop())
                .withSettings(ClusterShardingSettings.create(system).withNoPassivationStrategy()));
  }
}
