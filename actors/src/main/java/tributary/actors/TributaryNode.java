package tributary.actors;

import akka.Done;
import akka.actor.typed.ActorSystem;
import com.typesafe.config.Config;
import java.util.concurrent.CompletionStage;
import tributary.config.ServerConfig;

/**
 * One running member of the cluster: its actor system, its base model, its device and the variants
 * that live on it.
 *
 * <p>It ends by Akka's coordinated shutdown, in this order: in {@code service-unbind} it stops being
 * ready and refuses new requests; in {@code service-requests-done} running streams may end, for at
 * most {@code http.drain-max}; in {@code service-stop} the device stops and fails what is left; then
 * the node leaves the cluster and frees its memory. A front end adds its own tasks to the same
 * phases of {@code CoordinatedShutdown.get(node.system())}.
 */
public final class TributaryNode implements AutoCloseable {
  private TributaryNode() {}

  /**
   * Loads the base, starts the actor system and begins to join the cluster. Blocks for the load;
   * does not wait for the cluster: see {@link #whenReady()}.
   *
   * @param settings the user's own file, for its {@code akka} section; may be empty
   * @throws tributary.protocol.TributaryException when a file or a setting is bad, or the cluster's
   *     port is taken
   */
  public static TributaryNode start(ServerConfig config, Config settings) {
    throw new UnsupportedOperationException();
  }

  public ActorSystem<?> system() {
    throw new UnsupportedOperationException();
  }

  public Generation generation() {
    throw new UnsupportedOperationException();
  }

  public Catalogue models() {
    throw new UnsupportedOperationException();
  }

  /** Ready: a member of the cluster that is up, with its base loaded, and not shutting down. */
  public Readiness readiness() {
    throw new UnsupportedOperationException();
  }

  /** Gauges and counters for metrics; cheap, any thread. */
  public NodeLoad load() {
    throw new UnsupportedOperationException();
  }

  /** Completes when the node is a member of the cluster that is up; fails if it never will be. */
  public CompletionStage<Done> whenReady() {
    throw new UnsupportedOperationException();
  }

  /** Runs the coordinated shutdown; completes when all is freed. */
  public CompletionStage<Done> terminate() {
    throw new UnsupportedOperationException();
  }

  /** Completes when the node has ended, for whatever reason. */
  public CompletionStage<Done> whenTerminated() {
    throw new UnsupportedOperationException();
  }

  /** {@link #terminate()}, waiting for it. */
  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
