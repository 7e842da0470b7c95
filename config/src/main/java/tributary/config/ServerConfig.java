package tributary.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;

/**
 * Everything that a serving node is told; defaults and the meaning of keys: {@code reference.conf}.
 */
public record ServerConfig(
    Base base,
    List<Model> models,
    Http http,
    Device device,
    Deltas deltas,
    Streaming streaming,
    Cluster cluster) {
  /**
   * Reads a file over the defaults; the environment wins over both. Whatever is wrong with it, or
   * with files that it names, is told in one exception.
   */
  public static Loaded load(Path file) {
    return Loaded.read(file, System.getenv());
  }

  /** Reads a text as if it were a file in the current directory. */
  public static Loaded parse(String text) {
    return Loaded.read(text, System.getenv());
  }

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

  /**
   * The front door.
   *
   * @param port 0 takes any free one
   * @param heartbeat how often a silent stream carries a comment
   * @param requestDeadline from a request's arrival to its last token
   * @param drainMax how long a shutdown waits for streams to end by themselves
   * @param choicesMax answers of one request ({@code n})
   * @param promptsMax prompts of one completion request
   */
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

  /**
   * One device: its backend, its KV pool and the limits of its scheduler.
   *
   * @param threads at least 1: the setting's 0 reads as the number of processors
   */
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

  /**
   * The life of a delta on a node.
   *
   * @param idleUnload how long a delta stays loaded without a request
   * @param waitingPerDeltaMax requests that wait for one delta to load
   */
  public record Deltas(
      Duration loadTimeout, Duration idleUnload, int loadsConcurrent, int waitingPerDeltaMax) {}

  /**
   * The token path.
   *
   * @param windowTokens tokens that a sequence may be ahead of its reader
   * @param slowReaderMax how long a sequence may stay parked
   */
  public record Streaming(int windowTokens, Duration slowReaderMax) {}

  /**
   * The other nodes.
   *
   * @param port 0 takes any free one
   * @param seedNodes each as {@code host:port}; none: a cluster of one
   */
  public record Cluster(String host, int port, List<String> seedNodes, int shards) {}
}
