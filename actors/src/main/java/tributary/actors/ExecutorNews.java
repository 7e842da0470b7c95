package tributary.actors;

import akka.actor.typed.ActorRef;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.protocol.DeltaId;
import tributary.scheduling.placement.ExecutorReport;

/**
 * What an executor tells all nodes of itself, again and again.
 *
 * @param address of its member of the cluster
 * @param hosting null when it has no replicas and takes none, being of an older build
 */
record ExecutorNews(String address, ExecutorReport report, @Nullable Hosting hosting)
    implements WireMessage {
  /**
   * What it has of variants that several executors serve, or may soon.
   *
   * @param keeper whom to ask for a replica
   */
  record Hosting(ActorRef<ReplicaKeeper.Command> keeper, List<Copy> copies) {
    Hosting {
      copies = List.copyOf(copies);
    }
  }

  /**
   * A variant on an executor.
   *
   * @param version that it is served at there; empty while it is on its way
   * @param waiting tokens that its sequences wait for there
   * @param replica who takes requests for it there; null where its home is
   */
  record Copy(
      DeltaId variant,
      String version,
      long waiting,
      @Nullable ActorRef<DeltaEntity.Command> replica) {
    boolean isHome() {
      return replica == null;
    }
  }

  ExecutorNews(String address, ExecutorReport report) {
    this(address, report, null);
  }

  List<Copy> copies() {
    return hosting == null ? List.of() : hosting.copies();
  }
}
