package tributary.cli.gateway;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * A client with many streams on one thread: asks for answers, one after the other on each
 * connection, and counts what comes.
 */
public final class GatewayLoad implements AutoCloseable {
  /**
   * What is asked for.
   *
   * @param answerTokens of each measured answer
   * @param offeredTokensPerSecond that the device emits; 0: as many as are taken
   */
  public record Settings(
      String model,
      int streams,
      int answerTokens,
      int warmUpSeconds,
      int seconds,
      double offeredTokensPerSecond) {}

  private static final int COLLECTIONS = 3;
  private static final int READ_BYTES = 256 * 1024;
  private static final long SILENCE_MAX_MILLIS = TimeUnit.SECONDS.toMillis(30);

  /**
   * In the first half of the warm-up answers are shorter by this, for their starts need it, too.
   */
  private static final int SHORTER = 8;

  /** An answer's events behind its tokens: the reason for its end. */
  private static final int FURTHER_EVENTS = 1;

  private final Settings settings;
  private final EmissionTimes times;
  private final Selector selector;
  private final List<Connection> connections = new ArrayList<>();
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES);
  private final byte[] bytes = new byte[READ_BYTES];
  private final Spans latency = new Spans();
  private long tokens;
  private long answers;
  private long now;
  private boolean startsWarm;

  private GatewayLoad(Settings settings, EmissionTimes times, Selector selector) {
    this.settings = settings;
    this.times = times;
    this.selector = selector;
  }

  /** Opens all streams. */
  public static GatewayLoad connect(
      InetSocketAddress server, Settings settings, EmissionTimes times) throws IOException {
    var load = new GatewayLoad(settings, times, Selector.open());
    try {
      for (int stream = 0; stream < settings.streams(); stream++) {
        load.connections.add(load.new Connection(stream, server));
      }
      return load;
    } catch (IOException | RuntimeException e) {
      load.close();
      throw e;
    }
  }

  /** Warms up, then measures; both with all streams at work. */
  public GatewayFigures run() throws IOException {
    for (Connection connection : connections) {
      connection.ask();
    }
    long halfWarmUp = TimeUnit.SECONDS.toNanos(settings.warmUpSeconds()) / 2;
    readFor(halfWarmUp);
    startsWarm = true;
    readFor(halfWarmUp);
    double heapBefore = liveMib();
    readFor(TimeUnit.SECONDS.toNanos(1)); // What piled up meanwhile is not the gateway's doing.
    var cpu = Cpu.now();
    latency.clear();
    tokens = 0;
    answers = 0;
    long begun = System.nanoTime();
    readFor(TimeUnit.SECONDS.toNanos(settings.seconds()));
    double seconds = (System.nanoTime() - begun) / 1e9;
    var spent = Cpu.now().since(cpu);
    long counted = tokens;
    return new GatewayFigures(
        settings.streams(),
        seconds,
        counted,
        counted / seconds,
        settings.offeredTokensPerSecond(),
        new GatewayFigures.Latency(
            latency.milliseconds(0.5),
            latency.milliseconds(0.9),
            latency.milliseconds(0.99),
            latency.milliseconds(1)),
        spent.others() / 1e3 / counted,
        spent.client() / 1e3 / counted,
        answers,
        new GatewayFigures.Heap(heapBefore, liveMib()));
  }

  private void readFor(long nanos) throws IOException {
    long until = System.nanoTime() + nanos;
    while (System.nanoTime() < until) {
      if (selector.select(SILENCE_MAX_MILLIS) == 0) {
        throw new IllegalStateException(
            "no byte came for %d s; the first stream: %s"
                .formatted(SILENCE_MAX_MILLIS / 1000, connections.getFirst().reader));
      }
      for (SelectionKey key : selector.selectedKeys()) {
        ((Connection) key.attachment()).read();
      }
      selector.selectedKeys().clear();
    }
  }

  /** The least of several, because what is allocated while a collector works counts as alive. */
  private static double liveMib() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < COLLECTIONS; i++) {
      System.gc();
      long used =
          ManagementFactory.getMemoryPoolMXBeans().stream()
              .filter(pool -> pool.getType() == MemoryType.HEAP)
              .map(MemoryPoolMXBean::getCollectionUsage)
              .filter(Objects::nonNull)
              .mapToLong(MemoryUsage::getUsed)
              .sum();
      least = Math.min(least, used);
    }
    return least / (double) (1 << 20);
  }

  @Override
  public void close() throws IOException {
    for (Connection connection : connections) {
      connection.channel.close();
    }
    selector.close();
  }

  /** Processor time so far, in nanoseconds. */
  private record Cpu(long client, long others) {
    static Cpu now() {
      long client = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
      var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
      return new Cpu(client, system.getProcessCpuTime() - client);
    }

    Cpu since(Cpu earlier) {
      return new Cpu(client - earlier.client, others - earlier.others);
    }
  }

  /** One stream. */
  private final class Connection implements StreamReader.Listener {
    private final int stream;
    private final SocketChannel channel;
    private final StreamReader reader = new StreamReader();
    private int asked;
    private boolean spread;

    Connection(int stream, InetSocketAddress server) throws IOException {
      this.stream = stream;
      this.channel = SocketChannel.open(server);
      channel.configureBlocking(false);
      channel.register(selector, SelectionKey.OP_READ, this);
      this.asked = nextLength();
    }

    /** Streams begin to ask for whole answers one after the other, so that not all end at once. */
    private int nextLength() {
      int whole = startsWarm ? settings.answerTokens() : settings.answerTokens() / SHORTER;
      int next = spread ? whole : (int) ((long) whole * (stream + 1) / settings.streams());
      spread = startsWarm;
      return Math.max(1, next);
    }

    void ask() throws IOException {
      String body =
          """
          {"model":"%s","stream":true,"ignore_eos":true,"max_tokens":%d,"seed":%d,\
          "prompt":"Tell me a long story."}\
          """
              .formatted(settings.model(), asked, stream);
      String request =
          """
          POST /v1/completions HTTP/1.1\r
          Host: gateway\r
          Content-Type: application/json\r
          Content-Length: %d\r
          \r
          %s\
          """
              .formatted(body.length(), body);
      ByteBuffer out = ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII));
      while (out.hasRemaining()) {
        channel.write(out); // Far less than any socket's buffer.
      }
    }

    void read() throws IOException {
      buffer.clear();
      int count = channel.read(buffer);
      if (count < 0) {
        throw new IllegalStateException(
            "the server closed stream %d: %s".formatted(stream, reader));
      }
      now = System.nanoTime();
      buffer.flip();
      buffer.get(bytes, 0, count);
      reader.read(bytes, count, this);
    }

    @Override
    public void event(int token) {
      if (token < asked) {
        latency.add(now - times.of(stream, token));
        tokens++;
      }
    }

    @Override
    public void answerEnded(int events) {
      if (events != asked + FURTHER_EVENTS) {
        throw new IllegalStateException(
            "stream %d: %d tokens were asked for, %d events came".formatted(stream, asked, events));
      }
      answers++;
      asked = nextLength();
      try {
        ask();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
