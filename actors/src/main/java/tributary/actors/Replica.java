package tributary.actors;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.RecipientRef;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import java.time.Duration;
import tributary.protocol.DeltaId;

/**
 * Where requests for a replica come to. Its entity takes them; when that has ended, they go on to
 * the variant's home for as long as nodes may not have heard that the replica is gone. Answers
 * under way are the device's, and end there.
 */
final class Replica {
  /**
   * What a replica needs.
   *
   * @param home of its variant
   * @param linger without a request, after which nobody sends any more
   */
  record Parts(
      DeltaEntity.Parts entity,
      RecipientRef<DeltaEntity.Command> home,
      ActorRef<ReplicaKeeper.Command> keeper,
      Duration linger) {}

  private final ActorContext<DeltaEntity.Command> context;
  private final DeltaId variant;
  private final Parts parts;

  private Replica(ActorContext<DeltaEntity.Command> context, DeltaId variant, Parts parts) {
    this.context = context;
    this.variant = variant;
    this.parts = parts;
  }

  static Behavior<DeltaEntity.Command> create(DeltaId variant, Parts parts) {
    return Behaviors.setup(context -> new Replica(context, variant, parts).serving());
  }

  private Behavior<DeltaEntity.Command> serving() {
    var entity = context.spawn(DeltaEntity.replica(variant, parts.entity()), "entity");
    context.watch(entity);
    return Behaviors.receive(DeltaEntity.Command.class)
        .onMessage(
            DeltaEntity.Stop.class,
            stop -> {
              entity.tell(stop);
              return leaving();
            })
        .onAnyMessage(command -> {
          entity.tell(command);
          return Behaviors.same();
        })
        .onSignal(Terminated.class, _ -> leaving())
        .build();
  }

  private Behavior<DeltaEntity.Command> leaving() {
    parts.keeper().tell(new ReplicaKeeper.Left(variant, context.getSelf()));
    context.setReceiveTimeout(parts.linger(), new DeltaEntity.Stop());
    return Behaviors.receive(DeltaEntity.Command.class)
        .onMessage(DeltaEntity.Generate.class, this::toHome)
        .onMessage(DeltaEntity.Cancel.class, this::toHome)
        .onMessage(DeltaEntity.Stop.class, _ -> Behaviors.stopped())
        .onAnyMessage(_ -> Behaviors.same())
        .onSignal(Terminated.class, _ -> Behaviors.same())
        .build();
  }

  private Behavior<DeltaEntity.Command> toHome(DeltaEntity.Command command) {
    parts.home().tell(command);
    return Behaviors.same();
  }
}
