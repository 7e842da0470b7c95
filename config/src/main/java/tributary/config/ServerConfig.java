package tributary.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;

/** Everything that a serving node is told; defaults and the meaning of keys: {@code reference.conf}. */
public record ServerConfig(
    Base base,
    List<Model> models,
    Http http,
    Device device,
    Deltas deltas,
    Streaming streaming,
    Cluster cluster) {
  /** The shared base. Served under {@code name} too when {@code served}. */
  public record Base(DeltaId name, Path path, boolean served) {}

  /**
   * A variant. Tokenizer and chat template are the base's unless given.
   *
   * @param tokenizer directory with a {@code tokenizer.json}
   * @param chatTemplate Jinja file
   */
  public record Model(
      DeltaId name, Path delta, Optional<Path> tokenizer, Optional<Path> chatTemplate) {}

  public record Http(
      String host,
      int port,
      Bytes bodyMax,
      int connectionsMax,
      Duration heartbeat,
      Duration requestDeadline,
      Duration drainMax,
      int choicesMax,
      int promptsMax,
      int stopStringsMax,
      int sendBufferBytes) {}

  /** One device: its backend, its KV pool and the limits of its scheduler. */
  public record Device(
      Backend backend,
      int threads,
      Bytes kvMemory,
      int pageTokens,
      int tokensPerStep,
      int runningMax,
      int waitingMax) {
    /** Which backend computes; {@code AUTO} takes the fastest that works here. */
    public enum Backend {
      AUTO,
      SCALAR,
      VECTOR
    }
  }

  /** The life of a delta on a node. */
  public record Deltas(
      Duration loadTimeout, Duration idleUnload, int loadsConcurrent, int waitingPerDeltaMax) {}

  /** The token path. {@code slowReaderMax}: how long a sequence may stay parked. */
  public record Streaming(int windowTokens, Duration slowReaderMax) {}

  /** Empty {@code seedNodes}: a cluster of one. */
  public record Cluster(String host, int port, List<String> seedNodes, int shards) {}
}
