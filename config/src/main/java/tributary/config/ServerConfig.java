package tributary.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
    Scheduling scheduling,
    Streaming streaming,
    Cluster cluster,
    Security security,
    Recording recording,
    Telemetry telemetry) {
  /** Settings without telemetry. */
  public ServerConfig(
      Base base,
      List<Model> models,
      Http http,
      Device device,
      Deltas deltas,
      Scheduling scheduling,
      Streaming streaming,
      Cluster cluster,
      Security security,
      Recording recording) {
    this(
        base,
        models,
        http,
        device,
        deltas,
        scheduling,
        streaming,
        cluster,
        security,
        recording,
        Telemetry.NONE);
  }

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
   * @param http2 whether clients may also speak HTTP/2, without TLS
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
      int sendBufferBytes,
      boolean http2) {
    /** A front door for HTTP/1.1 only. */
    public Http(
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
        int sendBufferBytes) {
      this(
          host,
          port,
          bodyMax,
          connectionsMax,
          heartbeat,
          requestDeadline,
          drainMax,
          choicesMax,
          promptsMax,
          stopStringsMax,
          sendBufferBytes,
          false);
    }
  }

  /**
   * One device: its backend, its KV pool and the limits of its scheduler.
   *
   * @param threads at least 1: the setting's 0 reads as the number of processors
   * @param warmUp how long it computes on nothing before its node is ready
   */
  public record Device(
      Backend backend,
      int threads,
      Bytes kvMemory,
      int pageTokens,
      int tokensPerStep,
      int runningMax,
      int waitingMax,
      Duration warmUp) {
    /** Which backend computes; {@code AUTO} takes the fastest that works here. */
    public enum Backend {
      AUTO,
      CUDA,
      CPU,
      SCALAR,
      VECTOR
    }
  }

  /**
   * The life of a delta on a node.
   *
   * @param idleUnload how long a delta stays loaded without a request
   * @param waitingPerDeltaMax requests that wait for one delta to load
   * @param memory of all loaded deltas
   * @param ageMax how long a delta waits for memory until one in use makes room
   * @param store directory of what is registered at run time
   */
  public record Deltas(
      Duration loadTimeout,
      Duration idleUnload,
      int loadsConcurrent,
      int waitingPerDeltaMax,
      Bytes memory,
      Bytes warmMemory,
      Duration ageMax,
      Optional<Path> store,
      Duration storeRefresh,
      Bytes storeMax,
      Duration storeGrace) {}

  /**
   * Who computes next.
   *
   * @param gapTokens by which a tenant may be ahead of one that waits
   * @param ageMax after which nobody is passed
   * @param deltasMax different deltas among the running sequences
   */
  public record Scheduling(
      Policy policy, int gapTokens, Duration ageMax, int deltasMax, boolean prefixCache) {
    /** Who is let in next, and who gives way. */
    public enum Policy {
      FIRST_COME,
      LINE_SKIPPING,
      FAIR
    }
  }

  /**
   * The token path.
   *
   * @param windowTokens tokens that a sequence may be ahead of its reader
   * @param slowReaderMax how long a sequence may stay parked
   */
  public record Streaming(int windowTokens, Duration slowReaderMax) {}

  /**
   * What is written down of the node's work, for the simulator.
   *
   * @param trace file for arrivals and lengths of requests
   * @param steps file for everything that the scheduler is told and plans
   * @param sizeMax of each file
   */
  public record Recording(Optional<Path> trace, Optional<Path> steps, Bytes sizeMax) {
    public static final Recording NONE =
        new Recording(Optional.empty(), Optional.empty(), Bytes.ZERO);
  }

  /**
   * Who may ask, and where what they used is written down.
   *
   * @param keys none: whoever reaches the server may ask for everything
   */
  public record Security(List<Key> keys, Ledger ledger) {
    public static final Security NONE = new Security(List.of(), new Ledger("", "", "", 10_000));

    /** What a key may be used for. */
    public enum Scope {
      USE,
      ADMIN
    }

    /**
     * An API key; the key itself is nowhere.
     *
     * @param id as logs and the ledger call it
     * @param hash SHA-256 of the key, 64 hexadecimal digits
     * @param models that it may use; absent: all
     */
    public record Key(
        String id, String hash, Set<Scope> scopes, Optional<Set<DeltaId>> models, Quota quota) {}

    /** What may be used in a time; 0 is no limit. */
    public record Quota(int requestsPerMinute, int tokensPerMinute, long tokensPerDay) {
      public static final Quota UNLIMITED = new Quota(0, 0, 0);
    }

    /**
     * A database.
     *
     * @param url JDBC; empty: an embedded one when there are keys, else none
     * @param queueMax entries that wait to be written
     */
    public record Ledger(String url, String user, String password, int queueMax) {}
  }

  /**
   * What becomes of traces.
   *
   * @param otlpEndpoint of a collector, to which spans go as OTLP over HTTP; absent: no spans
   * @param tracedPercent of the requests leave spans
   */
  public record Telemetry(Optional<String> otlpEndpoint, int tracedPercent) {
    public static final Telemetry NONE = new Telemetry(Optional.empty(), 100);
  }

  /**
   * The other nodes.
   *
   * @param role what this node does beside them
   * @param port 0 takes any free one
   * @param seedNodes each as {@code host:port}; none: a cluster of one
   */
  public record Cluster(
      Role role,
      String host,
      int port,
      List<String> seedNodes,
      int shards,
      Replicas replicas,
      Bootstrap bootstrap,
      Optional<Tls> tls) {}

  /**
   * When a variant is served by several executors.
   *
   * @param executorsMax of one variant; 1: there are no replicas
   * @param growTokens that wait on each of them for {@code growAfter}: one more serves it
   * @param shrinkPercent of these that would wait on each with one fewer for {@code shrinkAfter}:
   *     one gives it up
   */
  public record Replicas(
      int executorsMax,
      int growTokens,
      Duration growAfter,
      int shrinkPercent,
      Duration shrinkAfter) {}

  /** What a node is there for. */
  public enum Role {
    /** Both of the others. */
    ALL,
    /** Takes requests and passes them on; has no weights and computes nothing. */
    GATEWAY,
    /** Has the base, and the variants live on it. */
    EXECUTOR
  }

  /**
   * How nodes without seed nodes find each other.
   *
   * @param service name under which the nodes are found
   * @param contactPoints nodes that must have found each other before they form a new cluster
   * @param managementPort where the nodes ask each other for their state
   */
  public record Bootstrap(
      BootstrapMethod method, String service, int contactPoints, int managementPort) {}

  /** Who is asked for the addresses of the other nodes. */
  public enum BootstrapMethod {
    /** Nobody: seed nodes are given, or the node is a cluster of its own. */
    NONE,
    /** The API of Kubernetes. */
    KUBERNETES,
    /** DNS: a service's A or SRV records. */
    DNS,
    /** The section {@code akka.discovery.config} of the configuration. */
    CONFIG
  }

  /** Encryption between nodes, both sides with certificates of one authority; PEM files. */
  public record Tls(Path key, Path certificate, Path authority) {}
}
