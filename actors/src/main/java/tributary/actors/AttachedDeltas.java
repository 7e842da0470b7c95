package tributary.actors;

import akka.actor.typed.ActorRef;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Nanos;

/**
 * Counts the sequences that use each loading, so that its memory is freed when its owner has let go
 * and the last sequence has ended, and never before. Confined to the device actor.
 */
final class AttachedDeltas {
  private static final class Attachment {
    final ActorRef<DeltaEntity.Command> owner;
    int uses;
    long submits;
    @Nullable Nanos firstSubmit;
    boolean hasToken;
    boolean released;

    Attachment(ActorRef<DeltaEntity.Command> owner) {
      this.owner = owner;
    }
  }

  private final Map<LoadedDelta, Attachment> attachments = new HashMap<>();
  private final DeltaLoader loader;
  private final Consumer<LoadedDelta> freed;

  /**
   * @param freed is told of each loading that no sequence will use any more
   */
  AttachedDeltas(DeltaLoader loader, Consumer<LoadedDelta> freed) {
    this.loader = loader;
    this.freed = freed;
  }

  boolean holds(LoadedDelta delta) {
    return attachments.containsKey(delta);
  }

  void attach(LoadedDelta delta, ActorRef<DeltaEntity.Command> owner) {
    attachments.put(delta, new Attachment(owner));
  }

  /** A sequence was submitted; {@link #ended} must follow, at once if it was refused. */
  void submitted(LoadedDelta delta, Nanos now) {
    Attachment attachment = of(delta);
    if (attachment.firstSubmit == null) {
      attachment.firstSubmit = now;
    }
    if (attachment.uses++ == 0) {
      loader.used(delta, true);
    }
    attachment.submits++;
  }

  /** A token was drawn; tells how long the first one of a loading took, for that one only. */
  Optional<Nanos> firstToken(LoadedDelta delta, Nanos now) {
    Attachment attachment = of(delta);
    if (attachment.hasToken || attachment.firstSubmit == null) {
      return Optional.empty();
    }
    attachment.hasToken = true;
    return Optional.of(now.minus(attachment.firstSubmit));
  }

  void ended(LoadedDelta delta) {
    Attachment attachment = of(delta);
    attachment.uses--;
    if (attachment.uses > 0) {
      return;
    }
    loader.used(delta, false);
    if (attachment.released) {
      free(delta, attachment);
    } else {
      attachment.owner.tell(new DeltaEntity.Unused(delta, attachment.submits));
    }
  }

  /** The owner lets go. Running sequences keep the loading until they end. */
  void released(LoadedDelta delta) {
    Attachment attachment = attachments.get(delta);
    if (attachment == null || attachment.released) {
      return; // An owner that lets go and then ends says so twice.
    }
    attachment.released = true;
    if (attachment.uses == 0) {
      free(delta, attachment);
    }
  }

  /** Whoever fails lets go of all. */
  void ownerGone(ActorRef<DeltaEntity.Command> owner) {
    for (LoadedDelta delta : Set.copyOf(attachments.keySet())) {
      if (of(delta).owner.equals(owner)) {
        released(delta);
      }
    }
  }

  /** Frees all; no sequence may run any more. */
  void clear() {
    Set.copyOf(attachments.keySet()).forEach(delta -> free(delta, of(delta)));
  }

  private void free(LoadedDelta delta, Attachment attachment) {
    attachments.remove(delta);
    freed.accept(delta);
    var _ =
        loader.unload(delta).thenRun(() -> attachment.owner.tell(new DeltaEntity.Released(delta)));
  }

  private Attachment of(LoadedDelta delta) {
    Attachment attachment = attachments.get(delta);
    if (attachment == null) {
      throw new AssertionError("variant %s is used without being attached".formatted(delta.id()));
    }
    return attachment;
  }
}
